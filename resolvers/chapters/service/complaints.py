"""The use cases of complaints: filed, then accepted, investigated, resolved and answered, no step skipped (S6)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NotRequired, TypedDict

from documents.chapters.service.complaint_steps import ComplaintStage, ComplaintStep, with_step
from documents.chapters.service.kinds import Channel, ComplaintState
from documents.chapters.service.standards import Priority, TicketCategory
from documents.declaring.kind import Kind
from documents.writing.idempotency import IdempotentRequest
from documents.writing.records import NO_VALUES, RecordWrites
from policies.authorize import CREATE, WRITE
from resolvers.caller import Caller
from resolvers.chapters.service.cases import KnownCase, NewCase, ServiceCases
from resolvers.inputs import OfCustomer, OfRecord, without

_BEGINS_WITH = {
    "category": TicketCategory.COMPLAINT.value,  # by which its standard is found; all complaints are
    "priority": Priority.NORMAL.value,
    "channel": Channel.TELEPHONE.value,
    "state": ComplaintState.FILED.value,
    "steps": [],
}


class FileComplaint(OfCustomer):
    subject: str
    description: NotRequired[str | None]
    callback_telephone: NotRequired[str | None]
    channel: NotRequired[str | None]
    priority: NotRequired[str | None]
    ticket: NotRequired[str | None]


class TakeStep(OfRecord):
    note: str


class AnswerComplaint(TakeStep):
    answer: str


class _Step(TypedDict):
    stage: str
    by: str
    at: str


class _Note(TypedDict):
    stage: str
    note: str


class _KnownComplaint(KnownCase):
    steps: list[_Step] | None
    notes: list[_Note] | None


class Complaints:
    """Complaints and their steps."""

    def __init__(self, cases: ServiceCases) -> None:
        self._cases = cases
        self._operations = cases.operations

    async def file(self, caller: Caller, given: FileComplaint, request: IdempotentRequest | None) -> str:
        """Files a complaint of `given["customer"]`; its clocks run from now on."""
        plan = await self._operations.plan(caller, Kind.COMPLAINT, CREATE)
        customer = await self._operations.customer(caller, given["customer"])
        new = NewCase(Kind.COMPLAINT, customer, without(given, "customer"), _BEGINS_WITH)

        async def work(writes: RecordWrites) -> str:
            await self._cases.check_ticket(writes, caller, given.get("ticket"), customer)
            return await self._cases.insert(writes, plan, new, by=caller.username)

        return await self._operations.run(caller, work, request)

    async def accept(self, caller: Caller, given: TakeStep, request: IdempotentRequest | None) -> str:
        """Accepts the complaint: whoever does it works on it, unless somebody already does."""
        return await self._step(caller, given, request, ComplaintStage.ACCEPTED)

    async def investigate(self, caller: Caller, given: TakeStep, request: IdempotentRequest | None) -> str:
        """Notes what was found."""
        return await self._step(caller, given, request, ComplaintStage.INVESTIGATED)

    async def resolve(self, caller: Caller, given: TakeStep, request: IdempotentRequest | None) -> str:
        """Notes what was done about it; the clock of the resolution stops."""
        return await self._step(caller, given, request, ComplaintStage.RESOLVED)

    async def answer(self, caller: Caller, given: AnswerComplaint, request: IdempotentRequest | None) -> str:
        """Answers the customer with `given["answer"]`."""
        told = {"answer": given["answer"]}
        return await self._step(caller, given, request, ComplaintStage.ANSWERED, told)

    async def _step(
        self,
        caller: Caller,
        given: TakeStep,
        request: IdempotentRequest | None,
        stage: ComplaintStage,
        told: Mapping[str, str] = NO_VALUES,
    ) -> str:
        """Raises StepError for any stage but the one that is due."""
        plan = await self._operations.plan(caller, Kind.COMPLAINT, WRITE)

        async def work(writes: RecordWrites) -> str:
            now = self._cases.now()
            await writes.check(plan, Kind.COMPLAINT, given["id"], ["state"], version=given["version"])
            case = await self._operations.known(writes, plan, Kind.COMPLAINT, given["id"], _KnownComplaint)
            steps = [_step_of(step) for step in case["steps"] or ()]
            taken = with_step(steps, ComplaintStep(stage, caller.username, now, given["note"]))
            derived: dict[str, Any] = {
                "steps": [{"stage": step.stage, "by": step.by, "at": step.at} for step in taken],
                "notes": [*(case["notes"] or ()), {"stage": stage, "note": given["note"]}],
            }
            if stage is ComplaintStage.ACCEPTED:
                derived |= {"first_reply_at": now, "assignee": case["assignee"] or caller.username}
            if stage is ComplaintStage.RESOLVED:
                derived["resolved_at"] = now
            derived |= self._cases.clock(Kind.COMPLAINT, {**case, **derived}, now)
            changed = {"state": ComplaintState(stage.value).value, **told}
            await writes.update(plan, Kind.COMPLAINT, given["id"], changed, derived=derived)
            return given["id"]

        return await self._operations.run(caller, work, request)


def _step_of(stored: _Step) -> ComplaintStep:
    # The note of a step that was taken is kept apart and sealed; that there was one was checked when it was taken.
    return ComplaintStep(ComplaintStage(stored["stage"]), stored["by"], datetime.fromisoformat(stored["at"]), "-")
