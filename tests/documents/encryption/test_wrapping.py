"""Wrapped keys and secrets open in their own context only."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.encryption.wrapping import WrappingKey
from documents.errors import DecryptionError

KEY = WrappingKey(b"vaultkey", bytes(range(32)))
CONTEXT = (b"data_key", b"customer")

contexts = st.lists(st.binary(max_size=20), min_size=1, max_size=4).map(tuple)


class TestWrappingKey:
    """Properties of `wrap` and `unwrap`."""

    @given(st.binary(max_size=64), contexts)
    def test_what_was_wrapped_opens_in_its_context(self, plaintext: bytes, context: tuple[bytes, ...]) -> None:
        """Also nothing at all, and for contexts of any parts."""
        assert KEY.unwrap(KEY.wrap(plaintext, context), context) == plaintext

    @given(contexts, contexts)
    def test_it_opens_in_no_other_context(self, context: tuple[bytes, ...], other: tuple[bytes, ...]) -> None:
        """A data key is not a secret, and not another customer's."""
        wrapped = KEY.wrap(b"secret", context)
        if context == other:
            other = (*other, b"")
        with pytest.raises(DecryptionError):
            KEY.unwrap(wrapped, other)

    @pytest.mark.parametrize(
        "other",
        [WrappingKey(b"vaultkey", bytes(32)), WrappingKey(b"otherkey", bytes(range(32)))],
        ids=["another secret", "another id"],
    )
    def test_no_other_key_opens_it(self, other: WrappingKey) -> None:
        """The key id is bound as well as the key."""
        with pytest.raises(DecryptionError):
            other.unwrap(KEY.wrap(b"secret", CONTEXT), CONTEXT)

    def test_cut_or_flipped_it_does_not_open(self) -> None:
        """At every length, at every bit."""
        wrapped = KEY.wrap(b"s", CONTEXT)
        damaged = [wrapped[:n] for n in range(len(wrapped))]
        for bit in range(len(wrapped) * 8):
            flipped = bytearray(wrapped)
            flipped[bit // 8] ^= 1 << bit % 8
            damaged.append(bytes(flipped))
        for case in damaged:
            with pytest.raises(DecryptionError):
                KEY.unwrap(case, CONTEXT)
