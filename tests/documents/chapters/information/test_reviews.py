"""Reviews: their dates, and what is important (I2)."""

from __future__ import annotations

from calendar import monthrange
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.chapters.information.reviews import ReviewPeriods, next_review_on
from documents.declaring.fields import is_important
from documents.declaring.kind import CUSTOMER_KINDS, Kind
from documents.reckoning.days import add_months
from documents.registry import CATALOGUE

PERIODS = ReviewPeriods()
days = st.dates(date(2000, 1, 1), date(2100, 1, 1))
months = st.integers(0, 240)


@given(days, months)
def test_months_later_is_the_same_day_or_the_last_of_the_month(day: date, number: int) -> None:
    """In exactly the month that is meant."""
    later = add_months(day, number)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == number
    assert later.day == min(day.day, monthrange(later.year, later.month)[1])


@given(days, days, months)
def test_later_is_never_earlier(one: date, other: date, number: int) -> None:
    """In the day and in the number of months."""
    assert add_months(min(one, other), number) <= add_months(max(one, other), number)
    assert add_months(one, number) < add_months(one, number + 1)


@pytest.mark.parametrize(
    ("day", "number", "later"),
    [
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2025, 1, 31), 1, date(2025, 2, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(9999, 6, 30), 24, date(9999, 12, 30)),
    ],
)
def test_ends_of_months(day: date, number: int, later: date) -> None:
    """Short months, leap years, the end of the calendar."""
    assert add_months(day, number) == later


@given(days, st.sampled_from(CUSTOMER_KINDS), st.integers(1, 60))
def test_a_risk_only_shortens_the_period(reviewed: date, kind: Kind, number: int) -> None:
    """A longer one is not taken."""
    usual = next_review_on(PERIODS, kind, reviewed)
    assert next_review_on(PERIODS, kind, reviewed, number) == min(usual, add_months(reviewed, number))


@pytest.mark.parametrize(
    ("kind", "important"),
    [
        (Kind.INDIVIDUAL, {"telephone", "email", "address", "emergency_telephone"}),
        (Kind.ENTERPRISE, {"telephone", "contact_person", "contact_telephone", "business_scope"}),
        (Kind.INSTITUTION, {"telephone", "contact_telephone", "service_scope", "person_in_charge_telephone"}),
    ],
)
def test_contact_details_and_scope_of_business_are_important(kind: Kind, important: set[str]) -> None:
    """As their declarations show; other fields are not."""
    fields = CATALOGUE.fields(kind)
    assert important <= {name for name, spec in fields.items() if is_important(spec)}
    assert not any(is_important(fields[name]) for name in ("status", "version", "notes"))


def test_periods_of_nothing_are_refused() -> None:
    """They would be overdue at once, for ever."""
    with pytest.raises(ValueError, match="month"):
        ReviewPeriods({Kind.INDIVIDUAL: 0})
