"""Training of service staff: who is due for which course (S3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from documents.declaring.labels import Labelled
from documents.reckoning.days import add_months

NOTICE_DAYS: Final = 30


class TrainingValidity(Labelled):
    """How a passed course still holds: EXPIRING from the days of notice before its last day."""

    VALID = "valid", "Valid", "有效"
    EXPIRING = "expiring", "Expiring", "即将到期"
    EXPIRED = "expired", "Expired", "已过期"


class DueReason(Labelled):
    NEVER_PASSED = "never_passed", "Never passed", "从未通过"
    EXPIRED = "expired", "Expired", "已过期"
    EXPIRING = "expiring", "Expiring", "即将到期"


@dataclass(frozen=True, slots=True)
class Course:
    """For everybody with one of `roles`; passed, it holds for `validity_months`, for ever if None."""

    code: str
    roles: frozenset[str]
    validity_months: int | None = None


@dataclass(frozen=True, slots=True)
class Attendance:
    person: str
    course: str
    on: date
    is_passed: bool


@dataclass(frozen=True, slots=True)
class TrainingDue:
    """`by` is the last day of the validity, None where it was never passed."""

    course: str
    reason: DueReason
    by: date | None = None


def valid_until(passed_on: date, validity_months: int | None) -> date | None:
    """The last day on which the course holds; None for ever."""
    return add_months(passed_on, validity_months) if validity_months is not None else None


def validity(until: date | None, on: date) -> TrainingValidity:
    """Where a passed course that holds `until` stands on the day `on`."""
    if until is None or until - on > timedelta(days=NOTICE_DAYS):
        return TrainingValidity.VALID
    return TrainingValidity.EXPIRED if on > until else TrainingValidity.EXPIRING


def training_due(
    person: str, roles: Iterable[str], courses: Iterable[Course], attendances: Iterable[Attendance], on: date
) -> tuple[TrainingDue, ...]:
    """What `person` has to attend, by course code. The last day of a validity still counts; the future does not."""
    held = frozenset(roles)
    passed: dict[str, date] = {}
    for one in attendances:
        if one.person == person and one.is_passed and one.on <= on:
            passed[one.course] = max(one.on, passed.get(one.course, one.on))
    found = (_due(course, passed.get(course.code), on) for course in courses if course.roles & held)
    return tuple(sorted((one for one in found if one is not None), key=lambda one: one.course))


def _due(course: Course, passed_on: date | None, on: date) -> TrainingDue | None:
    if passed_on is None:
        return TrainingDue(course.code, DueReason.NEVER_PASSED)
    by = valid_until(passed_on, course.validity_months)
    reasons = {TrainingValidity.EXPIRED: DueReason.EXPIRED, TrainingValidity.EXPIRING: DueReason.EXPIRING}
    reason = reasons.get(validity(by, on))
    return TrainingDue(course.code, reason, by) if reason is not None else None
