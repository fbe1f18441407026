"""Risk assessment: points from a table of factors per kind give a level (C4).

Owns the judgement, which is reproducible: the result carries the table's version, the inputs and the points of every
factor, and the same inputs under the same table give the same result. It must never guess: what is not known has the
points that the table says, and an input that the table does not know is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from documents.chapters.identification.risk_conditions import Condition, Input
from documents.declaring.kind import Kind
from documents.declaring.labels import Labelled
from documents.errors import InputError


class RiskLevel(Labelled):
    LOW = "low", "Low", "低风险"
    MEDIUM = "medium", "Medium", "中风险"
    HIGH = "high", "High", "高风险"


class Basis(Labelled):
    """Why a factor has its points: a rule held, none did, or the input is not known."""

    RULE = "rule", "A rule", "符合规则"
    OTHERWISE = "otherwise", "Otherwise", "其他情形"
    MISSING = "missing", "Missing", "信息缺失"


@dataclass(frozen=True, slots=True)
class PointRule:
    condition: Condition
    points: int


@dataclass(frozen=True, slots=True)
class RiskFactor:
    """The first of `rules` that holds gives the points; `otherwise` if none does, `missing` if the input is None."""

    name: str
    rules: tuple[PointRule, ...]
    otherwise: int
    missing: int


@dataclass(frozen=True, slots=True)
class RiskTable:
    """More points are more risk: MEDIUM from `medium_from`, HIGH from `high_from`. Raises ValueError for a table that
    has no factor, one factor twice, negative points, or thresholds that do not rise.
    """

    version: int
    kind: Kind
    factors: tuple[RiskFactor, ...]
    medium_from: int
    high_from: int

    def __post_init__(self) -> None:
        names = [factor.name for factor in self.factors]
        if not names or len(set(names)) != len(names):
            raise ValueError("a risk table has factors, each once")
        if any(points < 0 for factor in self.factors for points in _all_points(factor)):
            raise ValueError("points are not negative")
        if not 0 < self.medium_from < self.high_from:
            raise ValueError("HIGH begins above MEDIUM, and MEDIUM above nothing")

    def level(self, points: int) -> RiskLevel:
        if points >= self.high_from:
            return RiskLevel.HIGH
        return RiskLevel.MEDIUM if points >= self.medium_from else RiskLevel.LOW


@dataclass(frozen=True, slots=True)
class FactorPoints:
    """`rule` is the index of the rule that held, None for the other bases."""

    factor: str
    points: int
    basis: Basis
    rule: int | None = None


@dataclass(frozen=True, slots=True)
class RiskAssessment:
    """All that is needed to come to `level` again. `inputs` hold what was known, by factor in the table's order."""

    table_version: int
    kind: Kind
    inputs: tuple[tuple[str, Input | None], ...]
    points: tuple[FactorPoints, ...]
    total: int
    level: RiskLevel

    @property
    def missing(self) -> tuple[str, ...]:
        """The factors of which nothing is known."""
        return tuple(points.factor for points in self.points if points.basis is Basis.MISSING)


def assess_risk(table: RiskTable, inputs: Mapping[str, Input | None]) -> RiskAssessment:
    """Raises InputError `input.unknown_factor` for an input that is no factor of `table`, and
    `input.not_a_number` where a condition needs a number; it names the factor.
    """
    unknown = sorted(inputs.keys() - {factor.name for factor in table.factors})
    if unknown:
        raise InputError("input.unknown_factor", unknown[0])
    points = tuple(_judge(factor, inputs.get(factor.name)) for factor in table.factors)
    total = sum(one.points for one in points)
    return RiskAssessment(
        table.version,
        table.kind,
        tuple((factor.name, inputs.get(factor.name)) for factor in table.factors),
        points,
        total,
        table.level(total),
    )


def _judge(factor: RiskFactor, value: Input | None) -> FactorPoints:
    if value is None:
        return FactorPoints(factor.name, factor.missing, Basis.MISSING)
    for index, rule in enumerate(factor.rules):
        if rule.condition.holds(value, factor.name):
            return FactorPoints(factor.name, rule.points, Basis.RULE, index)
    return FactorPoints(factor.name, factor.otherwise, Basis.OTHERWISE)


def _all_points(factor: RiskFactor) -> tuple[int, ...]:
    return (factor.otherwise, factor.missing, *(rule.points for rule in factor.rules))
