"""The use cases of service standards: how soon what is answered and resolved (S2)."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from documents.declaring.kind import Kind
from documents.reading.where import Where
from documents.writing.idempotency import IdempotentRequest
from documents.writing.records import RecordWrites
from policies.authorize import CREATE, WRITE
from resolvers.caller import Caller
from resolvers.chapters.service.cases import ServiceCases


class SetServiceStandard(TypedDict):
    customer_kind: NotRequired[str | None]
    category: NotRequired[str | None]
    priority: NotRequired[str | None]
    reply_within: int
    resolve_within: int


class Standards:
    """The company's own standards. Work that was opened before keeps the standard that it was opened under."""

    def __init__(self, cases: ServiceCases) -> None:
        self._cases = cases
        self._operations = cases.operations

    async def set(self, caller: Caller, given: SetServiceStandard, request: IdempotentRequest | None) -> str:
        """Sets the standard for a kind of customer, category and priority, any where left out; ends the one before."""
        plan = await self._operations.plan(caller, Kind.SERVICE_STANDARD, CREATE)

        async def work(writes: RecordWrites) -> str:
            await writes.unit.lock_kind(Kind.SERVICE_STANDARD)
            made = await writes.insert(
                plan, Kind.SERVICE_STANDARD, given, derived={"in_force": True}, by=caller.username
            )
            system = await self._operations.system_plan(plan, Kind.SERVICE_STANDARD, WRITE)
            same = Where(
                in_force=True,
                customer_kind=given.get("customer_kind"),
                category=given.get("category"),
                priority=given.get("priority"),
            )
            ended = {"in_force": False, "ended_at": self._cases.now()}
            for before in await writes.find(system, Kind.SERVICE_STANDARD, same):
                if before["id"] != made:
                    await writes.update(system, Kind.SERVICE_STANDARD, before["id"], ended)
            return made

        return await self._operations.run(caller, work, request)
