"""Receivables: payments, and days overdue (K7)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.chapters.credit.receivables import (
    Receivable,
    allocate,
    overdue_days,
)
from documents.errors import CurrencyError, RuleBrokenError
from documents.reckoning.money import Money, total, zero
from tests.documents.strategies import yuan

DUE = date(2024, 2, 29)
days = st.dates(date(2023, 1, 1), date(2027, 1, 1))


def cny(amount: str) -> Money:
    return Money(Decimal(amount), "CNY")


@st.composite
def receivables(draw: st.DrawFn) -> list[Receivable]:
    rows = draw(st.lists(st.tuples(days, yuan), max_size=8))
    return [Receivable(f"r{number}", due_on, amount) for number, (due_on, amount) in enumerate(rows)]


@given(yuan, receivables(), st.data())
def test_a_payment_is_neither_lost_nor_doubled(payment: Money, rows: list[Receivable], data: st.DataObject) -> None:
    """Shares and rest are the payment; no receivable gets more than is open, and none is left open beside a rest."""
    named = data.draw(st.lists(st.sampled_from([row.id for row in rows]))) if rows else []
    allocation = allocate(payment, rows, named)
    assert total([share.amount for share in allocation.shares], "CNY") + allocation.left == payment
    paid = {share.receivable_id: share.amount for share in allocation.shares}
    assert len(paid) == len(allocation.shares)
    assert all(amount.amount > 0 for amount in paid.values())
    meant = [row for row in rows if not named or row.id in named]
    assert set(paid) <= {row.id for row in meant}
    for row in meant:
        assert zero("CNY") <= paid.get(row.id, zero("CNY")) <= row.open_amount
        if allocation.left.amount > 0:
            assert paid[row.id] == row.open_amount


@given(yuan, receivables())
def test_the_oldest_is_paid_first(payment: Money, rows: list[Receivable]) -> None:
    """What is open after it fell due later than all that is paid in full."""
    paid = {share.receivable_id: share.amount for share in allocate(payment, rows).shares}
    full = [row.due_on for row in rows if paid.get(row.id) == row.open_amount]
    rest = [row.due_on for row in rows if paid.get(row.id) != row.open_amount]
    assert not full or not rest or max(full) <= min(rest)


@given(yuan, receivables())
def test_the_order_of_the_rows_does_not_matter(payment: Money, rows: list[Receivable]) -> None:
    """A retry that reads them otherwise gives the same."""
    assert allocate(payment, rows) == allocate(payment, rows[::-1])


def test_named_receivables_are_paid_in_the_order_named() -> None:
    """However old the others are."""
    rows = [Receivable("old", DUE, cny("10")), Receivable("a", DUE, cny("10")), Receivable("b", DUE, cny("10"))]
    shares = allocate(cny("15"), rows, ["b", "a"]).shares
    assert [(share.receivable_id, share.amount) for share in shares] == [("b", cny("10")), ("a", cny("5"))]


def test_payments_that_cannot_be_set_off_are_refused() -> None:
    """Nothing, less than nothing, to an unknown receivable, in another currency."""
    rows = [Receivable("a", DUE, cny("10"))]
    for amount in ("0", "-1"):
        with pytest.raises(RuleBrokenError) as refused:
            allocate(cny(amount), rows)
        assert refused.value.rule == "payment.not_positive"
    with pytest.raises(RuleBrokenError) as unknown:
        allocate(cny("1"), rows, ["a", "b"])
    assert unknown.value.rule == "payment.unknown_receivable"
    with pytest.raises(CurrencyError):
        allocate(Money(Decimal(1), "EUR"), rows)


def test_a_receivable_is_overdue_from_the_day_after() -> None:
    """Until and on its day it is not."""
    for days_after, overdue in ((-400, 0), (0, 0), (1, 1), (366, 366)):
        assert overdue_days(DUE, DUE + timedelta(days=days_after)) == overdue
