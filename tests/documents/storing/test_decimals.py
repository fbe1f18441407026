"""Stored decimals as text."""

from __future__ import annotations

from decimal import Decimal

import pytest
from bson import Decimal128
from hypothesis import given
from hypothesis import strategies as st

from documents.storing.decimals import decimal_text

DECIMALS = st.builds(
    lambda sign, digits, exponent: Decimal((sign, digits, exponent)),
    st.sampled_from((0, 1)),
    st.lists(st.integers(0, 9), min_size=1, max_size=34).map(tuple),
    st.one_of(st.integers(-9, 3), st.integers(-6176, 6111)),
)


@given(DECIMALS)
def test_text_is_that_of_the_driver(value: Decimal) -> None:
    """Every decimal that MongoDB can hold prints as `str` prints it."""
    stored = Decimal128(value)
    assert decimal_text(stored) == str(stored)


@pytest.mark.parametrize("text", ["0", "-0.00", "0.000001", "1E-7", "12345678.90", "1E+3", "NaN", "-Infinity", "sNaN"])
def test_boundary_forms_are_those_of_the_driver(text: str) -> None:
    """So do signed zeros, exponents and what is no number."""
    stored = Decimal128(text)
    assert decimal_text(stored) == str(stored)


@given(st.binary(min_size=16, max_size=16))
def test_any_stored_bits_print_as_the_driver_prints_them(bits: bytes) -> None:
    """A value that another program wrote, canonical or not, prints the same."""
    stored = Decimal128.from_bid(bits)
    assert decimal_text(stored) == str(stored)
