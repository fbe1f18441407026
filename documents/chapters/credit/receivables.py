"""Receivables: payments set off, what is open, how old it is, and what being late costs (K6, K7).

Owns sums and days. A payment is never lost or doubled: what is set off and what is left are the payment.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from documents.declaring.labels import Labelled
from documents.errors import RuleBrokenError
from documents.reckoning.money import EXACT, Money, to_cents, zero


class AgeBucket(Labelled):
    NOT_DUE = "not_due", "Not due", "未到期"
    DAYS_1_TO_30 = "days_1_to_30", "1 to 30 days overdue", "逾期 1 至 30 天"
    DAYS_31_TO_60 = "days_31_to_60", "31 to 60 days overdue", "逾期 31 至 60 天"
    DAYS_61_TO_90 = "days_61_to_90", "61 to 90 days overdue", "逾期 61 至 90 天"
    DAYS_91_TO_180 = "days_91_to_180", "91 to 180 days overdue", "逾期 91 至 180 天"
    DAYS_181_AND_MORE = "days_181_and_more", "181 days overdue and more", "逾期 181 天及以上"


_LAST_DAYS: Final = ((0, AgeBucket.NOT_DUE), *zip((30, 60, 90, 180), list(AgeBucket)[1:5], strict=True))


@dataclass(frozen=True, slots=True)
class Receivable:
    """`open_amount` is what is not paid of it."""

    id: str
    due_on: date
    open_amount: Money


@dataclass(frozen=True, slots=True)
class PaymentShare:
    receivable_id: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Allocation:
    """`shares` are more than nothing each; with `left` they are the payment."""

    shares: tuple[PaymentShare, ...]
    left: Money


def allocate(payment: Money, receivables: Iterable[Receivable], named: Sequence[str] = ()) -> Allocation:
    """Sets `payment` off against the named receivables in their order, or against all, the oldest due first.

    A named payment pays nothing that is not named. Raises RuleBrokenError `payment.not_positive`,
    `payment.unknown_receivable`, CurrencyError `currency.mixed` for a receivable in another currency.
    """
    if payment.amount <= 0:
        raise RuleBrokenError("payment.not_positive")
    shares, left = [], payment
    for receivable in _in_order(receivables, named):
        share = receivable.open_amount if receivable.open_amount < left else left
        if share.amount > 0:
            shares.append(PaymentShare(receivable.id, share))
            left -= share
    return Allocation(tuple(shares), left)


def _in_order(receivables: Iterable[Receivable], named: Sequence[str]) -> list[Receivable]:
    if not named:
        return sorted(receivables, key=lambda receivable: (receivable.due_on, receivable.id))
    by_id = {receivable.id: receivable for receivable in receivables}
    if any(name not in by_id for name in named):
        raise RuleBrokenError("payment.unknown_receivable")
    return [by_id[name] for name in dict.fromkeys(named)]


def overdue_days(due_on: date, on: date) -> int:
    """Days after the due date; 0 until and on it."""
    return max((on - due_on).days, 0)


def age_bucket(due_on: date, on: date) -> AgeBucket:
    days = overdue_days(due_on, on)
    return next((bucket for last, bucket in _LAST_DAYS if days <= last), AgeBucket.DAYS_181_AND_MORE)


def ageing(receivables: Iterable[Receivable], on: date) -> dict[str, dict[AgeBucket, Money]]:
    """Open amounts by currency and bucket; every bucket of a currency that occurs is there."""
    sums: dict[str, dict[AgeBucket, Money]] = {}
    for receivable in receivables:
        currency = receivable.open_amount.currency
        row = sums.setdefault(currency, {bucket: zero(currency) for bucket in AgeBucket})
        row[age_bucket(receivable.due_on, on)] += receivable.open_amount
    return sums


@dataclass(frozen=True, slots=True)
class LateTerms:
    """What the contract says of being late (K6): simple interest per day (0.0005 is five ten-thousandths) from
    `grace_days` after the due date on, together no more than `greatest_share` of the amount.
    """

    daily_rate: Decimal
    grace_days: int = 0
    greatest_share: Decimal | None = None

    def __post_init__(self) -> None:
        if self.daily_rate < 0 or self.grace_days < 0 or (self.greatest_share is not None and self.greatest_share < 0):
            raise ValueError("terms are not negative")


def late_interest(
    amount: Money, due_on: date, payments: Iterable[tuple[date, Money]], terms: LateTerms, until: date
) -> Money:
    """Interest for the days after the due date and the grace to `until`, each on what was open on it.

    A payment counts from its day on: that day bears interest on the rest only. Rounded once, to cents, half to even.
    """
    paid: dict[date, Money] = defaultdict(lambda: zero(amount.currency))
    for day, payment in payments:
        paid[day] += payment
    first = due_on + timedelta(days=terms.grace_days + 1)
    balance, money_days, since = amount, Decimal(0), first
    for day in sorted(day for day in paid if day <= until):
        money_days = EXACT.add(money_days, _money_days(balance, since, day))
        balance, since = balance - paid[day], max(since, day)
    money_days = EXACT.add(money_days, _money_days(balance, since, until + timedelta(days=1)))
    interest = EXACT.multiply(money_days, terms.daily_rate)
    if terms.greatest_share is not None:
        interest = min(interest, EXACT.multiply(amount.amount, terms.greatest_share))
    return Money(to_cents(interest), amount.currency)


def _money_days(balance: Money, since: date, before: date) -> Decimal:
    days = max((before - since).days, 0)
    return EXACT.multiply(max(balance.amount, Decimal(0)), Decimal(days))
