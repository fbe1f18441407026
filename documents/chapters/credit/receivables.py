"""Receivables: payments set off, what is open, and how old it is (K7).

Owns sums and days. A payment is never lost or doubled: what is set off and what is left are the payment.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from documents.declaring.labels import Labelled
from documents.errors import RuleBrokenError
from documents.reckoning.money import Money


class AgeBucket(Labelled):
    NOT_DUE = "not_due", "Not due", "未到期"
    DAYS_1_TO_30 = "days_1_to_30", "1 to 30 days overdue", "逾期 1 至 30 天"
    DAYS_31_TO_60 = "days_31_to_60", "31 to 60 days overdue", "逾期 31 至 60 天"
    DAYS_61_TO_90 = "days_61_to_90", "61 to 90 days overdue", "逾期 61 至 90 天"
    DAYS_91_TO_180 = "days_91_to_180", "91 to 180 days overdue", "逾期 91 至 180 天"
    DAYS_181_AND_MORE = "days_181_and_more", "181 days overdue and more", "逾期 181 天及以上"


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
