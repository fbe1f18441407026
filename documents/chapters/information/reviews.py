"""Reviews of customer information: when the next is due, and which changes are recorded at once (I2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

from documents.declaring.fields import FieldSpec, is_important
from documents.declaring.kind import Kind
from documents.declaring.labels import Labelled
from documents.reckoning.days import add_months

DEFAULT_REVIEW_MONTHS: Final[Mapping[Kind, int]] = MappingProxyType(
    {Kind.INDIVIDUAL: 24, Kind.ENTERPRISE: 12, Kind.INSTITUTION: 12}
)


class ReviewStanding(Labelled):
    NOT_DUE = "not_due", "Not due", "未到期"
    DUE = "due", "Due", "应复核"
    OVERDUE = "overdue", "Overdue", "已逾期"


@dataclass(frozen=True, slots=True)
class ReviewPeriods:
    """Months per kind; a review is due from `notice_days` before its day and overdue after it."""

    months: Mapping[Kind, int] = field(default_factory=lambda: DEFAULT_REVIEW_MONTHS)
    notice_days: int = 30

    def __post_init__(self) -> None:
        if any(months < 1 for months in self.months.values()) or self.notice_days < 0:
            raise ValueError("a review period is a month or more")


def next_review_on(periods: ReviewPeriods, kind: Kind, reviewed_on: date, months: int | None = None) -> date:
    """The day by which the customer is reviewed again. `months` replaces the period of the kind if it is shorter."""
    period = periods.months[kind]
    return add_months(reviewed_on, period if months is None else min(period, months))


def review_standing(periods: ReviewPeriods, review_on: date, on: date) -> ReviewStanding:
    """The day itself is DUE; the day after is OVERDUE."""
    if on > review_on:
        return ReviewStanding.OVERDUE
    return ReviewStanding.DUE if on >= due_from(periods, review_on) else ReviewStanding.NOT_DUE


def due_from(periods: ReviewPeriods, review_on: date) -> date:
    """The first day on which the review is DUE: lists compare stored days with it."""
    return review_on - timedelta(days=periods.notice_days)


def important_changes(fields: Mapping[str, FieldSpec], changed: Iterable[str]) -> tuple[str, ...]:
    """Of the changed fields (declared names) those that are important: contact details and scope of business."""
    return tuple(sorted(name for name in set(changed) if name in fields and is_important(fields[name])))
