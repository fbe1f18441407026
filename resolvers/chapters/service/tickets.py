"""The use cases of tickets: opened, assigned, answered, led from state to state (S1, S2)."""

from __future__ import annotations

from typing import Any

from documents.chapters.service.clock import with_wait, without_open_wait
from documents.chapters.service.kinds import Channel, Direction
from documents.chapters.service.standards import Priority, TicketCategory
from documents.chapters.service.ticket_states import TICKET_MACHINE, TicketAction, TicketState
from documents.declaring.kind import Kind
from documents.writing.idempotency import IdempotentRequest
from documents.writing.records import RecordWrites
from policies.authorize import CREATE, WRITE
from resolvers.caller import Caller
from resolvers.chapters.service.cases import ServiceCases

_BEGINS_WITH = {
    "category": TicketCategory.CONSULTATION.value,
    "priority": Priority.NORMAL.value,
    "channel": Channel.TELEPHONE.value,
    "state": TicketState.OPEN.value,
    "waits": [],
}


class Tickets:
    """Tickets and what becomes of them."""

    def __init__(self, cases: ServiceCases) -> None:
        self._cases = cases
        self._operations = cases.operations

    async def open(self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None) -> str:
        """Opens a ticket for `given["customer"]`, under the standard in force."""
        plan = await self._operations.plan(caller, Kind.TICKET, CREATE)
        values = {name: value for name, value in given.items() if name != "customer"}
        customer = await self._operations.customer(caller, given["customer"])

        async def work(writes: RecordWrites) -> str:
            return await self._cases.insert(writes, plan, Kind.TICKET, values, customer, _BEGINS_WITH, caller.username)

        return await self._operations.run(work, request)

    async def assign(self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None) -> str:
        """Gives the ticket to `given["assignee"]`."""
        plan = await self._operations.plan(caller, Kind.TICKET, WRITE)

        async def work(writes: RecordWrites) -> str:
            await writes.update(
                plan, Kind.TICKET, given["id"], {"assignee": given["assignee"]}, version=given["version"]
            )
            return str(given["id"])

        return await self._operations.run(work, request)

    async def reply(self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None) -> str:
        """Notes an answer to the customer as a contact; the first one stops the clock of the reply.

        Raises StepError for a ticket that is resolved or closed."""
        plan = await self._operations.plan(caller, Kind.TICKET, WRITE)
        contacts = await self._operations.plan(caller, Kind.SERVICE_CONTACT, CREATE)

        async def work(writes: RecordWrites) -> str:
            now = self._cases.now()
            case = await self._cases.facts(writes, plan, Kind.TICKET, given, "first_reply_at", "category", "channel")
            state = TicketState(case["state"])
            if state in (TicketState.OPEN, TicketState.RESOLVED, TicketState.CLOSED):
                state = TICKET_MACHINE.after(state, TicketAction.START)
            replied = {"first_reply_at": case["first_reply_at"] or now}
            assignee = case["assignee"] or caller.username
            derived = {"state": state.value, "assignee": assignee}
            derived |= self._cases.clock(Kind.TICKET, {**case, **replied, **derived}, now)
            await writes.update(plan, Kind.TICKET, given["id"], replied, derived=derived)
            contact = {
                "content": case["category"],
                "channel": given.get("channel") or case["channel"],
                "summary": given["summary"],
                "ticket": given["id"],
            }
            customer = await self._operations.customer(caller, case["customer"])
            made = {"direction": Direction.OUTBOUND.value, "occurred_at": now, "handled_by": caller.username}
            await writes.insert(
                contacts, Kind.SERVICE_CONTACT, contact, customer=customer, derived=made, by=caller.username
            )
            return str(given["id"])

        return await self._operations.run(work, request)

    async def change_state(self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None) -> str:
        """Does `given["action"]`. Raises StepError where the state does not offer it."""
        plan = await self._operations.plan(caller, Kind.TICKET, WRITE)
        action = TicketAction(given["action"])

        async def work(writes: RecordWrites) -> str:
            now = self._cases.now()
            case = await self._cases.facts(writes, plan, Kind.TICKET, given, "state")
            changed = {"state": TICKET_MACHINE.after(TicketState(case["state"]), action).value}
            derived = {"waits": case["waits"] or [], "resolved_at": case["resolved_at"], "assignee": case["assignee"]}
            match action:
                case TicketAction.START:
                    derived["assignee"] = case["assignee"] or caller.username
                case TicketAction.WAIT:
                    derived["waits"] = with_wait(derived["waits"], now)
                case TicketAction.CONTINUE:
                    derived["waits"] = without_open_wait(derived["waits"], now)
                case TicketAction.RESOLVE:
                    derived |= {"waits": without_open_wait(derived["waits"], now), "resolved_at": now}
                case TicketAction.REOPEN:
                    derived["resolved_at"] = None
            derived |= self._cases.clock(Kind.TICKET, {**case, **derived}, now)
            await writes.update(plan, Kind.TICKET, given["id"], changed, derived=derived)
            return str(given["id"])

        return await self._operations.run(work, request)

    async def close(self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None) -> str:
        """Closes a resolved ticket."""
        return await self.change_state(caller, {**given, "action": TicketAction.CLOSE.value}, request)
