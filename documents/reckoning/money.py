"""Amounts of money: a decimal and its currency. Two currencies are never added, compared or set off silently."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final

from documents.errors import CurrencyError

# Stored amounts have at most 20 digits; a rate and a number of days multiply to fewer than 60.
EXACT: Final = Context(prec=60, rounding=ROUND_HALF_EVEN)
CENT: Final = Decimal("0.01")


def to_cents(amount: Decimal) -> Decimal:
    """`amount` rounded to two places, half to even."""
    return amount.quantize(CENT, context=EXACT)


@dataclass(frozen=True, slots=True)
class Money:
    """`currency` is an ISO 4217 code. Sums are exact; only `times` rounds, to cents and half to even."""

    amount: Decimal
    currency: str

    def __add__(self, other: Money) -> Money:
        return Money(EXACT.add(self.amount, self._same(other)), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(EXACT.subtract(self.amount, self._same(other)), self.currency)

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._same(other)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other)

    def times(self, factor: Decimal) -> Money:
        """The amount by `factor`, in cents."""
        return Money(to_cents(EXACT.multiply(self.amount, factor)), self.currency)

    def _same(self, other: Money) -> Decimal:
        if other.currency != self.currency:
            raise CurrencyError("currency.mixed")
        return other.amount


def zero(currency: str) -> Money:
    return Money(Decimal(0), currency)


def total(amounts: Iterable[Money], currency: str) -> Money:
    """The sum, zero of `currency` for none. Raises CurrencyError `currency.mixed` for any other currency."""
    result = zero(currency)
    for amount in amounts:
        result += amount
    return result


def converted(amount: Money, currency: str, rates: Mapping[str, Decimal]) -> Money:
    """`amount` in `currency`; `rates` gives units of `currency` per unit of another one.

    Raises CurrencyError `currency.no_rate` where the rate is missing.
    """
    if amount.currency == currency:
        return amount
    rate = rates.get(amount.currency)
    if rate is None:
        raise CurrencyError("currency.no_rate")
    return Money(amount.times(rate).amount, currency)
