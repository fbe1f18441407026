"""The use cases of tickets: opened, assigned, answered, led from state to state (S1, S2)."""

from __future__ import annotations

from typing import Any, NotRequired

from documents.chapters.service.clock import KnownWait, with_wait, without_open_wait
from documents.chapters.service.kinds import Channel, Direction
from documents.chapters.service.standards import Priority, TicketCategory
from documents.chapters.service.ticket_states import TICKET_MACHINE, TicketAction, TicketState
from documents.declaring.kind import Kind
from documents.writing.idempotency import IdempotentRequest
from documents.writing.records import RecordWrites
from policies.authorize import CREATE, WRITE
from resolvers.caller import Caller
from resolvers.chapters.service.cases import KnownCase, NewCase, ServiceCases
from resolvers.inputs import OfCustomer, OfRecord, without

_BEGINS_WITH = {
    "category": TicketCategory.CONSULTATION.value,
    "priority": Priority.NORMAL.value,
    "channel": Channel.TELEPHONE.value,
    "state": TicketState.OPEN.value,
    "waits": [],
}


class OpenTicket(OfCustomer):
    subject: str
    description: NotRequired[str | None]
    callback_telephone: NotRequired[str | None]
    channel: NotRequired[str | None]
    priority: NotRequired[str | None]
    category: NotRequired[str | None]
    assignee: NotRequired[str | None]


class AssignTicket(OfRecord):
    assignee: str


class ReplyToTicket(OfRecord):
    summary: str
    channel: NotRequired[str | None]


class ChangeTicketState(OfRecord):
    action: str


class _KnownTicket(KnownCase):
    waits: list[KnownWait] | None
    category: str
    channel: str


class Tickets:
    """Tickets and what becomes of them."""

    def __init__(self, cases: ServiceCases) -> None:
        self._cases = cases
        self._operations = cases.operations

    async def open(self, caller: Caller, given: OpenTicket, request: IdempotentRequest | None) -> str:
        """Opens a ticket for `given["customer"]`, under the standard in force."""
        plan = await self._operations.plan(caller, Kind.TICKET, CREATE)
        customer = await self._operations.customer(caller, given["customer"])
        new = NewCase(Kind.TICKET, customer, without(given, "customer"), _BEGINS_WITH)

        async def work(writes: RecordWrites) -> str:
            return await self._cases.insert(writes, plan, new, by=caller.username)

        return await self._operations.run(caller, work, request)

    async def assign(self, caller: Caller, given: AssignTicket, request: IdempotentRequest | None) -> str:
        """Gives the ticket to `given["assignee"]`."""
        plan = await self._operations.plan(caller, Kind.TICKET, WRITE)

        async def work(writes: RecordWrites) -> str:
            await writes.update(
                plan, Kind.TICKET, given["id"], {"assignee": given["assignee"]}, version=given["version"]
            )
            return given["id"]

        return await self._operations.run(caller, work, request)

    async def reply(self, caller: Caller, given: ReplyToTicket, request: IdempotentRequest | None) -> str:
        """Notes an answer to the customer as a contact; the first one stops the clock of the reply.

        Raises StepError for a ticket that is resolved or closed."""
        plan = await self._operations.plan(caller, Kind.TICKET, WRITE)
        contacts = await self._operations.plan(caller, Kind.SERVICE_CONTACT, CREATE)

        async def work(writes: RecordWrites) -> str:
            now = self._cases.now()
            await writes.check(plan, Kind.TICKET, given["id"], ["first_reply_at"], version=given["version"])
            case = await self._operations.known(writes, plan, Kind.TICKET, given["id"], _KnownTicket)
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
            return given["id"]

        return await self._operations.run(caller, work, request)

    async def change_state(self, caller: Caller, given: ChangeTicketState, request: IdempotentRequest | None) -> str:
        """Does `given["action"]`. Raises StepError where the state does not offer it."""
        plan = await self._operations.plan(caller, Kind.TICKET, WRITE)
        action = TicketAction(given["action"])

        async def work(writes: RecordWrites) -> str:
            now = self._cases.now()
            await writes.check(plan, Kind.TICKET, given["id"], ["state"], version=given["version"])
            case = await self._operations.known(writes, plan, Kind.TICKET, given["id"], _KnownTicket)
            changed = {"state": TICKET_MACHINE.after(TicketState(case["state"]), action).value}
            waits = case["waits"] or []
            derived: dict[str, Any] = {
                "waits": waits,
                "resolved_at": case["resolved_at"],
                "assignee": case["assignee"],
            }
            match action:
                case TicketAction.START:
                    derived["assignee"] = case["assignee"] or caller.username
                case TicketAction.WAIT:
                    derived["waits"] = with_wait(waits, now)
                case TicketAction.CONTINUE:
                    derived["waits"] = without_open_wait(waits, now)
                case TicketAction.RESOLVE:
                    derived |= {"waits": without_open_wait(waits, now), "resolved_at": now}
                case TicketAction.REOPEN:
                    derived["resolved_at"] = None
            derived |= self._cases.clock(Kind.TICKET, {**case, **derived}, now)
            await writes.update(plan, Kind.TICKET, given["id"], changed, derived=derived)
            return given["id"]

        return await self._operations.run(caller, work, request)

    async def close(self, caller: Caller, given: OfRecord, request: IdempotentRequest | None) -> str:
        """Closes a resolved ticket."""
        return await self.change_state(caller, {**given, "action": TicketAction.CLOSE.value}, request)
