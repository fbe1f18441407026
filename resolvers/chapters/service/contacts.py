"""The use cases of contacts and satisfaction: what was said, and what the customer thought of it (S1, G3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from documents.chapters.accounts.directory import AccountRepository
from documents.chapters.service.kinds import Channel, ComplaintState, Direction
from documents.chapters.service.ticket_states import TicketState
from documents.declaring.kind import Kind
from documents.errors import InvalidField, InvalidValueError, RuleBrokenError
from documents.plain_records import Record
from documents.storing.public_ids import parse_id
from documents.writing.idempotency import IdempotentRequest
from documents.writing.records import RecordWrites
from policies.authorize import CREATE, READ, WRITE
from resolvers.caller import Caller
from resolvers.chapters.service.cases import ServiceCases

_RATED: Mapping[Kind, tuple[str, Callable[[Record], bool]]] = {
    Kind.SERVICE_CONTACT: ("handled_by", lambda contact: True),
    Kind.TICKET: ("assignee", lambda ticket: ticket["state"] in (TicketState.RESOLVED, TicketState.CLOSED)),
    Kind.COMPLAINT: ("assignee", lambda complaint: complaint["state"] == ComplaintState.ANSWERED),
}
"""What can be rated: by which field whose work it was, and whether it is done."""


class Contacts:
    """Contacts, and what customers thought of them."""

    def __init__(self, cases: ServiceCases, accounts: AccountRepository) -> None:
        self._cases = cases
        self._operations = cases.operations
        self._accounts = accounts

    async def record(self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None) -> str:
        """Records a contact with `given["customer"]`, now and by the caller unless it says otherwise.

        Raises RuleBrokenError `contact.in_future`."""
        plan = await self._operations.plan(caller, Kind.SERVICE_CONTACT, CREATE)
        values = {name: value for name, value in given.items() if name != "customer"}
        customer = await self._operations.customer(caller, given["customer"])
        now = self._cases.now()
        if (values.get("occurred_at") or now) > now:
            raise RuleBrokenError("contact.in_future", "occurred_at")
        implied = {"occurred_at": now, "handled_by": caller.username, "direction": Direction.INBOUND.value}
        derived = {name: value for name, value in implied.items() if values.get(name) is None}
        values = {name: value for name, value in values.items() if name not in derived}

        async def work(writes: RecordWrites) -> str:
            await self._cases.check_related(writes, caller, "ticket", values.get("ticket"), customer)
            return await writes.insert(
                plan, Kind.SERVICE_CONTACT, values, customer=customer, derived=derived, by=caller.username
            )

        return await self._operations.run(work, request)

    async def rate(self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None) -> str:
        """Records the customer's satisfaction with `given["about"]`, once and when that is done.

        Raises RuleBrokenError `satisfaction.too_early`, `satisfaction.already_recorded`, `satisfaction.own_work`."""
        plan = await self._operations.plan(caller, Kind.SATISFACTION, CREATE)
        parsed = parse_id(given["about"], [kind.value for kind in _RATED])
        if parsed is None:
            raise InvalidValueError((InvalidField("about", "value.unknown_record"),))
        kind, row_id = parsed
        seen = await self._operations.plan(caller, kind, READ)
        system = await self._operations.system_plan(plan, kind, WRITE)
        person_field, is_done = _RATED[kind]

        async def work(writes: RecordWrites) -> str:
            if not await writes.find(seen, kind, {"_id": row_id}):
                raise InvalidValueError((InvalidField("about", "value.unknown_record"),))
            known = ("customer", person_field, "satisfaction_score", *(["state"] if kind in _STATED else []))
            rated = await writes.load(system, kind, given["about"], *known)
            customer = await self._operations.customer(caller, rated["customer"])
            person = rated[person_field]
            derived = {"person": person, "person_department": await self._department(person)}
            derived |= {"recorded_at": self._cases.now()} | (
                {} if given.get("channel") else {"channel": Channel.ONLINE.value}
            )
            made = await writes.insert(
                plan, Kind.SATISFACTION, given, customer=customer, derived=derived, by=caller.username
            )
            _check(rated, is_done(rated), person == caller.username)
            await writes.update(system, kind, given["about"], {"satisfaction_score": given["score"]})
            return made

        return await self._operations.run(work, request)

    async def _department(self, person: str | None) -> str | None:
        found = await self._accounts.staff([person]) if person is not None else {}
        return found[person]["department"] if person in found else None


_STATED = frozenset({Kind.TICKET, Kind.COMPLAINT})


def _check(rated: Record, is_done: bool, is_own_work: bool) -> None:
    """Asked after the rights to record a rating: then nothing was written when it raises."""
    if is_own_work:
        raise RuleBrokenError("satisfaction.own_work", "about")
    if not is_done:
        raise RuleBrokenError("satisfaction.too_early", "about")
    if rated["satisfaction_score"] is not None:
        raise RuleBrokenError("satisfaction.already_recorded", "about")
