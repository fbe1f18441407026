"""The use cases on credit assessments (K2 to K5): made, approved by a second person, made again to see that they hold.

A new grade changes the handling of the customer in the same transaction (G5).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NotRequired, TypedDict

from documents.chapters.attachments.staging import AttachmentRepository
from documents.chapters.credit.kinds import AssessmentState
from documents.chapters.credit.rating import CreditRating, Judgement, RatingScheme, credit_limit, rate_credit
from documents.chapters.handling.kinds import HandlingCause
from documents.declaring.kind import Kind
from documents.errors import RuleBrokenError
from documents.plain_records import Record
from documents.reading.typed_rows import Known
from documents.reading.visible_rows import refuse_creation
from documents.reading.where import Where
from documents.reckoning.money import Money
from documents.writing.idempotency import IdempotentRequest
from documents.writing.records import RecordWrites
from policies.authorize import CREATE, WRITE
from resolvers.caller import Caller
from resolvers.chapters.credit.indicator_tables import IndicatorTables, scheme_of
from resolvers.chapters.handling import Cause, handling_after
from resolvers.inputs import OfCustomer, OfRecord, without
from resolvers.operations import SYSTEM_ACTIONS, RecordOperations, Turn
from resolvers.reads import RecordReads

ASSESSMENT = Kind.CREDIT_ASSESSMENT
APPROVAL = ("state", "approved_by", "approved_at")


class GivenValue(TypedDict):
    indicator: str
    value: NotRequired[str | None]


class AssessCredit(OfCustomer):
    inputs: list[GivenValue]
    annual_revenue: NotRequired[str | None]
    adjustment: NotRequired[str | None]
    judgement: NotRequired[str | None]
    evidence: NotRequired[list[str] | None]


class _Value(TypedDict):
    indicator: str
    value: str | None


class _Judged(TypedDict):
    """What an assessment is made from beside the values of the indicators."""

    annual_revenue: str | None
    adjustment: str | None
    judgement: str | None


class _Granted(TypedDict):
    grade: str
    credit_limit: str
    currency: str


class _Outcome(_Granted):
    points: list[dict[str, str]]
    quantitative: str
    total: str
    limit_basis: str


class _KnownAssessment(Known, _Granted):
    state: str
    created_by: str | None
    customer: str


class _KnownPoints(TypedDict):
    indicator: str
    group: str
    score: str
    weight: str
    weighted: str


class _RecordedAssessment(Known, _Judged, _Granted):
    """What an assessment was made from and what it came to: whoever has it made again reads all of it."""

    table: str
    inputs: list[_Value] | None
    points: list[_KnownPoints] | None
    quantitative: str | None
    total: str | None
    limit_basis: str


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

    async def assess(self, caller: Caller, given: AssessCredit, request: IdempotentRequest | None) -> str:
        """Rates `given["customer"]` by the table in force for its kind."""
        operations = self._operations
        plan = await operations.plan(caller, ASSESSMENT, CREATE)
        evidence_plan = await operations.plan(caller, Kind.ATTACHMENT)
        customer = await operations.customer(caller, given["customer"])
        values = without(given, "customer")
        refuse_creation(plan, ASSESSMENT, customer, values)
        inputs = [_Value(indicator=one["indicator"], value=one.get("value")) for one in given["inputs"]]
        judged = _Judged(
            annual_revenue=given.get("annual_revenue"),
            adjustment=given.get("adjustment"),
            judgement=given.get("judgement"),
        )

        async def work(writes: RecordWrites) -> str:
            turn = await operations.turn(writes, plan, customer)
            await self._attachments.require(writes, evidence_plan, customer, given.get("evidence") or [])
            table = await self._tables.in_force(writes, plan, customer.kind)
            outcome = _outcome(scheme_of(table), inputs, judged)
            state = AssessmentState.AWAITING_APPROVAL if self._four_eyes else AssessmentState.IN_FORCE
            derived = {**outcome, "table": table["id"], "table_number": table["number"], "state": state.value}
            if state is AssessmentState.IN_FORCE:
                await self._supersede(turn)
            made = await writes.insert(plan, ASSESSMENT, values, customer=customer, derived=derived, by=caller.username)
            if state is AssessmentState.IN_FORCE:
                await self._take_effect(turn, made, outcome)
            return made

        return await operations.run(caller, work, request)

    async def approve(self, caller: Caller, given: OfRecord, request: IdempotentRequest | None) -> str:
        """Puts the assessment `given["id"]` in force; by another person than who made it."""
        operations = self._operations
        plan = await operations.plan(caller, ASSESSMENT, WRITE)

        async def work(writes: RecordWrites) -> str:
            await writes.check(plan, ASSESSMENT, given["id"], APPROVAL, version=given["version"])
            assessment = await operations.known(writes, plan, ASSESSMENT, given["id"], _KnownAssessment)
            if assessment["state"] != AssessmentState.AWAITING_APPROVAL.value:
                raise RuleBrokenError("step.not_allowed", "state")
            if assessment["created_by"] == caller.username:
                raise RuleBrokenError("approval.same_person", "approved_by")
            turn = await operations.turn(writes, plan, await operations.customer(caller, assessment["customer"]))
            await self._supersede(turn)
            approval = {
                "state": AssessmentState.IN_FORCE.value,
                "approved_by": caller.username,
                "approved_at": datetime.now(UTC),
            }
            await writes.update(plan, ASSESSMENT, given["id"], approval, version=given["version"])
            await self._take_effect(turn, given["id"], assessment)
            return given["id"]

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
        again, recorded = _outcome(scheme_of(table), found["inputs"], found), dict(found)
        differing = sorted(name for name, value in again.items() if not _same(value, recorded[name]))
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

    async def _supersede(self, turn: Turn) -> None:
        own = await self._operations.system_plan(turn.plan, ASSESSMENT, SYSTEM_ACTIONS)
        in_force = Where(customer=turn.customer, state=AssessmentState.IN_FORCE)
        for earlier in await turn.writes.find(own, ASSESSMENT, in_force):
            await turn.writes.update(own, ASSESSMENT, earlier["id"], {"state": AssessmentState.SUPERSEDED.value})

    async def _take_effect(self, turn: Turn, record_id: str, rated: _Granted) -> None:
        granted = Money(Decimal(rated["credit_limit"]), rated["currency"])
        cause = Cause(HandlingCause.GRADE, record_id)
        await handling_after(
            self._operations, turn, cause, lambda situation: replace(situation, grade=rated["grade"], granted=granted)
        )


def _outcome(scheme: RatingScheme, inputs: Sequence[_Value], judged: _Judged) -> _Outcome:
    """What is recorded of an assessment comes to under `scheme`. Raises the errors of `rate_credit`."""
    values: dict[str, Decimal | None] = {}
    for item in inputs:
        if item["indicator"] in values:
            raise RuleBrokenError("indicator.twice", "inputs", input=item["indicator"])
        values[item["indicator"]] = _number(item["value"])
    adjustment, reason = _number(judged["adjustment"]), judged["judgement"]
    if reason is not None and adjustment is None:
        adjustment = Decimal(0)
    judgement = Judgement(adjustment, reason or "") if adjustment is not None else None
    rating = rate_credit(scheme, values, judgement)
    revenue = _number(judged["annual_revenue"])
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


def _number(text: str | None) -> Decimal | None:
    return Decimal(text) if text is not None else None


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
