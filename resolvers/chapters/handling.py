"""How a customer is handled, kept true (G5): a new grade, risk level, collection step or payment changes it at once.

`handling_after` is called in the transaction of the cause, by whoever writes the cause. The newest change is the
handling in force, with the situation that it follows from. Decides nothing itself:
`documents.chapters.handling.situation`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from documents.access.plan import AccessPlan
from documents.chapters.credit.overdue_steps import CollectionStage
from documents.chapters.handling.kinds import HandlingCause
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
from documents.plain_records import Record
from documents.reckoning.money import Money, zero
from documents.storing.layout import CustomerReference
from documents.writing.locks import lock_customer, mark_handling
from documents.writing.records import RecordWrites
from policies.authorize import READ
from resolvers.operations import SYSTEM_ACTIONS, RecordOperations

CURRENCY = "CNY"
"""Of the limit of a customer who was never rated: nothing."""

SYSTEM_NAME = "system"
_SITUATION = ("granted_limit", "currency", "grade", "risk_level", "collection_stage")
_UNCHANGED: Any = object()


@dataclass(frozen=True, slots=True)
class HandlingInForce:
    """The newest change: its public id, how often the handling has changed, the situation, and the handling."""

    record_id: str | None
    number: int
    situation: Situation
    handling: Handling


async def handling_in_force(
    operations: RecordOperations, writes: RecordWrites, plan: AccessPlan, customer: CustomerReference
) -> HandlingInForce:
    """How the customer is handled now, as the system knows it; a new one as the worst. Nothing of it may be served."""
    own = await operations.system_plan(plan, Kind.HANDLING_CHANGE, READ)
    condition = {"customer_id": customer.row_id}
    found = await writes.find(own, Kind.HANDLING_CHANGE, condition, "number", *_SITUATION)
    if not found:
        situation = Situation(zero(CURRENCY), DEFAULT_REVIEW_MONTHS[customer.kind])
        return HandlingInForce(None, 0, situation, handling(situation))
    newest = max(found, key=lambda record: record["number"])
    situation = _situation(newest, customer.kind)
    return HandlingInForce(newest["id"], newest["number"], situation, handling(situation))


async def handling_after(
    operations: RecordOperations,
    writes: RecordWrites,
    plan: AccessPlan,
    customer: CustomerReference,
    cause: HandlingCause,
    cause_record: str | None,
    *,
    grade: str = _UNCHANGED,
    granted: Money = _UNCHANGED,
    risk: RiskLevel | None = _UNCHANGED,
    collection: CollectionStage | None = _UNCHANGED,
) -> HandlingInForce:
    """Brings the handling up to what the situation is now; what is not given stays as it was. Writes one
    `handling_change` if anything is handled otherwise (or was never noted), none if not.

    Call it within the transaction of the cause, with the plan under which the cause was written. `cause_record` is the
    public id of the record that is the cause. Raises RecordNotFoundError where the customer is gone."""
    await lock_customer(operations.writer, writes, customer)
    known = await handling_in_force(operations, writes, plan, customer)
    given: dict[str, Any] = {"grade": grade, "granted": granted, "risk": risk, "collection": collection}
    situation = replace(known.situation, **{name: value for name, value in given.items() if value is not _UNCHANGED})
    if situation == known.situation and known.record_id is not None:
        return known
    own = await operations.system_plan(plan, Kind.HANDLING_CHANGE, SYSTEM_ACTIONS)
    changes, after = handling_changes(known.situation, situation), handling(situation)
    noted = _noted(situation)
    if known.record_id is not None and not changes:
        await writes.update(own, Kind.HANDLING_CHANGE, known.record_id, noted)
        return replace(known, situation=situation, handling=after)
    values = {
        **noted,
        "number": known.number + 1,
        "cause": cause.value,
        "cause_record": cause_record,
        "changed": [change.what for change in changes],
        "changes": [_item(change) for change in changes],
        "credit_limit": str(after.limit.amount),
        "review_months": after.review_months,
        "needs_approval": after.needs_approval,
        "stops_new_credit": after.stops_new_credit,
        "priority": after.priority.value,
    }
    made = await writes.insert(own, Kind.HANDLING_CHANGE, values, customer=customer, by=SYSTEM_NAME)
    await mark_handling(operations.writer, writes, customer, known.number + 1)
    return HandlingInForce(made, known.number + 1, situation, after)


def _situation(record: Record, kind: Kind) -> Situation:
    risk, stage = record.get("risk_level"), record.get("collection_stage")
    return Situation(
        granted=Money(Decimal(record["granted_limit"]), record["currency"]),
        review_months=DEFAULT_REVIEW_MONTHS[kind],
        grade=record.get("grade"),
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
