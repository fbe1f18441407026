"""Working time: what counts, and when it has passed (S2)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.reckoning.working_time import WorkingCalendar
from tests.documents.strategies import at, instants, instants_between

CALENDAR = WorkingCalendar()
MINUTE = timedelta(minutes=1)
spans = st.timedeltas(timedelta(0), timedelta(hours=400))


def minutes_counted_one_by_one(start: datetime, end: datetime) -> int:
    """The slow, obvious way."""
    count, instant = 0, start
    while instant < end:
        count += CALENDAR.is_working_day(instant.date()) and any(a <= instant.time() < b for a, b in CALENDAR.hours)
        instant += MINUTE
    return count


@given(instants, spans)
def test_what_is_due_has_been_worked_exactly(start: datetime, worked: timedelta) -> None:
    """`working_time_between` undoes `due_after`."""
    due = CALENDAR.due_after(start, worked)
    assert due >= start
    assert CALENDAR.working_time_between(start, due) == worked


@given(instants, spans.filter(bool))
def test_what_is_due_is_due_at_the_first_such_instant(start: datetime, worked: timedelta) -> None:
    """A microsecond before, less has been worked."""
    due = CALENDAR.due_after(start, worked)
    assert CALENDAR.working_time_between(start, due - timedelta(microseconds=1)) < worked


@given(instants, spans, spans)
def test_spans_add_up(start: datetime, first: timedelta, second: timedelta) -> None:
    """Waiting twice is waiting once for the sum, and longer is never earlier."""
    once = CALENDAR.due_after(start, first + second)
    assert CALENDAR.due_after(CALENDAR.due_after(start, first), second) == once
    assert once >= CALENDAR.due_after(start, first)


@given(instants, instants, instants)
def test_parts_add_up(a: datetime, b: datetime, c: datetime) -> None:
    """From a to c is from a to b and from b to c; backwards is negative."""
    between = CALENDAR.working_time_between
    assert between(a, b) + between(b, c) == between(a, c)
    assert between(a, b) == -between(b, a)


@given(
    instants_between("2025-09-20", "2025-10-20"),
    st.integers(0, 3000),
)
def test_it_counts_as_a_clock_does(start: datetime, minutes: int) -> None:
    """Around a holiday with make-up days the arithmetic equals a loop over minutes."""
    start = start.replace(second=0, microsecond=0)
    end = start + minutes * MINUTE
    assert CALENDAR.working_time_between(start, end) == minutes_counted_one_by_one(start, end) * MINUTE


@given(st.dates(date(2004, 1, 1), date(2026, 12, 31)))
def test_published_days_are_those_of_the_state_council(day: date) -> None:
    """Of chinese_calendar, that is."""
    assert CALENDAR.is_working_day(day) == chinese_calendar.is_workday(day)


@given(st.dates(date(2100, 1, 1), date(2200, 1, 1)) | st.dates(date(1990, 1, 1), date(2003, 12, 31)))
def test_other_years_are_monday_to_friday(day: date) -> None:
    """No claim is made about holidays that nobody has published."""
    assert CALENDAR.is_working_day(day) == (day.weekday() < 5)


@pytest.mark.parametrize(
    ("start", "minutes", "due"),
    [
        ("2026-09-30T17:00", 60, "2026-09-30T18:00"),
        ("2026-09-30T17:00", 61, "2026-10-08T09:01"),  # after the National Day holiday
        ("2026-10-10T09:00", 60, "2026-10-10T10:00"),  # a Saturday that is worked
        ("2026-11-25T11:30", 60, "2026-11-25T14:00"),  # over lunch
        ("2024-02-29T17:59", 2, "2024-03-01T09:01"),  # over the leap day
        ("2026-11-28T10:00", 0, "2026-11-28T10:00"),  # nothing to wait for, even on a Saturday
        ("2026-11-28T10:00", 1, "2026-11-30T09:01"),
    ],
)
def test_due(start: str, minutes: int, due: str) -> None:
    """Ends of days, holidays, make-up days, lunch."""
    assert CALENDAR.due(at(start), minutes) == at(due)


def test_instants_of_any_zone_are_understood() -> None:
    """The answer is in the zone of the question."""
    due = CALENDAR.due(datetime(2026, 11, 25, 1, 0, tzinfo=UTC), 30)
    assert due == datetime(2026, 11, 25, 1, 30, tzinfo=UTC)
    assert due.tzinfo is UTC


def test_an_instant_without_a_zone_is_refused() -> None:
    """Nobody can say when it is."""
    with pytest.raises(ValueError, match="zone"):
        CALENDAR.due(datetime(2026, 11, 25, 9, 0), 1)  # noqa: DTZ001
    with pytest.raises(ValueError, match="backwards"):
        CALENDAR.due(at("2026-11-25T09:00"), -1)
