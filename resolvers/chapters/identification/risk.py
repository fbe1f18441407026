"""The use cases on the risk of customers (C4): assessed by the table in force, and assessed again from what was
recorded to see that it holds.

A new level changes the handling of the customer in the same transaction (G5).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from documents.chapters.attachments.staging import AttachmentRepository
from documents.chapters.handling.kinds import HandlingCause
from documents.chapters.identification.risk import RiskFactor, RiskLevel, RiskTable, assess_risk
from documents.chapters.identification.risk_conditions import Input, Operator
from documents.declaring.kind import Kind
from documents.errors import FieldAccessError, RuleBrokenError
from documents.plain_records import Record
from documents.reading.list_query import Selection
from documents.reading.record_rights import refuse_creation
from documents.reckoning.days import add_months
from documents.reckoning.working_time import SHANGHAI
from documents.writing.idempotency import IdempotentRequest
from documents.writing.locks import lock_customer
from documents.writing.records import RecordWrites
from policies.authorize import CREATE
from resolvers.caller import Caller
from resolvers.chapters.handling import handling_after
from resolvers.chapters.identification.risk_tables import PARTS, table_of
from resolvers.operations import RecordOperations
from resolvers.reads import RecordReads
from resolvers.versioned_tables import VersionedTables

ASSESSMENT = Kind.RISK_ASSESSMENT
VALID_MONTHS = 12
"""How long an assessment holds. The same for every level, so that the day does not tell the level."""
RECORDED = ("inputs", "points", "score", "level")
"""What an assessment was made from and what it came to: whoever has it made again reads all of it."""


class RiskAssessments:
    """Assessments of risk under policy."""

    def __init__(
        self,
        operations: RecordOperations,
        reads: RecordReads,
        tables: VersionedTables,
        attachments: AttachmentRepository,
    ) -> None:
        self._operations = operations
        self._reads = reads
        self._tables = tables
        self._attachments = attachments

    async def assess(self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None) -> str:
        """Assesses `given["customer"]` by the table in force for its kind.

        Raises RuleBrokenError `risk_table.none`, `factor.twice`, and the errors of `assess_risk`."""
        operations = self._operations
        plan = await operations.plan(caller, ASSESSMENT, CREATE)
        evidence_plan = await operations.plan(caller, Kind.ATTACHMENT)
        customer = await operations.customer(caller, given["customer"])
        values = {name: value for name, value in given.items() if name != "customer"}
        refuse_creation(plan, ASSESSMENT, customer, values)
        valid_until = add_months(datetime.now(SHANGHAI).date(), VALID_MONTHS).isoformat()

        async def work(writes: RecordWrites) -> str:
            await lock_customer(operations.writer, writes, customer)
            await self._attachments.require(writes, evidence_plan, customer, values.get("evidence") or [])
            table = await self._tables.in_force(writes, plan, customer.kind)
            outcome = _outcome(table_of(table), values["inputs"])
            derived = {
                **outcome,
                "table": table["id"],
                "table_number": table["number"],
                "valid_until": valid_until,
            }
            made = await writes.insert(plan, ASSESSMENT, values, customer=customer, derived=derived, by=caller.username)
            cause, level = HandlingCause.RISK_LEVEL, RiskLevel(outcome["level"])
            await handling_after(operations, writes, plan, customer, cause, made, risk=level)
            return made

        return await operations.run(work, request)

    async def reproduce(self, caller: Caller, assessment_id: str) -> Record | None:
        """The assessment made again from what was recorded, and whether it is the same; None where there is none.

        Raises FieldAccessError for what the caller may not read of it: nothing is made again then."""
        if not assessment_id.startswith(f"{ASSESSMENT.value}_"):
            return None
        asked = Selection({ASSESSMENT: frozenset({"table", *RECORDED})})
        found = await self._reads.find(caller, assessment_id, asked)
        if found is None:
            return None
        if denied := {"table", *RECORDED} - found.keys():
            raise FieldAccessError("read", denied)
        table = await self._reads.find(caller, found["table"], Selection({Kind.RISK_TABLE: frozenset(PARTS)}))
        if table is None or not table.keys() >= set(PARTS):
            raise FieldAccessError("read", ["table"])
        if found["inputs"] is None:  # erased with its customer's key
            return None
        again = _outcome(table_of(table), found["inputs"])
        differing = sorted(name for name, value in again.items() if _plain(value) != _plain(found[name]))
        return Record(
            id=assessment_id,
            equal=not differing,
            differing=differing,
            table_number=table["number"],
            level=again["level"],
            score=again["score"],
        )


def _outcome(table: RiskTable, inputs: list[Mapping[str, Any]]) -> dict[str, Any]:
    """What `inputs` come to under `table`. Raises the errors of `assess_risk`."""
    factors = {factor.name: factor for factor in table.factors}
    values: dict[str, Input | None] = {}
    for item in inputs:
        name = item["factor"]
        if name in values:
            raise RuleBrokenError("factor.twice", "inputs", input=name)
        values[name] = _input(factors.get(name), item.get("value"))
    assessed = assess_risk(table, values)
    points = [
        {"factor": one.factor, "points": one.points, "basis": one.basis.value, "rule": one.rule}
        for one in assessed.points
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
