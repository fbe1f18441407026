"""The use cases on credit assessments (K2 to K5): made, approved by a second person, made again to see that they hold.

A new grade changes the handling of the customer in the same transaction (G5).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from documents.access.plan import AccessPlan
from documents.chapters.attachments.staging import AttachmentRepository
from documents.chapters.credit.kinds import AssessmentState
from documents.chapters.credit.rating import CreditRating, Judgement, RatingScheme, credit_limit, rate_credit
from documents.chapters.handling.kinds import HandlingCause
from documents.declaring.kind import Kind
from documents.errors import FieldAccessError, RuleBrokenError
from documents.plain_records import Record
from documents.reading.list_query import Selection
from documents.reading.record_rights import refuse_creation
from documents.reckoning.money import Money
from documents.storing.layout import CustomerReference
from documents.writing.idempotency import IdempotentRequest
from documents.writing.locks import lock_customer
from documents.writing.records import RecordWrites
from policies.authorize import CREATE, READ, WRITE
from resolvers.caller import Caller
from resolvers.chapters.credit.indicator_tables import PARTS, IndicatorTables, scheme_of
from resolvers.chapters.handling import handling_after
from resolvers.operations import SYSTEM_ACTIONS, RecordOperations
from resolvers.reads import RecordReads

ASSESSMENT = Kind.CREDIT_ASSESSMENT
OUTCOME = ("points", "quantitative", "total", "grade", "credit_limit", "currency", "limit_basis")
RECORDED = ("inputs", "annual_revenue", "adjustment", "judgement", *OUTCOME)
"""What an assessment was made from and what it came to: whoever has it made again reads all of it."""
APPROVAL = ("state", "approved_by", "approved_at")


class CreditAssessments:
    """Assessments under policy. `four_eyes`: one is in force only when a second person approved it."""

    def __init__(
        self,
        operations: RecordOperations,
        reads: RecordReads,
        tables: IndicatorTables,
        attachments: AttachmentRepository,
        *,
        four_eyes: bool,
    ) -> None:
        self._operations = operations
        self._reads = reads
        self._tables = tables
        self._attachments = attachments
        self._four_eyes = four_eyes

    async def assess(self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None) -> str:
        """Rates `given["customer"]` by the table in force for its kind."""
        operations = self._operations
        plan = await operations.plan(caller, ASSESSMENT, CREATE)
        evidence_plan = await operations.plan(caller, Kind.ATTACHMENT)
        customer = await operations.customer(caller, given["customer"])
        values = {name: value for name, value in given.items() if name != "customer"}
        refuse_creation(plan, ASSESSMENT, customer, values)

        async def work(writes: RecordWrites) -> str:
            await lock_customer(operations.writer, writes, customer)
            await self._attachments.require(writes, evidence_plan, customer, values.get("evidence") or [])
            table = await self._tables.in_force(writes, plan, customer.kind)
            derived = {**_derived(scheme_of(table), values), "table": table["id"], "table_number": table["number"]}
            state = AssessmentState.AWAITING_APPROVAL if self._four_eyes else AssessmentState.IN_FORCE
            derived["state"] = state.value
            if state is AssessmentState.IN_FORCE:
                await self._supersede(writes, plan, customer)
            made = await writes.insert(plan, ASSESSMENT, values, customer=customer, derived=derived, by=caller.username)
            if state is AssessmentState.IN_FORCE:
                await self._take_effect(writes, plan, customer, made, derived)
            return made

        return await operations.run(work, request)

    async def approve(self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None) -> str:
        """Puts the assessment `given["id"]` in force; by another person than who made it."""
        operations = self._operations
        plan = await operations.plan(caller, ASSESSMENT, WRITE)

        async def work(writes: RecordWrites) -> str:
            await writes.check(plan, ASSESSMENT, given["id"], APPROVAL, version=given["version"])
            record = await self._known(writes, plan, given["id"])
            if record["state"] != AssessmentState.AWAITING_APPROVAL.value:
                raise RuleBrokenError("step.not_allowed", "state")
            if record["created_by"] == caller.username:
                raise RuleBrokenError("approval.same_person", "approved_by")
            customer = await operations.customer(caller, record["customer"])
            await lock_customer(operations.writer, writes, customer)
            await self._supersede(writes, plan, customer)
            approval = {
                "state": AssessmentState.IN_FORCE.value,
                "approved_by": caller.username,
                "approved_at": datetime.now(UTC),
            }
            await writes.update(plan, ASSESSMENT, given["id"], approval, version=given["version"])
            await self._take_effect(writes, plan, customer, given["id"], record)
            return str(given["id"])

        return await operations.run(work, request)

    async def reproduce(self, caller: Caller, assessment_id: str) -> Record | None:
        """The assessment made again from what was recorded, and whether it is the same; None where there is none.

        Raises FieldAccessError for what the caller may not read of it: nothing is made again then."""
        if not assessment_id.startswith(f"{ASSESSMENT.value}_"):
            return None
        found = await self._reads.find(caller, assessment_id, Selection({ASSESSMENT: frozenset({"table", *RECORDED})}))
        if found is None:
            return None
        if denied := {"table", *RECORDED} - found.keys():
            raise FieldAccessError("read", denied)
        table = await self._reads.find(caller, found["table"], Selection({Kind.INDICATOR_TABLE: frozenset(PARTS)}))
        if table is None or not table.keys() >= set(PARTS):
            raise FieldAccessError("read", ["table"])
        if found["inputs"] is None:  # erased with its customer's key
            return None
        again = _derived(scheme_of(table), found)
        differing = sorted(name for name, value in again.items() if not _same(value, found[name]))
        return Record(
            id=assessment_id,
            equal=not differing,
            differing=differing,
            table_number=table["number"],
            grade=again["grade"],
            total=again["total"],
            credit_limit=again["credit_limit"],
            currency=again["currency"],
        )

    async def _known(self, writes: RecordWrites, plan: AccessPlan, record_id: str) -> Record:
        """The assessment as the system knows it."""
        own = await self._operations.system_plan(plan, ASSESSMENT, READ)
        names = ("state", "created_by", "customer", "grade", "credit_limit", "currency")
        return await writes.load(own, ASSESSMENT, record_id, *names)

    async def _supersede(self, writes: RecordWrites, plan: AccessPlan, customer: CustomerReference) -> None:
        own = await self._operations.system_plan(plan, ASSESSMENT, SYSTEM_ACTIONS)
        condition = {"customer_id": customer.row_id, "state": AssessmentState.IN_FORCE.value}
        for earlier in await writes.find(own, ASSESSMENT, condition):
            await writes.update(own, ASSESSMENT, earlier["id"], {"state": AssessmentState.SUPERSEDED.value})

    async def _take_effect(
        self,
        writes: RecordWrites,
        plan: AccessPlan,
        customer: CustomerReference,
        record_id: str,
        rated: Mapping[str, Any],
    ) -> None:
        granted = Money(Decimal(rated["credit_limit"]), rated["currency"])
        operations, cause = self._operations, HandlingCause.GRADE
        await handling_after(
            operations, writes, plan, customer, cause, record_id, grade=rated["grade"], granted=granted
        )


def _derived(scheme: RatingScheme, recorded: Mapping[str, Any]) -> dict[str, Any]:
    """What `recorded` comes to under `scheme`. Raises the errors of `rate_credit`."""
    values: dict[str, Decimal | None] = {}
    for item in recorded["inputs"]:
        if item["indicator"] in values:
            raise RuleBrokenError("indicator.twice", "inputs", input=item["indicator"])
        values[item["indicator"]] = _number(item.get("value"))
    adjustment, reason = _number(recorded.get("adjustment")), recorded.get("judgement")
    if reason is not None and adjustment is None:
        adjustment = Decimal(0)
    judgement = Judgement(adjustment, reason or "") if adjustment is not None else None
    rating = rate_credit(scheme, values, judgement)
    revenue = _number(recorded.get("annual_revenue"))
    limit = credit_limit(scheme, rating.grade, Money(revenue, scheme.currency) if revenue is not None else None)
    return {
        "points": _points(rating),
        "quantitative": str(rating.quantitative),
        "total": str(rating.total),
        "grade": str(rating.grade),
        "credit_limit": str(limit.amount.amount),
        "currency": limit.amount.currency,
        "limit_basis": limit.basis.value,
    }


def _points(rating: CreditRating) -> list[dict[str, str]]:
    return [
        {
            "indicator": one.indicator,
            "group": one.group.value,
            "score": str(one.score),
            "weight": str(one.weight),
            "weighted": str(one.weighted),
        }
        for one in rating.scores
    ]


def _number(value: Any) -> Decimal | None:
    return Decimal(str(value)) if value is not None else None


def _same(made: Any, recorded: Any) -> bool:
    """Numbers are the same in every spelling: what was 80 is 80.00."""
    if isinstance(made, list):
        return [_plain(item) for item in made] == [_plain(item) for item in recorded]
    return bool(_plain(made) == _plain(recorded))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items() if not name.startswith("_")}
    try:
        return Decimal(value)
    except (ArithmeticError, TypeError, ValueError):
        return value
