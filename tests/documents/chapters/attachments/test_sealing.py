"""Properties of sealed files: what opens, and that nothing else does."""

from __future__ import annotations

import pytest
from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st

from documents.chapters.attachments.sealing import CHUNK_BYTES, SEALED_CHUNK_BYTES, FileSealer, chunk_count, sealed_size
from documents.encryption.ciphertext import CIPHERTEXT_OFFSET, DataKey, FieldContext, decrypt_value
from documents.errors import DecryptionError

CUSTOMER = ObjectId("665f0c2ab1d2e3f405162738")
KEY = DataKey.of(CUSTOMER, b"key id 1", bytes(range(32)))
FILE = ObjectId("775f0c2ab1d2e3f405162738")
SEALER = FileSealer(KEY, FILE)
PLAINTEXT = bytes(range(256))
SEALED = SEALER.seal(3, PLAINTEXT, last=True)


def refused(sealer: FileSealer, index: int, sealed: object, *, last: bool = True) -> str:
    with pytest.raises(DecryptionError) as caught:
        sealer.open(index, sealed, last=last)  # type: ignore[arg-type]  # the database holds what it holds
    assert caught.value.__cause__ is None
    return str(caught.value)


class TestRoundTrip:
    """What was sealed opens at its place."""

    @given(st.binary(max_size=300), st.integers(0, 2**32 - 1))
    def test_a_last_chunk_of_any_length_comes_back(self, plaintext: bytes, index: int) -> None:
        """At any index."""
        assert SEALER.open(index, SEALER.seal(index, plaintext, last=True), last=True) == plaintext

    def test_a_full_chunk_takes_exactly_one_chunk_of_gridfs(self) -> None:
        """So that the stored file is one that every GridFS driver reads."""
        sealed = SEALER.seal(0, bytes(CHUNK_BYTES), last=False)
        assert len(sealed) == SEALED_CHUNK_BYTES == 261_120
        assert SEALER.open(0, sealed, last=False) == bytes(CHUNK_BYTES)

    @given(st.integers(0, 5 * CHUNK_BYTES))
    def test_sizes_add_up(self, size: int) -> None:
        """Chunks and their overhead."""
        count = chunk_count(size)
        assert count >= 1
        assert (count - 1) * CHUNK_BYTES <= size <= count * CHUNK_BYTES
        assert sealed_size(size) - size == count * 38

    @pytest.mark.parametrize(("length", "last"), [(CHUNK_BYTES - 1, False), (CHUNK_BYTES + 1, True), (0, False)])
    def test_a_chunk_that_does_not_fit_its_place_is_not_sealed(self, length: int, last: bool) -> None:
        """Such a file could not be read back."""
        with pytest.raises(ValueError, match="shorter"):
            SEALER.seal(0, bytes(length), last=last)

    def test_equal_chunks_have_unrelated_ciphertexts(self) -> None:
        """The nonce is fresh each time."""
        assert SEALER.seal(3, PLAINTEXT, last=True)[10:CIPHERTEXT_OFFSET] != SEALED[10:CIPHERTEXT_OFFSET]


class TestBinding:
    """A chunk opens nowhere else."""

    def test_a_chunk_opens_at_no_other_index(self) -> None:
        """No reordering."""
        assert {refused(SEALER, index, SEALED) for index in (0, 2, 4, 3 + 2**31)} == {str(DecryptionError())}

    def test_a_last_chunk_is_no_other_and_no_other_is_the_last(self) -> None:
        """No truncation, no continuation."""
        refused(SEALER, 3, SEALED, last=False)
        refused(SEALER, 0, SEALER.seal(0, bytes(CHUNK_BYTES), last=False), last=True)

    def test_a_chunk_opens_in_no_other_file_of_the_customer(self) -> None:
        """No splicing."""
        refused(FileSealer(KEY, ObjectId()), 3, SEALED)

    def test_a_chunk_opens_for_no_other_customer(self) -> None:
        """Neither with another key nor with the same secret under another customer's name."""
        other = ObjectId()
        refused(FileSealer(DataKey.of(CUSTOMER, b"key id 1", bytes(32)), FILE), 3, SEALED)
        refused(FileSealer(DataKey.of(other, b"key id 1", bytes(range(32))), FILE), 3, SEALED)
        refused(FileSealer(DataKey.of(CUSTOMER, b"key id 2", bytes(range(32))), FILE), 3, SEALED)

    @given(st.integers(0, len(SEALED) * 8 - 1))
    def test_no_bit_can_be_changed(self, bit: int) -> None:
        """Header, nonce, ciphertext and tag."""
        changed = bytearray(SEALED)
        changed[bit // 8] ^= 1 << bit % 8
        assert refused(SEALER, 3, bytes(changed)) == str(DecryptionError())

    @given(st.integers(0, len(SEALED) - 1), st.binary(max_size=20))
    def test_no_part_can_be_cut_or_replaced(self, length: int, tail: bytes) -> None:
        """Not even down to nothing."""
        if SEALED[:length] + tail != SEALED:
            refused(SEALER, 3, SEALED[:length] + tail)

    @pytest.mark.parametrize("stored", [None, "text", 7, [SEALED], memoryview(SEALED)])
    def test_what_is_no_binary_is_refused_alike(self, stored: object) -> None:
        """The database holds what it holds."""
        refused(SEALER, 3, stored)

    def test_a_chunk_is_no_field_value(self) -> None:
        """The same key seals both; their associated data never meet."""
        with pytest.raises(DecryptionError):
            decrypt_value(KEY, FieldContext("attachments.chunks", "data"), SEALED)
