"""Reviews of customer information: when the next is due, and which changes are recorded at once (I2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Final

from documents.declaring.kind import Kind
from documents.reckoning.days import add_months

DEFAULT_REVIEW_MONTHS: Final[Mapping[Kind, int]] = MappingProxyType(
    {Kind.INDIVIDUAL: 24, Kind.ENTERPRISE: 12, Kind.INSTITUTION: 12}
)


@dataclass(frozen=True, slots=True)
class ReviewPeriods:
    """Months per kind."""

    months: Mapping[Kind, int] = field(default_factory=lambda: DEFAULT_REVIEW_MONTHS)

    def __post_init__(self) -> None:
        if any(months < 1 for months in self.months.values()):
            raise ValueError("a review period is a month or more")


def next_review_on(periods: ReviewPeriods, kind: Kind, reviewed_on: date, months: int | None = None) -> date:
    """The day by which the customer is reviewed again. `months` replaces the period of the kind if it is shorter."""
    period = periods.months[kind]
    return add_months(reviewed_on, period if months is None else min(period, months))
