"""The use cases of complaints: filed, then accepted, investigated, resolved and answered, no step skipped (S6)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from documents.chapters.service.complaint_steps import ComplaintStage, ComplaintStep, with_step
from documents.chapters.service.kinds import Channel, ComplaintState
from documents.chapters.service.standards import Priority, TicketCategory
from documents.declaring.kind import Kind
from documents.writing.idempotency import IdempotentRequest
from documents.writing.records import RecordWrites
from policies.authorize import CREATE, WRITE
from resolvers.caller import Caller
from resolvers.chapters.service.cases import ServiceCases

_BEGINS_WITH = {
    "category": TicketCategory.COMPLAINT.value,  # by which its standard is found; all complaints are
    "priority": Priority.NORMAL.value,
    "channel": Channel.TELEPHONE.value,
    "state": ComplaintState.FILED.value,
    "steps": [],
}


class Complaints:
    """Complaints and their steps."""

    def __init__(self, cases: ServiceCases) -> None:
        self._cases = cases
        self._operations = cases.operations

    async def file(self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None) -> str:
        """Files a complaint of `given["customer"]`; its clocks run from now on."""
        plan = await self._operations.plan(caller, Kind.COMPLAINT, CREATE)
        values = {name: value for name, value in given.items() if name != "customer"}
        customer = await self._operations.customer(caller, given["customer"])

        async def work(writes: RecordWrites) -> str:
            await self._cases.check_related(writes, caller, "ticket", values.get("ticket"), customer)
            return await self._cases.insert(
                writes, plan, Kind.COMPLAINT, values, customer, _BEGINS_WITH, caller.username
            )

        return await self._operations.run(work, request)

    async def accept(self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None) -> str:
        """Accepts the complaint: whoever does it works on it, unless somebody already does."""
        return await self._step(caller, given, request, ComplaintStage.ACCEPTED)

    async def investigate(self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None) -> str:
        """Notes what was found."""
        return await self._step(caller, given, request, ComplaintStage.INVESTIGATED)

    async def resolve(self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None) -> str:
        """Notes what was done about it; the clock of the resolution stops."""
        return await self._step(caller, given, request, ComplaintStage.RESOLVED)

    async def answer(self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None) -> str:
        """Answers the customer with `given["answer"]`."""
        return await self._step(caller, given, request, ComplaintStage.ANSWERED)

    async def _step(
        self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None, stage: ComplaintStage
    ) -> str:
        """Raises StepError for any stage but the one that is due."""
        plan = await self._operations.plan(caller, Kind.COMPLAINT, WRITE)

        async def work(writes: RecordWrites) -> str:
            now = self._cases.now()
            case = await self._cases.facts(writes, plan, Kind.COMPLAINT, given, "state", "steps", "notes")
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
            changed = {"state": ComplaintState(stage.value).value}
            changed |= {"answer": given["answer"]} if "answer" in given else {}
            await writes.update(plan, Kind.COMPLAINT, given["id"], changed, derived=derived)
            return str(given["id"])

        return await self._operations.run(work, request)


def _step_of(stored: dict[str, Any]) -> ComplaintStep:
    # The note of a step that was taken is kept apart and sealed; that there was one was checked when it was taken.
    return ComplaintStep(ComplaintStage(stored["stage"]), stored["by"], datetime.fromisoformat(stored["at"]), "-")
