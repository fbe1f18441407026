"""How a customer is handled, and what changes when grade, risk or arrears change (G5).

Owns the derivation: the handling follows from the situation alone, so the same change gives the same list, and no
change gives an empty one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from documents.chapters.credit.overdue_steps import CollectionStage
from documents.chapters.credit.rating import Grade
from documents.chapters.identification.risk import RiskLevel
from documents.chapters.service.standards import Priority
from documents.reckoning.money import Money

HandlingValue = Money | int | bool | Priority


@dataclass(frozen=True, slots=True)
class Situation:
    """What the handling follows from. `granted` is the limit of the grade, `review_months` the period of the kind;
    None is not yet rated, not yet assessed, nothing in collection.
    """

    granted: Money
    review_months: int
    grade: str | None = None
    risk: RiskLevel | None = None
    collection: CollectionStage | None = None


@dataclass(frozen=True, slots=True)
class Handling:
    """`limit`: what may be owed; `review_months`: the review period; `needs_approval`: new contracts are approved by a
    second person; `stops_new_credit`: no new contract on credit; `priority`: of new tickets.
    """

    limit: Money
    review_months: int
    needs_approval: bool
    stops_new_credit: bool
    priority: Priority


@dataclass(frozen=True, slots=True)
class HandlingPolicy:
    """Shares of the granted limit (1 is all), review periods in months, and who is served first.

    What a mapping does not name takes the strictest value that it has: of the unknown the worst is assumed.
    """

    limit_by_risk: Mapping[RiskLevel, Decimal]
    review_by_risk: Mapping[RiskLevel, int]
    approval_risks: frozenset[RiskLevel]
    approval_grades: frozenset[str]
    approval_from: CollectionStage
    stop_from: CollectionStage
    priority_grades: frozenset[str]


DEFAULT_HANDLING: Final = HandlingPolicy(
    limit_by_risk=MappingProxyType(
        {RiskLevel.LOW: Decimal(1), RiskLevel.MEDIUM: Decimal(1), RiskLevel.HIGH: Decimal("0.5")}
    ),
    review_by_risk=MappingProxyType({RiskLevel.LOW: 24, RiskLevel.MEDIUM: 12, RiskLevel.HIGH: 3}),
    approval_risks=frozenset({RiskLevel.HIGH}),
    approval_grades=frozenset({Grade.POOR}),
    approval_from=CollectionStage.LETTER,
    stop_from=CollectionStage.LETTER,
    priority_grades=frozenset({Grade.EXCELLENT}),
)
_STAGES: Final = tuple(CollectionStage)


@dataclass(frozen=True, slots=True)
class HandlingChange:
    """`what` is a field of Handling; `why` names the fields of Situation that the change follows from."""

    what: str
    before: HandlingValue
    after: HandlingValue
    why: tuple[str, ...]


def handling(situation: Situation, policy: HandlingPolicy = DEFAULT_HANDLING) -> Handling:
    """Not yet rated or assessed is handled as the worst."""
    stops = _has_reached(situation.collection, policy.stop_from)
    return Handling(
        limit=_limit(situation, policy, stops=stops),
        review_months=_review_months(situation, policy),
        needs_approval=_needs_approval(situation, policy),
        stops_new_credit=stops,
        priority=Priority.HIGH if situation.grade in policy.priority_grades and not stops else Priority.NORMAL,
    )


def handling_changes(
    before: Situation, after: Situation, policy: HandlingPolicy = DEFAULT_HANDLING
) -> tuple[HandlingChange, ...]:
    """What is handled otherwise now, in the order of Handling's fields.

    A cause is a changed field of the situation without whose change the result would differ; where several bring it
    about together, or each by itself would, all that changed are named.
    """
    old, new = handling(before, policy), handling(after, policy)
    changed = [one.name for one in fields(Situation) if getattr(before, one.name) != getattr(after, one.name)]
    without = {name: handling(replace(after, **{name: getattr(before, name)}), policy) for name in changed}
    return tuple(
        HandlingChange(name, getattr(old, name), getattr(new, name), _causes(name, new, without))
        for name in (one.name for one in fields(Handling))
        if getattr(old, name) != getattr(new, name)
    )


def _causes(name: str, new: Handling, without: Mapping[str, Handling]) -> tuple[str, ...]:
    needed = tuple(cause for cause, other in without.items() if getattr(other, name) != getattr(new, name))
    return needed or tuple(without)


def _limit(situation: Situation, policy: HandlingPolicy, *, stops: bool) -> Money:
    strictest = min(policy.limit_by_risk.values())
    share = strictest if situation.risk is None else policy.limit_by_risk.get(situation.risk, strictest)
    return situation.granted.times(Decimal(0) if stops or situation.grade is None else share)


def _review_months(situation: Situation, policy: HandlingPolicy) -> int:
    strictest = min(policy.review_by_risk.values())
    by_risk = strictest if situation.risk is None else policy.review_by_risk.get(situation.risk, strictest)
    return min(situation.review_months, by_risk)


def _needs_approval(situation: Situation, policy: HandlingPolicy) -> bool:
    return (
        situation.risk is None
        or situation.grade is None
        or situation.risk in policy.approval_risks
        or situation.grade in policy.approval_grades
        or _has_reached(situation.collection, policy.approval_from)
    )


def _has_reached(stage: CollectionStage | None, bound: CollectionStage) -> bool:
    return stage is not None and _STAGES.index(stage) >= _STAGES.index(bound)
