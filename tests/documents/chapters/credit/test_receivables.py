"""Receivables: payments, ageing, interest (K6, K7)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.chapters.credit.receivables import (
    AgeBucket,
    LateTerms,
    Receivable,
    age_bucket,
    ageing,
    allocate,
    late_interest,
    overdue_days,
)
from documents.errors import CurrencyError, RuleBrokenError
from documents.reckoning.money import Money, total, zero
from tests.documents.strategies import yuan

DUE = date(2024, 2, 29)
days = st.dates(date(2023, 1, 1), date(2027, 1, 1))
TERMS = LateTerms(Decimal("0.0005"))
terms = st.builds(
    LateTerms,
    st.decimals(0, "0.01", places=5),
    st.integers(0, 20),
    st.none() | st.decimals(0, 1, places=2),
)


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


@pytest.mark.parametrize(
    ("overdue", "bucket"),
    [
        (-400, AgeBucket.NOT_DUE),
        (0, AgeBucket.NOT_DUE),
        (1, AgeBucket.DAYS_1_TO_30),
        (30, AgeBucket.DAYS_1_TO_30),
        (31, AgeBucket.DAYS_31_TO_60),
        (60, AgeBucket.DAYS_31_TO_60),
        (61, AgeBucket.DAYS_61_TO_90),
        (90, AgeBucket.DAYS_61_TO_90),
        (91, AgeBucket.DAYS_91_TO_180),
        (180, AgeBucket.DAYS_91_TO_180),
        (181, AgeBucket.DAYS_181_AND_MORE),
        (5000, AgeBucket.DAYS_181_AND_MORE),
    ],
)
def test_buckets_begin_and_end(overdue: int, bucket: AgeBucket) -> None:
    """On their days."""
    on = DUE + timedelta(days=overdue)
    assert age_bucket(DUE, on) is bucket
    assert overdue_days(DUE, on) == max(overdue, 0)


@given(receivables(), days)
def test_ageing_adds_up_to_what_is_open(rows: list[Receivable], on: date) -> None:
    """Per currency: every receivable is in exactly one bucket."""
    euros = [Receivable(row.id, row.due_on, Money(row.open_amount.amount, "EUR")) for row in rows[:3]]
    table = ageing([*rows, *euros], on)
    for currency, open_rows in (("CNY", rows), ("EUR", euros)):
        if not open_rows:
            assert currency not in table
            continue
        assert list(table[currency]) == list(AgeBucket)
        assert total(table[currency].values(), currency) == total([row.open_amount for row in open_rows], currency)
        not_due = [row.open_amount for row in open_rows if row.due_on >= on]
        assert table[currency][AgeBucket.NOT_DUE] == total(not_due, currency)


@given(yuan, days, days, terms)
def test_interest_is_that_of_the_days_late(amount: Money, due_on: date, until: date, late: LateTerms) -> None:
    """Simple interest, counted with fractions; none before the grace has passed; never above the cap."""
    late_days = max((until - due_on).days - late.grace_days, 0)
    exact = Fraction(amount.amount) * Fraction(late.daily_rate) * late_days
    if late.greatest_share is not None:
        exact = min(exact, Fraction(amount.amount) * Fraction(late.greatest_share))
    interest = late_interest(amount, due_on, [], late, until)
    assert abs(Fraction(interest.amount) - exact) <= Fraction(1, 200)


@given(yuan, st.lists(st.tuples(days, yuan), max_size=4), days, terms)
def test_interest_is_that_of_each_day_on_what_was_open(
    amount: Money, payments: list[tuple[date, Money]], until: date, late: LateTerms
) -> None:
    """As a clerk would count it, day by day."""
    exact, day = Fraction(0), DUE + timedelta(days=late.grace_days + 1)
    while day <= until:
        open_amount = Fraction(amount.amount) - sum(Fraction(paid.amount) for on, paid in payments if on <= day)
        exact += max(open_amount, Fraction(0)) * Fraction(late.daily_rate)
        day += timedelta(days=1)
    if late.greatest_share is not None:
        exact = min(exact, Fraction(amount.amount) * Fraction(late.greatest_share))
    interest = late_interest(amount, DUE, payments, late, until)
    assert abs(Fraction(interest.amount) - exact) <= Fraction(1, 200)


def test_interest_over_the_leap_day() -> None:
    """Ten days late from 28 February 2024, half paid on the fifth day late: 4 days of 10,000 and 6 of 5,000."""
    payments = [(date(2024, 3, 4), cny("5000"))]
    interest = late_interest(cny("10000"), date(2024, 2, 28), payments, TERMS, date(2024, 3, 9))
    assert interest == cny("35.00")


def test_interest_is_rounded_once_and_half_to_even() -> None:
    """A cent and a half is two, two and a half are two too."""
    late = LateTerms(Decimal("0.0005"))
    assert late_interest(cny("30"), DUE, [], late, DUE + timedelta(days=1)) == cny("0.02")
    assert late_interest(cny("50"), DUE, [], late, DUE + timedelta(days=1)) == cny("0.02")


def test_terms_that_pay_the_debtor_are_refused() -> None:
    """A negative rate, grace or cap."""
    for arguments in ({"daily_rate": Decimal(-1)}, {"grace_days": -1}, {"greatest_share": Decimal(-1)}):
        with pytest.raises(ValueError, match="negative"):
            LateTerms(**({"daily_rate": Decimal(0)} | arguments))
