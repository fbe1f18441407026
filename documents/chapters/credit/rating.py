"""Credit rating: weighted indicators and a bounded judgement give a score, a grade and a limit (K1 to K5).

Owns the arithmetic, in decimals and reproducible from what the result records. It must never fill in what is missing
silently: an indicator without a value has the score that the scheme says, and a limit that needs an unknown revenue is
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from documents.declaring.kind import Kind
from documents.declaring.labels import Labelled
from documents.errors import InputError, RuleBrokenError
from documents.reckoning.money import EXACT, Money, to_cents, zero

HUNDRED = Decimal(100)


class IndicatorGroup(Labelled):
    """The four groups of indicators (K1)."""

    FINANCIAL_CONDITION = "financial_condition", "Financial condition", "财务状况"
    OPERATING_ABILITY = "operating_ability", "Operating ability", "经营能力"
    CREDIT_RECORD = "credit_record", "Credit record", "信用记录"
    MARKET_COMPETITIVENESS = "market_competitiveness", "Market competitiveness", "市场竞争力"


class Grade(StrEnum):
    """The grades of K4, best first. A scheme may have others: grades are texts."""

    EXCELLENT = "excellent"
    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"


@dataclass(frozen=True, slots=True)
class Band:
    """`score` for values from `at_least` to the next band."""

    at_least: Decimal
    score: Decimal


@dataclass(frozen=True, slots=True)
class Indicator:
    """`bands` rise; a value below them all scores `below`, an unknown one `missing`. Scores are 0 to 100."""

    name: str
    group: IndicatorGroup
    weight: Decimal
    bands: tuple[Band, ...]
    below: Decimal = Decimal(0)
    missing: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        scores = (self.below, self.missing, *(band.score for band in self.bands))
        if not all(0 <= score <= HUNDRED for score in scores):
            raise ValueError("scores are 0 to 100")
        if any(a.at_least >= b.at_least for a, b in pairwise(self.bands)):
            raise ValueError("bands rise")
        if self.weight <= 0:
            raise ValueError("a weight is more than nothing")

    def score(self, value: Decimal | None) -> Decimal:
        if value is None:
            return self.missing
        return next((band.score for band in reversed(self.bands) if value >= band.at_least), self.below)


@dataclass(frozen=True, slots=True)
class GradeRule:
    """`grade` from `at_least` points. Its limit is `fixed`, or `share_of_revenue` (0.1 is a tenth) up to `ceiling`."""

    grade: str
    at_least: Decimal
    fixed: Money | None = None
    share_of_revenue: Decimal | None = None
    ceiling: Money | None = None


@dataclass(frozen=True, slots=True)
class RatingScheme:
    """`weights` sum to 100 over all four groups; `grades` fall to one from 0 points. Raises ValueError otherwise."""

    version: int
    kind: Kind
    indicators: tuple[Indicator, ...]
    grades: tuple[GradeRule, ...]
    currency: str = "CNY"
    greatest_adjustment: Decimal = Decimal(10)

    def __post_init__(self) -> None:
        names = [indicator.name for indicator in self.indicators]
        if len(set(names)) != len(names):
            raise ValueError("an indicator is there once")
        if sum((indicator.weight for indicator in self.indicators), Decimal(0)) != HUNDRED:
            raise ValueError("weights sum to 100")
        if {indicator.group for indicator in self.indicators} != set(IndicatorGroup):
            raise ValueError("each of the four groups has an indicator")
        if not self.grades or self.grades[-1].at_least != 0:
            raise ValueError("the last grade begins at 0")
        if any(a.at_least <= b.at_least for a, b in pairwise(self.grades)):
            raise ValueError("grades fall, best first")
        if len({rule.grade for rule in self.grades}) != len(self.grades):
            raise ValueError("a grade is there once")
        if any((rule.fixed is None) == (rule.share_of_revenue is None) for rule in self.grades):
            raise ValueError("a limit is fixed or a share of the revenue")
        limits = (limit for rule in self.grades for limit in (rule.fixed, rule.ceiling) if limit is not None)
        if any(limit.currency != self.currency or limit.amount < 0 for limit in limits):
            raise ValueError("limits are in the currency of the scheme and not negative")

    def grade(self, points: Decimal) -> str:
        """The best grade that `points` (0 to 100) reach."""
        return next(rule.grade for rule in self.grades if points >= rule.at_least)


@dataclass(frozen=True, slots=True)
class Judgement:
    """The qualitative part: points up or down, and why (K3)."""

    adjustment: Decimal
    reason: str


@dataclass(frozen=True, slots=True)
class IndicatorScore:
    """`weighted` is score × weight / 100: what the indicator adds to the total."""

    indicator: str
    group: IndicatorGroup
    value: Decimal | None
    score: Decimal
    weight: Decimal
    weighted: Decimal


@dataclass(frozen=True, slots=True)
class CreditRating:
    """All that is needed to come to `grade` again. `quantitative` and `total` are 0 to 100, two places."""

    scheme_version: int
    kind: Kind
    scores: tuple[IndicatorScore, ...]
    quantitative: Decimal
    judgement: Judgement | None
    total: Decimal
    grade: str

    @property
    def missing(self) -> tuple[str, ...]:
        """The indicators without a value."""
        return tuple(score.indicator for score in self.scores if score.value is None)


class LimitBasis(Labelled):
    FIXED = "fixed", "Fixed amount", "固定额度"
    REVENUE = "revenue", "Share of revenue", "按营业收入"
    REVENUE_UNKNOWN = "revenue_unknown", "Revenue unknown", "营业收入不详"


@dataclass(frozen=True, slots=True)
class CreditLimit:
    amount: Money
    basis: LimitBasis


def rate_credit(
    scheme: RatingScheme, values: Mapping[str, Decimal | None], judgement: Judgement | None = None
) -> CreditRating:
    """Raises InputError `input.unknown_indicator`, `input.not_a_number` (with its name), and RuleBrokenError
    `judgement.out_of_bounds` or `judgement.reason_missing`.
    """
    unknown = sorted(values.keys() - {indicator.name for indicator in scheme.indicators})
    if unknown:
        raise InputError("input.unknown_indicator", unknown[0])
    _check(scheme, judgement)
    scores = tuple(_score(indicator, values.get(indicator.name)) for indicator in scheme.indicators)
    exact = Decimal(0)
    for score in scores:
        exact = EXACT.add(exact, score.weighted)
    adjustment = judgement.adjustment if judgement else Decimal(0)
    # Rounded once, at the end: the grade is that of the total which people see.
    points = to_cents(min(max(EXACT.add(exact, adjustment), Decimal(0)), HUNDRED))
    return CreditRating(scheme.version, scheme.kind, scores, to_cents(exact), judgement, points, scheme.grade(points))


def credit_limit(scheme: RatingScheme, grade: str, annual_revenue: Money | None) -> CreditLimit:
    """The limit of `grade`, in the scheme's currency. A share of a revenue that is unknown is nothing.

    Raises RuleBrokenError `grade.unknown`, CurrencyError `currency.mixed` for a revenue in another currency.
    """
    rule = next((rule for rule in scheme.grades if rule.grade == grade), None)
    if rule is None:
        raise RuleBrokenError("grade.unknown")
    if rule.fixed is not None:
        return CreditLimit(rule.fixed, LimitBasis.FIXED)
    if annual_revenue is None or rule.share_of_revenue is None:
        return CreditLimit(zero(scheme.currency), LimitBasis.REVENUE_UNKNOWN)
    share = (zero(scheme.currency) + annual_revenue).times(rule.share_of_revenue)
    limit = rule.ceiling if rule.ceiling is not None and rule.ceiling < share else share
    return CreditLimit(limit, LimitBasis.REVENUE)


def _score(indicator: Indicator, value: Decimal | None) -> IndicatorScore:
    if value is not None and not value.is_finite():
        raise InputError("input.not_a_number", indicator.name)
    score = indicator.score(value)
    weighted = EXACT.multiply(score, indicator.weight).scaleb(-2, context=EXACT)
    return IndicatorScore(indicator.name, indicator.group, value, score, indicator.weight, weighted)


def _check(scheme: RatingScheme, judgement: Judgement | None) -> None:
    if judgement is None:
        return
    if not judgement.adjustment.is_finite() or abs(judgement.adjustment) > scheme.greatest_adjustment:
        raise RuleBrokenError("judgement.out_of_bounds")
    if not judgement.reason.strip():
        raise RuleBrokenError("judgement.reason_missing")
