"""Amounts of money: exact, and never of two currencies."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.errors import CurrencyError
from documents.reckoning.money import Money, converted, to_cents, total, zero
from tests.documents.strategies import cents, yuan

EURO = Money(Decimal("1.00"), "EUR")


@given(st.lists(yuan, max_size=20))
def test_sums_are_exact(amounts: list[Money]) -> None:
    """In any order, to the last digit."""
    expected = sum((Fraction(amount.amount) for amount in amounts), Fraction(0))
    assert Fraction(total(amounts, "CNY").amount) == expected
    assert total(reversed(amounts), "CNY") == total(amounts, "CNY")


@given(st.decimals("-1e20", "1e20", places=6))
def test_cents_are_the_nearest(amount: Decimal) -> None:
    """Never further than half a cent; at exactly half, the even one."""
    rounded = to_cents(amount)
    assert abs(Fraction(rounded) - Fraction(amount)) <= Fraction(1, 200)
    assert rounded.as_tuple().exponent == -2
    if abs(Fraction(rounded) - Fraction(amount)) == Fraction(1, 200):
        assert rounded.scaleb(2) % 2 == 0


def test_digits_are_kept_beyond_those_of_the_default_context() -> None:
    """Twenty digits by a rate of ten."""
    amount = Money(Decimal("999999999999999999.99"), "CNY")
    assert amount.times(Decimal("1.0000000001")).amount == Decimal("1000000000099999999.99")
    assert (amount + amount).amount == Decimal("1999999999999999999.98")


def test_currencies_are_never_mixed() -> None:
    """Not added, subtracted, compared or summed."""
    other = zero("CNY")
    for operation in (
        lambda: other + EURO,
        lambda: other - EURO,
        lambda: other <= EURO,
        lambda: other < EURO,
        lambda: total([other, EURO], "CNY"),
    ):
        with pytest.raises(CurrencyError) as refused:
            operation()
        assert refused.value.rule == "currency.mixed"


@given(cents)
def test_a_conversion_needs_a_rate(amount: Decimal) -> None:
    """And without need leaves the amount as it is."""
    assert converted(Money(amount, "CNY"), "CNY", {}).amount == amount
    assert converted(Money(amount, "EUR"), "CNY", {"EUR": Decimal("2")}).amount == amount * 2
    with pytest.raises(CurrencyError):
        converted(Money(amount, "USD"), "CNY", {"EUR": Decimal("2")})
