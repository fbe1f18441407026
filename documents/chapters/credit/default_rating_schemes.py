"""The rating schemes that a new installation begins with, version 1 (K1, K4, K5). Administrators replace them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from documents.chapters.credit.rating import Band, Grade, GradeRule, Indicator, IndicatorGroup, RatingScheme
from documents.declaring.kind import Kind
from documents.reckoning.money import Money

_FINANCIAL: Final = IndicatorGroup.FINANCIAL_CONDITION
_OPERATING: Final = IndicatorGroup.OPERATING_ABILITY
_RECORD: Final = IndicatorGroup.CREDIT_RECORD
_MARKET: Final = IndicatorGroup.MARKET_COMPETITIVENESS


def _indicator(
    name: str, group: IndicatorGroup, weight: int, *bands: tuple[str, int], below: int, missing: int = 0
) -> Indicator:
    made = tuple(Band(Decimal(at_least), Decimal(score)) for at_least, score in bands)
    return Indicator(name, group, Decimal(weight), made, Decimal(below), Decimal(missing))


def _fixed(grade: Grade, at_least: int, limit: int) -> GradeRule:
    return GradeRule(grade, Decimal(at_least), fixed=Money(Decimal(limit), "CNY"))


def _share(grade: Grade, at_least: int, share: str, ceiling: int) -> GradeRule:
    return GradeRule(grade, Decimal(at_least), share_of_revenue=Decimal(share), ceiling=Money(Decimal(ceiling), "CNY"))


# Paid in time, in percent of all invoices of two years: the same for everybody.
_PAID_IN_TIME: Final = (("80", 40), ("90", 70), ("98", 100))

DEFAULT_RATING_SCHEMES: Final[Mapping[Kind, RatingScheme]] = MappingProxyType(
    {
        Kind.INDIVIDUAL: RatingScheme(
            1,
            Kind.INDIVIDUAL,
            (
                _indicator("annual_income", _FINANCIAL, 30, ("60000", 50), ("120000", 75), ("300000", 100), below=20),
                _indicator("years_employed", _OPERATING, 15, ("1", 50), ("3", 75), ("5", 100), below=20),
                _indicator("paid_in_time_percent", _RECORD, 45, *_PAID_IN_TIME, below=0, missing=50),
                _indicator("professional_standing", _MARKET, 10, ("1", 50), ("2", 75), ("3", 100), below=20),
            ),
            (
                _fixed(Grade.EXCELLENT, 85, 100_000),
                _fixed(Grade.GOOD, 70, 50_000),
                _fixed(Grade.FAIR, 60, 10_000),
                _fixed(Grade.POOR, 0, 0),
            ),
        ),
        Kind.ENTERPRISE: RatingScheme(
            1,
            Kind.ENTERPRISE,
            (
                _indicator("current_ratio", _FINANCIAL, 15, ("0.8", 40), ("1.2", 70), ("2", 100), below=10),
                _indicator("debt_percent", _FINANCIAL, 15, ("0", 100), ("50", 70), ("70", 30), ("90", 0), below=0),
                _indicator("revenue_growth_percent", _OPERATING, 10, ("-5", 50), ("0", 70), ("10", 100), below=20),
                _indicator("receivable_days", _OPERATING, 15, ("0", 100), ("60", 70), ("120", 30), below=0),
                _indicator("paid_in_time_percent", _RECORD, 30, *_PAID_IN_TIME, below=0, missing=50),
                _indicator("market_share_percent", _MARKET, 15, ("1", 50), ("5", 75), ("15", 100), below=30),
            ),
            (
                _share(Grade.EXCELLENT, 85, "0.15", 20_000_000),
                _share(Grade.GOOD, 70, "0.10", 10_000_000),
                _share(Grade.FAIR, 60, "0.05", 2_000_000),
                _fixed(Grade.POOR, 0, 0),
            ),
        ),
        Kind.INSTITUTION: RatingScheme(
            1,
            Kind.INSTITUTION,
            (
                _indicator("budget_coverage_percent", _FINANCIAL, 35, ("80", 50), ("100", 100), below=10),
                _indicator("budget_execution_percent", _OPERATING, 20, ("70", 50), ("90", 100), below=20),
                _indicator("paid_in_time_percent", _RECORD, 35, *_PAID_IN_TIME, below=0, missing=50),
                _indicator("regional_standing", _MARKET, 10, ("1", 50), ("2", 75), ("3", 100), below=30),
            ),
            (
                _fixed(Grade.EXCELLENT, 85, 5_000_000),
                _fixed(Grade.GOOD, 70, 2_000_000),
                _fixed(Grade.FAIR, 60, 500_000),
                _fixed(Grade.POOR, 0, 0),
            ),
        ),
    }
)
