"""Properties of field ciphertexts: what opens, and that nothing else does."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st

from documents.encryption.ciphertext import (
    CIPHERTEXT_OFFSET,
    DataKey,
    FieldContext,
    _seal,
    decrypt_value,
    encode_parts,
    encrypt_value,
)
from documents.errors import DecryptionError

CUSTOMER = ObjectId("665f0c2ab1d2e3f405162738")
KEY_ID = b"key id 1"
SECRET = bytes(range(32))
KEY = DataKey.of(CUSTOMER, KEY_ID, SECRET)
TELEPHONE = FieldContext("customers", "telephone")

texts = st.text(st.characters(codec="utf-8"))
wire_ready_values = st.one_of(
    texts,
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.dates().map(date.isoformat),
    st.decimals(allow_nan=False, allow_infinity=False, places=2).map(str),
    st.lists(texts, max_size=5),
)


def refusal(stored: Any, key: DataKey = KEY, field: FieldContext = TELEPHONE) -> str:
    """The message of the DecryptionError that opening `stored` must raise, once it is known to hold nothing else."""
    with pytest.raises(DecryptionError) as caught:
        decrypt_value(key, field, stored)
    assert type(caught.value) is DecryptionError
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return str(caught.value)


OPAQUE = str(DecryptionError())


class TestRoundTrip:
    """What was sealed opens."""

    @given(wire_ready_values)
    def test_every_wire_ready_value_comes_back_as_it_was(self, value: Any) -> None:
        """Value and type survive."""
        opened = decrypt_value(KEY, TELEPHONE, encrypt_value(KEY, TELEPHONE, value))
        assert opened == value
        assert type(opened) is type(value)

    @given(texts)
    def test_equal_values_have_unrelated_ciphertexts(self, value: str) -> None:
        """The nonce is fresh each time."""
        first, second = (encrypt_value(KEY, TELEPHONE, value) for _ in range(2))
        assert first[10:CIPHERTEXT_OFFSET] != second[10:CIPHERTEXT_OFFSET]
        assert first[CIPHERTEXT_OFFSET:] != second[CIPHERTEXT_OFFSET:]

    def test_the_plaintext_is_not_in_the_ciphertext(self) -> None:
        """A long value would show if it were."""
        assert b"+8613800138000" not in encrypt_value(KEY, TELEPHONE, "+8613800138000" * 10)

    @pytest.mark.parametrize("value", [None, 1.5, date(2026, 1, 2), [date(2026, 1, 2)], {"a": 1}, b"bytes", 2**64])
    def test_a_value_that_is_not_wire_ready_is_refused(self, value: Any) -> None:
        """It would come back as something else, or not at all."""
        with pytest.raises(TypeError):
            encrypt_value(KEY, TELEPHONE, value)


class TestBinding:
    """A ciphertext opens where it was sealed, nowhere else."""

    sealed = encrypt_value(KEY, TELEPHONE, "+8613800138000")

    @pytest.mark.parametrize(
        ("key", "field"),
        [
            pytest.param(DataKey.of(ObjectId(), b"key id 2", bytes(32)), TELEPHONE, id="another record"),
            pytest.param(DataKey.of(ObjectId(), KEY_ID, SECRET), TELEPHONE, id="another record with a stolen key"),
            pytest.param(DataKey.of(CUSTOMER, KEY_ID, bytes(32)), TELEPHONE, id="another key of the same id"),
            pytest.param(DataKey.of(CUSTOMER, b"key id 2", SECRET), TELEPHONE, id="the same key under another id"),
            pytest.param(KEY, FieldContext("customers", "other_telephones"), id="another field"),
            pytest.param(KEY, FieldContext("customer_history", "telephone"), id="another collection"),
            pytest.param(KEY, FieldContext("customerst", "elephone"), id="the same letters, cut elsewhere"),
        ],
    )
    def test_a_ciphertext_moved_elsewhere_does_not_open(self, key: DataKey, field: FieldContext) -> None:
        """Neither key nor associated data alone would be enough for all of these."""
        assert refusal(self.sealed, key, field) == OPAQUE

    def test_the_key_id_is_bound_even_when_the_header_is_rewritten(self) -> None:
        """A header made to match another key id of the same secret still fails."""
        other = DataKey.of(CUSTOMER, b"key id 2", SECRET)
        assert refusal(other.header + self.sealed[10:], other) == OPAQUE

    @given(st.lists(st.binary(max_size=20), max_size=4), st.lists(st.binary(max_size=20), max_size=4))
    def test_associated_data_is_unambiguous(self, some: list[bytes], others: list[bytes]) -> None:
        """Different parts, different bytes; also when their concatenations are equal."""
        assert (encode_parts(*some) == encode_parts(*others)) == (some == others)
        joined = b"".join(some)
        assert (encode_parts(joined) == encode_parts(*some)) == (some == [joined])


class TestTampering:
    """Anything but the exact bytes is refused, with one and the same error."""

    sealed = encrypt_value(KEY, TELEPHONE, "138")

    def test_cut_at_every_length_it_does_not_open(self) -> None:
        """From nothing to all but one byte, and from either end."""
        cuts = [self.sealed[:n] for n in range(len(self.sealed))]
        cuts += [self.sealed[n:] for n in range(1, len(self.sealed))]
        assert {refusal(cut) for cut in cuts} == {OPAQUE}

    def test_with_any_bit_flipped_it_does_not_open(self) -> None:
        """Version, suite, key id, nonce, ciphertext and tag alike."""
        for bit in range(len(self.sealed) * 8):
            flipped = bytearray(self.sealed)
            flipped[bit // 8] ^= 1 << bit % 8
            assert refusal(bytes(flipped)) == OPAQUE

    def test_with_bytes_added_it_does_not_open(self) -> None:
        """Before or after."""
        for longer in (self.sealed + b"\0", b"\0" + self.sealed, self.sealed + self.sealed):
            assert refusal(longer) == OPAQUE

    @given(st.binary(max_size=80))
    def test_no_bytes_make_it_raise_anything_else(self, noise: bytes) -> None:
        """With or without a header that fits."""
        for forged in (noise, KEY.header + noise):
            assert refusal(forged) == OPAQUE

    @pytest.mark.parametrize("stored", [None, "138", 138, ["138"], {"a": 1}, 1.5])
    def test_a_plain_value_put_in_its_place_is_refused(self, stored: Any) -> None:
        """Whoever writes to the database cannot have a value of their own served as the customer's."""
        assert refusal(stored) == OPAQUE

    def test_a_sealed_plaintext_that_is_not_json_is_refused_alike(self) -> None:
        """Even the holder of the key cannot make another error come out."""
        assert refusal(_seal(KEY, TELEPHONE, bytes(12), b"{")) == OPAQUE


class TestKeys:
    """Keys are made of the right bytes, and do not show them."""

    @pytest.mark.parametrize("length", [0, 16, 24, 31, 33])
    def test_a_data_key_has_exactly_32_bytes(self, length: int) -> None:
        """AES-128 and AES-192 would work, and are not the suite."""
        with pytest.raises(ValueError, match="32 bytes"):
            DataKey.of(CUSTOMER, KEY_ID, bytes(length))

    def test_a_key_id_has_exactly_eight_bytes(self) -> None:
        """Else the nonce would begin elsewhere."""
        with pytest.raises(ValueError, match="eight bytes"):
            DataKey.of(CUSTOMER, b"short", SECRET)

    def test_a_data_key_does_not_print_its_secret(self) -> None:
        """Nor its id: it may end in a log."""
        assert KEY_ID.hex() not in repr(KEY)
        assert repr(SECRET)[2:-1] not in repr(KEY)
