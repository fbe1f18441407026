"""The use cases on collection (K7): telephone → letter → visit, planned by the system, done by people, until paid.

Each stage that is reached, and each payment that ends it, changes the handling of the customer (G5).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from documents.access.plan import AccessPlan, Purpose
from documents.chapters.credit.figures import CreditFigures, OverdueReceivable
from documents.chapters.credit.kinds import ReceivableState, StepState
from documents.chapters.credit.overdue_steps import (
    STAGES,
    CollectionSchedule,
    CollectionStage,
    CollectionStep,
    stage_due,
    with_step,
)
from documents.chapters.handling.kinds import HandlingCause
from documents.chapters.jobs.ledger import Session
from documents.declaring.kind import Kind
from documents.errors import RecordNotFoundError, RuleBrokenError
from documents.plain_records import Record
from documents.reckoning.money import Money
from documents.storing.layout import CustomerReference
from documents.writing.idempotency import IdempotentRequest
from documents.writing.locks import lock_customer
from documents.writing.records import RecordWrites
from policies.authorize import READ, WRITE
from policies.principal import SYSTEM
from resolvers.caller import Caller
from resolvers.chapters.handling import handling_after
from resolvers.operations import SYSTEM_ACTIONS, RecordOperations

STEP, RECEIVABLE = Kind.COLLECTION_STEP, Kind.RECEIVABLE


class Collection:
    """Collection steps under policy, and what the system does by itself."""

    def __init__(self, operations: RecordOperations, figures: CreditFigures, schedule: CollectionSchedule) -> None:
        self._operations = operations
        self._figures = figures
        self._schedule = schedule

    async def record_step(self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None) -> str:
        """Notes that the planned step `given["id"]` was done, and what came of it. Raises the errors of `with_step`."""
        operations = self._operations
        plan = await operations.plan(caller, STEP, WRITE)
        values = {"done_on": given["done_on"], "result": given["result"]}

        async def work(writes: RecordWrites) -> str:
            await writes.check(plan, STEP, given["id"], values, version=given["version"])
            own = await operations.system_plan(plan, STEP, READ)
            step = await writes.load(own, STEP, given["id"], "receivable", "stage", "state", "customer")
            if step["state"] == StepState.CANCELLED.value:
                raise RuleBrokenError("collection.paid", "state")
            customer = await operations.customer(caller, step["customer"])
            await lock_customer(operations.writer, writes, customer)
            receivable = await self._receivable(writes, plan, step["receivable"])
            done = CollectionStep(
                CollectionStage(step["stage"]), caller.username, date.fromisoformat(given["done_on"]), given["result"]
            )
            earlier = _done(await self._steps(writes, plan, step["receivable"]))
            with_step(self._schedule, _due_on(receivable), _balance(receivable), earlier, done)
            derived = {"state": StepState.DONE.value, "done_by": caller.username}
            await writes.update(plan, STEP, given["id"], values, version=given["version"], derived=derived)
            return str(given["id"])

        return await operations.run(work, request)

    async def overdue(self, on: date, after: str | None, limit: int) -> Sequence[OverdueReceivable]:
        """A page of what is overdue on the day, behind the id `after`."""
        plan = await self._operations.plan(_system(), RECEIVABLE)
        return await self._figures.overdue(plan, on, after, limit)

    async def plan_steps(self, session: Session, receivables: Sequence[OverdueReceivable], on: date) -> None:
        """Plans the next step of each of `receivables` for which one is due on the day and none is planned.

        Doing it again plans nothing: it is safe in a job that starts over."""
        writes = RecordWrites(self._operations.writer, session)
        for receivable in receivables:
            try:
                customer = await self._operations.customer(_system(), receivable.customer)
                await self._plan_step(writes, customer, receivable.id, on)
            except RecordNotFoundError:
                continue  # the customer went, and all that hangs on it

    async def stop(self, writes: RecordWrites, plan: AccessPlan, receivable_id: str) -> None:
        """What was planned for a receivable that is paid is not done any more."""
        own = await self._operations.system_plan(plan, STEP, SYSTEM_ACTIONS)
        condition = {"receivable": receivable_id, "state": StepState.PLANNED.value}
        for step in await writes.find(own, STEP, condition):
            await writes.update(own, STEP, step["id"], {"state": StepState.CANCELLED.value})

    async def follow(
        self, writes: RecordWrites, plan: AccessPlan, customer: CustomerReference, cause: HandlingCause, record_id: str
    ) -> None:
        """Brings the handling up to the furthest stage that any open receivable of the customer has reached."""
        own = await self._operations.system_plan(plan, RECEIVABLE, READ)
        condition = {"customer_id": customer.row_id, "state": ReceivableState.OPEN.value}
        found = await writes.find(own, RECEIVABLE, condition, "collection_stage")
        reached = {record["collection_stage"] for record in found}
        furthest = next((stage for stage in reversed(STAGES) if stage.value in reached), None)
        await handling_after(self._operations, writes, plan, customer, cause, record_id, collection=furthest)

    async def _plan_step(self, writes: RecordWrites, customer: CustomerReference, receivable_id: str, on: date) -> None:
        operations = self._operations
        plan = await operations.plan(_system(), STEP, SYSTEM_ACTIONS)
        await lock_customer(operations.writer, writes, customer)
        receivable = await self._receivable(writes, plan, receivable_id)
        steps = await self._steps(writes, plan, receivable_id)
        if any(step["state"] == StepState.PLANNED.value for step in steps):
            return
        stage = stage_due(self._schedule, _due_on(receivable), _balance(receivable), _done(steps), on)
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
        await self.follow(writes, plan, customer, HandlingCause.COLLECTION_STEP, made)

    async def _receivable(self, writes: RecordWrites, plan: AccessPlan, receivable_id: str) -> Record:
        own = await self._operations.system_plan(plan, RECEIVABLE, READ)
        return await writes.load(own, RECEIVABLE, receivable_id, "due_on", "balance", "currency")

    async def _steps(self, writes: RecordWrites, plan: AccessPlan, receivable_id: str) -> Sequence[Record]:
        own = await self._operations.system_plan(plan, STEP, READ)
        names = ("stage", "state", "done_on", "done_by")
        return await writes.find(own, STEP, {"receivable": receivable_id}, *names)


def _system() -> Caller:
    return Caller(SYSTEM, Purpose.RISK_ASSESSMENT.value)


def _due_on(receivable: Record) -> date:
    return date.fromisoformat(receivable["due_on"])


def _balance(receivable: Record) -> Money:
    return Money(Decimal(receivable["balance"]), receivable["currency"])


def _done(steps: Sequence[Record]) -> tuple[CollectionStep, ...]:
    """The steps that were done, in their order. What came of them decides nothing here."""
    done = [
        CollectionStep(CollectionStage(step["stage"]), step["done_by"], date.fromisoformat(step["done_on"]), "")
        for step in steps
        if step["state"] == StepState.DONE.value
    ]
    return tuple(sorted(done, key=lambda step: STAGES.index(step.stage)))
