"""The use cases on collection (K7): telephone → letter → visit, planned by the system, done by people, until paid.

Each stage that is reached, and each payment that ends it, changes the handling of the customer (G5).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from documents.access.plan import AccessPlan, Purpose
from documents.chapters.credit.figures import CreditFigures, OverdueReceivable
from documents.chapters.credit.kinds import ReceivableState, StepState
from documents.chapters.credit.overdue_steps import (
    STAGES,
    CollectionStage,
    OverdueSchedule,
    OverdueStep,
    stage_due,
    with_step,
)
from documents.chapters.credit.receivables import Receivable
from documents.chapters.handling.kinds import HandlingCause
from documents.declaring.kind import Kind
from documents.errors import RecordNotFoundError, RuleBrokenError
from documents.reading.typed_rows import Known
from documents.reading.where import Where
from documents.reckoning.money import Money
from documents.storing.layout import CustomerReference
from documents.writing.idempotency import IdempotentRequest
from documents.writing.records import RecordWrites
from documents.writing.unit_of_work import UnitOfWork
from policies.authorize import WRITE
from policies.principal import SYSTEM
from resolvers.caller import Caller
from resolvers.chapters.handling import Cause, handling_after
from resolvers.inputs import OfRecord
from resolvers.operations import SYSTEM_ACTIONS, RecordOperations, Turn

STEP, RECEIVABLE = Kind.COLLECTION_STEP, Kind.RECEIVABLE


class RecordCollectionStep(OfRecord):
    done_on: str
    result: str


class KnownReceivable(Known):
    due_on: str
    balance: str
    currency: str


class _Stage(Known):
    collection_stage: str | None


class _PlannedStep(Known):
    receivable: str
    stage: str
    state: str
    customer: str


class _KnownStep(Known):
    stage: str
    state: str
    done_on: str | None
    done_by: str | None


class Collection:
    """Collection steps under policy, and what the system does by itself."""

    def __init__(self, operations: RecordOperations, figures: CreditFigures, schedule: OverdueSchedule) -> None:
        self._operations = operations
        self._figures = figures
        self._schedule = schedule

    async def record_step(self, caller: Caller, given: RecordCollectionStep, request: IdempotentRequest | None) -> str:
        """Notes that the planned step `given["id"]` was done, and what came of it. Raises the errors of `with_step`."""
        operations = self._operations
        plan = await operations.plan(caller, STEP, WRITE)
        values = {"done_on": given["done_on"], "result": given["result"]}

        async def work(writes: RecordWrites) -> str:
            await writes.check(plan, STEP, given["id"], values, version=given["version"])
            step = await operations.known(writes, plan, STEP, given["id"], _PlannedStep)
            if step["state"] == StepState.CANCELLED.value:
                raise RuleBrokenError("collection.paid", "state")
            turn = await operations.turn(writes, plan, await operations.customer(caller, step["customer"]))
            receivable = await self._receivable(turn, step["receivable"])
            done = OverdueStep(
                CollectionStage(step["stage"]), caller.username, date.fromisoformat(given["done_on"]), given["result"]
            )
            earlier = _done(await self._steps(turn, step["receivable"]))
            with_step(self._schedule, receivable.due_on, receivable.open_amount, earlier, done)
            derived = {"state": StepState.DONE.value, "done_by": caller.username}
            await writes.update(plan, STEP, given["id"], values, version=given["version"], derived=derived)
            return given["id"]

        return await operations.run(caller, work, request)

    async def overdue(self, on: date, after: str | None, limit: int) -> Sequence[OverdueReceivable]:
        """A page of what is overdue on the day, behind the id `after`."""
        plan = await self._operations.plan(_system(), RECEIVABLE)
        return await self._figures.overdue(plan, on, after, limit)

    async def plan_steps(self, unit: UnitOfWork, receivables: Sequence[OverdueReceivable], on: date) -> None:
        """Plans the next step of each of `receivables` for which one is due on the day and none is planned.

        Doing it again plans nothing: it is safe in a job that starts over."""
        writes = self._operations.writer.writes(unit)
        for receivable in receivables:
            try:
                customer = await self._operations.customer(_system(), receivable.customer)
                await self._plan_step(writes, customer, receivable.id, on)
            except RecordNotFoundError:
                continue  # the customer went, and all that hangs on it

    async def stop(self, writes: RecordWrites, plan: AccessPlan, receivable_id: str) -> None:
        """What was planned for a receivable that is paid is not done any more."""
        own = await self._operations.system_plan(plan, STEP, SYSTEM_ACTIONS)
        for step in await writes.find(own, STEP, Where(receivable=receivable_id, state=StepState.PLANNED)):
            await writes.update(own, STEP, step["id"], {"state": StepState.CANCELLED.value})

    async def follow(self, turn: Turn, cause: Cause) -> None:
        """Brings the handling up to the furthest stage that any open receivable of the customer has reached."""
        still_open = Where(customer=turn.customer, state=ReceivableState.OPEN)
        found = await self._operations.all_known(turn.writes, turn.plan, RECEIVABLE, still_open, _Stage)
        reached = {receivable["collection_stage"] for receivable in found}
        furthest = next((stage for stage in reversed(STAGES) if stage.value in reached), None)
        await handling_after(self._operations, turn, cause, lambda situation: replace(situation, collection=furthest))

    async def _plan_step(self, writes: RecordWrites, customer: CustomerReference, receivable_id: str, on: date) -> None:
        operations = self._operations
        plan = await operations.plan(_system(), STEP, SYSTEM_ACTIONS)
        turn = await operations.turn(writes, plan, customer)
        receivable = await self._receivable(turn, receivable_id)
        steps = await self._steps(turn, receivable_id)
        if any(step["state"] == StepState.PLANNED.value for step in steps):
            return
        stage = stage_due(self._schedule, receivable.due_on, receivable.open_amount, _done(steps), on)
        if stage is None:
            return
        values = {
            "receivable": receivable_id,
            "stage": stage.value,
            "state": StepState.PLANNED.value,
            "planned_on": on.isoformat(),
        }
        made = await writes.insert(plan, STEP, values, customer=customer, by=SYSTEM.username)
        own = await operations.system_plan(plan, RECEIVABLE, SYSTEM_ACTIONS)
        await writes.update(own, RECEIVABLE, receivable_id, {"collection_stage": stage.value})
        await self.follow(turn, Cause(HandlingCause.COLLECTION_STEP, made))

    async def _receivable(self, turn: Turn, receivable_id: str) -> Receivable:
        return open_receivable(
            await self._operations.known(turn.writes, turn.plan, RECEIVABLE, receivable_id, KnownReceivable)
        )

    async def _steps(self, turn: Turn, receivable_id: str) -> Sequence[_KnownStep]:
        of_receivable = Where(receivable=receivable_id)
        return await self._operations.all_known(turn.writes, turn.plan, STEP, of_receivable, _KnownStep)


def open_receivable(known: KnownReceivable) -> Receivable:
    """What is open of it, to reckon with."""
    balance = Money(Decimal(known["balance"]), known["currency"])
    return Receivable(known["id"], date.fromisoformat(known["due_on"]), balance)


def _system() -> Caller:
    return Caller(SYSTEM, Purpose.RISK_ASSESSMENT.value)


def _done(steps: Sequence[_KnownStep]) -> tuple[OverdueStep, ...]:
    """The steps that were done, in their order. What came of them decides nothing here."""
    done = [
        OverdueStep(CollectionStage(step["stage"]), step["done_by"] or "", date.fromisoformat(step["done_on"]), "")
        for step in steps
        if step["state"] == StepState.DONE.value and step["done_on"] is not None
    ]
    return tuple(sorted(done, key=lambda step: STAGES.index(step.stage)))
