"""The use cases on the risk of customers (C4): assessed by the table in force, and assessed again from what was
recorded to see that it holds.

A new level changes the handling of the customer in the same transaction (G5).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NotRequired, TypedDict

from documents.chapters.attachments.staging import AttachmentRepository
from documents.chapters.handling.kinds import HandlingCause
from documents.chapters.identification.risk import RiskFactor, RiskLevel, RiskTable, assess_risk
from documents.chapters.identification.risk_conditions import Input, Operator
from documents.declaring.kind import Kind
from documents.errors import RuleBrokenError
from documents.plain_records import Record
from documents.reading.typed_rows import Known
from documents.reading.visible_rows import refuse_creation
from documents.reckoning.days import add_months
from documents.reckoning.working_time import SHANGHAI
from documents.writing.idempotency import IdempotentRequest
from documents.writing.records import RecordWrites
from policies.authorize import CREATE
from resolvers.caller import Caller
from resolvers.chapters.handling import Cause, handling_after
from resolvers.chapters.identification.risk_tables import RiskTables, table_of
from resolvers.inputs import OfCustomer, without
from resolvers.operations import RecordOperations
from resolvers.reads import RecordReads

ASSESSMENT = Kind.RISK_ASSESSMENT
VALID_MONTHS = 12
"""How long an assessment holds. The same for every level, so that the day does not tell the level."""


class GivenValue(TypedDict):
    factor: str
    value: NotRequired[str | None]


class AssessRisk(OfCustomer):
    inputs: list[GivenValue]
    evidence: NotRequired[list[str] | None]
    note: NotRequired[str | None]


class _Value(TypedDict):
    factor: str
    value: str | None


class _Points(TypedDict):
    factor: str
    points: int
    basis: str
    rule: int | None


class _Outcome(TypedDict):
    points: list[_Points]
    score: int
    level: str


class _RecordedAssessment(Known):
    """What an assessment was made from and what it came to: whoever has it made again reads all of it."""

    table: str
    inputs: list[_Value] | None
    points: list[_Points] | None
    score: int | None
    level: str


class RiskAssessments:
    """Assessments of risk under policy."""

    def __init__(
        self,
        operations: RecordOperations,
        reads: RecordReads,
        tables: RiskTables,
        attachments: AttachmentRepository,
    ) -> None:
        self._operations = operations
        self._reads = reads
        self._tables = tables
        self._attachments = attachments

    async def assess(self, caller: Caller, given: AssessRisk, request: IdempotentRequest | None) -> str:
        """Assesses `given["customer"]` by the table in force for its kind.

        Raises RuleBrokenError `risk_table.none`, `factor.twice`, and the errors of `assess_risk`."""
        operations = self._operations
        plan = await operations.plan(caller, ASSESSMENT, CREATE)
        evidence_plan = await operations.plan(caller, Kind.ATTACHMENT)
        customer = await operations.customer(caller, given["customer"])
        values = without(given, "customer")
        refuse_creation(plan, ASSESSMENT, customer, values)
        valid_until = add_months(datetime.now(SHANGHAI).date(), VALID_MONTHS).isoformat()

        async def work(writes: RecordWrites) -> str:
            turn = await operations.turn(writes, plan, customer)
            await self._attachments.require(writes, evidence_plan, customer, given.get("evidence") or [])
            table = await self._tables.in_force(writes, plan, customer.kind)
            outcome = _outcome(table_of(table), ((one["factor"], one.get("value")) for one in given["inputs"]))
            derived = {
                **outcome,
                "table": table["id"],
                "table_number": table["number"],
                "valid_until": valid_until,
            }
            made = await writes.insert(plan, ASSESSMENT, values, customer=customer, derived=derived, by=caller.username)
            cause, level = Cause(HandlingCause.RISK_LEVEL, made), RiskLevel(outcome["level"])
            await handling_after(operations, turn, cause, lambda situation: replace(situation, risk=level))
            return made

        return await operations.run(caller, work, request)

    async def reproduce(self, caller: Caller, assessment_id: str) -> Record | None:
        """The assessment made again from what was recorded, and whether it is the same; None where there is none.

        Raises FieldAccessError for what the caller may not read of it: nothing is made again then."""
        found = await self._reads.known(caller, ASSESSMENT, assessment_id, _RecordedAssessment)
        if found is None:
            return None
        table = await self._tables.shown(self._reads, caller, found["table"])
        if found["inputs"] is None:  # erased with its customer's key
            return None
        again = _outcome(table_of(table), ((one["factor"], one["value"]) for one in found["inputs"]))
        recorded = dict(found)
        differing = sorted(name for name, value in again.items() if _plain(value) != _plain(recorded[name]))
        return Record(
            id=assessment_id,
            equal=not differing,
            differing=differing,
            table_number=table["number"],
            level=again["level"],
            score=again["score"],
        )


def _outcome(table: RiskTable, inputs: Iterable[tuple[str, str | None]]) -> _Outcome:
    """What the values of factors come to under `table`. Raises the errors of `assess_risk`."""
    factors = {factor.name: factor for factor in table.factors}
    values: dict[str, Input | None] = {}
    for name, text in inputs:
        if name in values:
            raise RuleBrokenError("factor.twice", "inputs", input=name)
        values[name] = _input(factors.get(name), text)
    assessed = assess_risk(table, values)
    points = [
        _Points(factor=one.factor, points=one.points, basis=one.basis.value, rule=one.rule) for one in assessed.points
    ]
    return {"points": points, "score": assessed.total, "level": assessed.level.value}


def _input(factor: RiskFactor | None, text: str | None) -> Input | None:
    """The text as the rules of its factor compare it: a number where they compare numbers."""
    compares_numbers = factor is not None and any(
        rule.condition.operator is not Operator.ONE_OF for rule in factor.rules
    )
    if text is None or not compares_numbers:
        return text
    try:
        return Decimal(text)
    except InvalidOperation:
        return text  # refused by the rule that needs a number


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {name: part for name, part in value.items() if not name.startswith("_")}
    return value
