"""The risk tables that a new installation begins with, version 1 (C4). Administrators replace them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from documents.chapters.identification.risk import PointRule, RiskFactor, RiskTable
from documents.chapters.identification.risk_conditions import Condition, at_least, below, one_of
from documents.declaring.kind import Kind


def _factor(name: str, *rules: tuple[Condition, int], otherwise: int, missing: int) -> RiskFactor:
    return RiskFactor(name, tuple(PointRule(condition, points) for condition, points in rules), otherwise, missing)


_CREDIT_RECORD: Final = _factor(
    "credit_record",
    (one_of("clean"), 0),
    (one_of("late_payments"), 15),
    (one_of("default", "dishonest"), 60),
    otherwise=30,
    missing=20,
)
_YEARS_ESTABLISHED: Final = _factor(
    "years_established", (below(1), 20), (below(3), 12), (below(5), 6), otherwise=0, missing=12
)
_OVERDUE_COUNT: Final = _factor("overdue_count", (at_least(5), 30), (at_least(1), 10), otherwise=0, missing=5)

DEFAULT_RISK_TABLES: Final[Mapping[Kind, RiskTable]] = MappingProxyType(
    {
        Kind.INDIVIDUAL: RiskTable(
            1,
            Kind.INDIVIDUAL,
            (
                _factor(
                    "income_source",
                    (one_of("employed", "pension"), 0),
                    (one_of("self_employed"), 8),
                    otherwise=15,
                    missing=15,
                ),
                _CREDIT_RECORD,
                _OVERDUE_COUNT,
            ),
            medium_from=25,
            high_from=50,
        ),
        Kind.ENTERPRISE: RiskTable(
            1,
            Kind.ENTERPRISE,
            (
                _factor(
                    "industry",
                    (one_of("finance", "real_estate", "commodity_trade"), 15),
                    (one_of("construction", "chemicals", "mining"), 10),
                    otherwise=4,
                    missing=10,
                ),
                _factor(
                    "state_of_business",
                    (one_of("operating"), 0),
                    (one_of("shrinking"), 15),
                    (one_of("suspended", "abnormal_list"), 50),
                    otherwise=20,
                    missing=15,
                ),
                _CREDIT_RECORD,
                _YEARS_ESTABLISHED,
                _OVERDUE_COUNT,
            ),
            medium_from=30,
            high_from=60,
        ),
        Kind.INSTITUTION: RiskTable(
            1,
            Kind.INSTITUTION,
            (
                _factor(
                    "funding_source",
                    (one_of("full_budget"), 0),
                    (one_of("partial_budget"), 5),
                    (one_of("self_funded"), 12),
                    otherwise=12,
                    missing=12,
                ),
                _CREDIT_RECORD,
                _OVERDUE_COUNT,
            ),
            medium_from=25,
            high_from=50,
        ),
    }
)
