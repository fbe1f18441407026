"""How a customer is handled, kept true (G5): a new grade, risk level, collection step or payment changes it at once.

`handling_after` is called in the transaction of the cause, by whoever writes the cause. The newest change is the
handling in force, with the situation that it follows from. Decides nothing itself:
`documents.chapters.handling.situation`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from documents.chapters.credit.overdue_steps import CollectionStage
from documents.chapters.handling.kinds import HANDLING_MARK, HandlingCause
from documents.chapters.handling.situation import (
    Handling,
    HandlingChange,
    HandlingValue,
    Situation,
    handling,
    handling_changes,
)
from documents.chapters.identification.risk import RiskLevel
from documents.chapters.information.reviews import DEFAULT_REVIEW_MONTHS
from documents.declaring.kind import Kind
from documents.errors import RecordNotFoundError
from documents.reading.typed_rows import Known
from documents.reading.where import Where
from documents.reckoning.money import Money, zero
from policies.principal import SYSTEM
from resolvers.operations import SYSTEM_ACTIONS, RecordOperations, Turn

CURRENCY = "CNY"
"""Of the limit of a customer who was never rated: nothing."""


class _KnownChange(Known):
    number: int
    granted_limit: str | None
    currency: str
    grade: str | None
    risk_level: str | None
    collection_stage: str | None


@dataclass(frozen=True, slots=True)
class Cause:
    """Why the handling may change; `record` is the public id of the record that is the cause."""

    kind: HandlingCause
    record: str | None


@dataclass(frozen=True, slots=True)
class HandlingInForce:
    """The newest change: its public id, how often the handling has changed, the situation, and the handling."""

    record_id: str | None
    number: int
    situation: Situation
    handling: Handling


async def handling_in_force(operations: RecordOperations, turn: Turn) -> HandlingInForce:
    """How the customer is handled now, as the system knows it; a new one as the worst. Nothing of it may be served.

    Raises RecordNotFoundError for a customer whose data are erased."""
    kind, of_customer = turn.customer.kind, Where(customer=turn.customer)
    found = await operations.all_known(turn.writes, turn.plan, Kind.HANDLING_CHANGE, of_customer, _KnownChange)
    if not found:
        situation = Situation(zero(CURRENCY), DEFAULT_REVIEW_MONTHS[kind])
        return HandlingInForce(None, 0, situation, handling(situation))
    newest = max(found, key=lambda change: change["number"])
    situation = _situation(newest, kind)
    return HandlingInForce(newest["id"], newest["number"], situation, handling(situation))


async def handling_after(
    operations: RecordOperations, turn: Turn, cause: Cause, change: Callable[[Situation], Situation]
) -> HandlingInForce:
    """Brings the handling up to what `change` makes of the situation. Writes one `handling_change` if anything is
    handled otherwise (or was never noted), none if not.

    To be called in the transaction of the cause, with the plan under which the cause was written."""
    writes, known = turn.writes, await handling_in_force(operations, turn)
    situation = change(known.situation)
    if situation == known.situation and known.record_id is not None:
        return known
    own = await operations.system_plan(turn.plan, Kind.HANDLING_CHANGE, SYSTEM_ACTIONS)
    changes, after = handling_changes(known.situation, situation), handling(situation)
    noted = _noted(situation)
    if known.record_id is not None and not changes:
        await writes.update(own, Kind.HANDLING_CHANGE, known.record_id, noted)
        return replace(known, situation=situation, handling=after)
    values = {
        **noted,
        "number": known.number + 1,
        "cause": cause.kind.value,
        "cause_record": cause.record,
        "changed": [change.what for change in changes],
        "changes": [_item(change) for change in changes],
        "credit_limit": str(after.limit.amount),
        "review_months": after.review_months,
        "needs_approval": after.needs_approval,
        "stops_new_credit": after.stops_new_credit,
        "priority": after.priority.value,
    }
    made = await writes.insert(own, Kind.HANDLING_CHANGE, values, customer=turn.customer, by=SYSTEM.username)
    await writes.unit.set_on_customer(turn.customer.row_id, HANDLING_MARK, known.number + 1)
    return HandlingInForce(made, known.number + 1, situation, after)


def _situation(known: _KnownChange, kind: Kind) -> Situation:
    granted, risk, stage = known["granted_limit"], known["risk_level"], known["collection_stage"]
    if granted is None:  # erased with the customer's key
        raise RecordNotFoundError
    return Situation(
        granted=Money(Decimal(granted), known["currency"]),
        review_months=DEFAULT_REVIEW_MONTHS[kind],
        grade=known["grade"],
        risk=RiskLevel(risk) if risk is not None else None,
        collection=CollectionStage(stage) if stage is not None else None,
    )


def _noted(situation: Situation) -> Mapping[str, Any]:
    return {
        "granted_limit": str(situation.granted.amount),
        "currency": situation.granted.currency,
        "grade": situation.grade,
        "risk_level": situation.risk.value if situation.risk is not None else None,
        "collection_stage": situation.collection.value if situation.collection is not None else None,
    }


def _item(change: HandlingChange) -> dict[str, str]:
    return {
        "what": change.what,
        "before": _text(change.before),
        "after": _text(change.after),
        "why": " ".join(change.why),
    }


def _text(value: HandlingValue) -> str:
    if isinstance(value, Money):
        return f"{value.amount} {value.currency}"
    return str(value).lower() if isinstance(value, bool) else str(value)
