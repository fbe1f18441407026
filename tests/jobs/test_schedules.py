"""Ticks depend on the clock alone: every process computes the same ones, whenever it looks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.schedules import Daily, Every, Schedule

MOMENTS = st.integers(631_152_000, 4_102_444_800).map(lambda seconds: datetime.fromtimestamp(seconds + 0.25, UTC))
SCHEDULES: st.SearchStrategy[Schedule] = st.one_of(
    st.integers(1, 100_000).map(lambda seconds: Every(seconds=seconds)),
    st.times().map(lambda time: Daily(at=f"{time:%H:%M}")),
)


@given(SCHEDULES, MOMENTS)
def test_the_clock_is_between_two_neighbouring_ticks(schedule: Schedule, now: datetime) -> None:
    """The latest is not after now, the upcoming is, and there is none in between: the one before it is the latest."""
    latest, upcoming = schedule.latest(now), schedule.upcoming(now)
    assert latest <= now < upcoming
    assert schedule.latest(upcoming - timedelta(microseconds=1)) == latest == schedule.latest(latest)
    assert schedule.latest(upcoming) == upcoming


def test_daily_is_a_time_in_china() -> None:
    """06:00 there is 22:00 UTC of the day before."""
    schedule = Daily(at="06:00")
    assert schedule.latest(datetime(2026, 3, 2, 22, 0, tzinfo=UTC)) == datetime(2026, 3, 2, 22, 0, tzinfo=UTC)
    assert schedule.latest(datetime(2026, 3, 2, 21, 59, tzinfo=UTC)) == datetime(2026, 3, 1, 22, 0, tzinfo=UTC)
    assert str(schedule) == "daily at 06:00 CST"


@pytest.mark.parametrize("wrong", [Every, lambda: Every(minutes=-1), lambda: Daily(at="25:00")])
def test_a_schedule_that_makes_no_sense_is_refused_where_it_is_declared(wrong: object) -> None:
    """Not at night, when it would have been due."""
    assert callable(wrong)
    with pytest.raises(ValueError, match=r"span|hour"):
        wrong()
