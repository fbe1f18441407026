"""Training: who is due (S3)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.chapters.service.training import Attendance, Course, DueReason, TrainingDue, training_due
from documents.reckoning.days import add_months

TODAY = date(2026, 11, 24)
AGENTS = frozenset({"service_agent"})
YEARLY = Course("complaints", AGENTS, 12)
ONCE = Course("welcome", AGENTS)
attendances = st.lists(
    st.builds(
        Attendance,
        st.sampled_from(["li", "wang"]),
        st.sampled_from(["complaints", "welcome"]),
        st.dates(date(2024, 1, 1), date(2027, 12, 31)),
        st.booleans(),
    ),
    max_size=8,
)


@given(attendances)
def test_only_a_course_that_was_passed_counts(rows: list[Attendance]) -> None:
    """By this person, until today, within its validity."""
    due = {one.course: one for one in training_due("li", AGENTS, [YEARLY, ONCE], rows, TODAY)}
    for course in (YEARLY, ONCE):
        passed = [row.on for row in rows if (row.person, row.course) == ("li", course.code) and row.is_passed]
        passed = [on for on in passed if on <= TODAY]
        if not passed:
            assert due[course.code] == TrainingDue(course.code, DueReason.NEVER_PASSED)
        elif course is ONCE:
            assert course.code not in due
        else:
            by = add_months(max(passed), 12)
            found = due.get(course.code)
            assert (found is None) == (by > TODAY + timedelta(days=30))
            assert found is None or (found.reason is DueReason.EXPIRED) == (by < TODAY)


@given(attendances)
def test_passing_today_settles_it(rows: list[Attendance]) -> None:
    """For everything, whatever was before."""
    passed = [Attendance("li", course.code, TODAY, True) for course in (YEARLY, ONCE)]
    assert training_due("li", AGENTS, [YEARLY, ONCE], [*rows, *passed], TODAY) == ()


@pytest.mark.parametrize(
    ("on", "reason"),
    [
        (date(2025, 1, 28), None),
        (date(2025, 1, 29), DueReason.EXPIRING),
        (date(2025, 2, 28), DueReason.EXPIRING),
        (date(2025, 3, 1), DueReason.EXPIRED),
    ],
)
def test_a_year_from_the_leap_day(on: date, reason: DueReason | None) -> None:
    """Ends on 28 February, which still counts."""
    due = training_due("li", AGENTS, [YEARLY], [Attendance("li", "complaints", date(2024, 2, 29), True)], on)
    assert [one.reason for one in due] == ([reason] if reason else [])


def test_courses_of_other_roles_are_not_due() -> None:
    """Only of the roles that the person has."""
    assert training_due("li", ["archivist"], [YEARLY, ONCE], [], TODAY) == ()
    assert len(training_due("li", ["archivist", "service_agent"], [YEARLY, ONCE], [], TODAY)) == 2
