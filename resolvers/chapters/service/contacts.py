"""The use cases of contacts and satisfaction: what was said, and what the customer thought of it (S1, G3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, NotRequired, TypedDict, TypeVar

from documents.chapters.accounts.directory import AccountRepository
from documents.chapters.service.kinds import Channel, ComplaintState, Direction
from documents.chapters.service.ticket_states import TicketState
from documents.declaring.kind import Kind
from documents.errors import InvalidField, InvalidValueError, RuleBrokenError
from documents.reading.typed_rows import Known
from documents.reading.where import Where
from documents.storing.public_ids import parse_id
from documents.writing.idempotency import IdempotentRequest
from documents.writing.records import RecordWrites
from policies.authorize import CREATE, READ, WRITE
from resolvers.caller import Caller
from resolvers.chapters.service.cases import ServiceCases
from resolvers.inputs import OfCustomer, without


class RecordContact(OfCustomer):
    content: str
    channel: str
    direction: NotRequired[str | None]
    occurred_at: NotRequired[datetime | None]
    handled_by: NotRequired[str | None]
    summary: NotRequired[str | None]
    outcome: NotRequired[str | None]
    ticket: NotRequired[str | None]


class RecordSatisfaction(TypedDict):
    about: str
    score: int
    comment: NotRequired[str | None]
    channel: NotRequired[str | None]


class _Rated(Known):
    customer: str
    satisfaction_score: int | None


class _RatedContact(_Rated):
    handled_by: str


class _RatedCase(_Rated):
    assignee: str | None
    state: str


RatedRow = TypeVar("RatedRow", bound=_Rated)


@dataclass(frozen=True, slots=True)
class _Work(Generic[RatedRow]):
    """What can be rated: whose work it was, and whether it is done."""

    row: type[RatedRow]
    person: Callable[[RatedRow], str | None]
    is_done: Callable[[RatedRow], bool]


def _assignee(case: _RatedCase) -> str | None:
    return case["assignee"]


_WORK: Mapping[Kind, _Work[Any]] = {
    Kind.SERVICE_CONTACT: _Work(_RatedContact, lambda contact: contact["handled_by"], lambda contact: True),
    Kind.TICKET: _Work(
        _RatedCase, _assignee, lambda ticket: ticket["state"] in (TicketState.RESOLVED, TicketState.CLOSED)
    ),
    Kind.COMPLAINT: _Work(_RatedCase, _assignee, lambda complaint: complaint["state"] == ComplaintState.ANSWERED),
}


class Contacts:
    """Contacts, and what customers thought of them."""

    def __init__(self, cases: ServiceCases, accounts: AccountRepository) -> None:
        self._cases = cases
        self._operations = cases.operations
        self._accounts = accounts

    async def record(self, caller: Caller, given: RecordContact, request: IdempotentRequest | None) -> str:
        """Records a contact with `given["customer"]`, now and by the caller unless it says otherwise.

        Raises RuleBrokenError `contact.in_future`."""
        plan = await self._operations.plan(caller, Kind.SERVICE_CONTACT, CREATE)
        customer = await self._operations.customer(caller, given["customer"])
        now = self._cases.now()
        if (given.get("occurred_at") or now) > now:
            raise RuleBrokenError("contact.in_future", "occurred_at")
        implied = {"occurred_at": now, "handled_by": caller.username, "direction": Direction.INBOUND.value}
        derived = {name: value for name, value in implied.items() if dict(given).get(name) is None}
        values = without(given, "customer", *derived)

        async def work(writes: RecordWrites) -> str:
            await self._cases.check_ticket(writes, caller, given.get("ticket"), customer)
            return await writes.insert(
                plan, Kind.SERVICE_CONTACT, values, customer=customer, derived=derived, by=caller.username
            )

        return await self._operations.run(caller, work, request)

    async def rate(self, caller: Caller, given: RecordSatisfaction, request: IdempotentRequest | None) -> str:
        """Records the customer's satisfaction with `given["about"]`, once and when that is done.

        Raises RuleBrokenError `satisfaction.too_early`, `satisfaction.already_recorded`, `satisfaction.own_work`."""
        plan = await self._operations.plan(caller, Kind.SATISFACTION, CREATE)
        parsed = parse_id(given["about"], [kind.value for kind in _WORK])
        if parsed is None:
            raise InvalidValueError((InvalidField("about", "value.unknown_record"),))
        kind, _ = parsed
        seen = await self._operations.plan(caller, kind, READ)
        system = await self._operations.system_plan(plan, kind, WRITE)
        work_rated = _WORK[kind]

        async def work(writes: RecordWrites) -> str:
            if not await writes.find(seen, kind, Where(id=given["about"])):
                raise InvalidValueError((InvalidField("about", "value.unknown_record"),))
            rated = await writes.load(system, kind, given["about"], work_rated.row)
            customer = await self._operations.customer(caller, rated["customer"])
            person = work_rated.person(rated)
            derived = {
                "person": person,
                "person_department": await self._department(person),
                "recorded_at": self._cases.now(),
                **({} if given.get("channel") else {"channel": Channel.ONLINE.value}),
            }
            made = await writes.insert(
                plan, Kind.SATISFACTION, given, customer=customer, derived=derived, by=caller.username
            )
            _check(rated, work_rated.is_done(rated), person == caller.username)
            await writes.update(system, kind, given["about"], {"satisfaction_score": given["score"]})
            return made

        return await self._operations.run(caller, work, request)

    async def _department(self, person: str | None) -> str | None:
        found = await self._accounts.staff([person]) if person is not None else {}
        return found[person]["department"] if person in found else None


def _check(rated: _Rated, is_done: bool, is_own_work: bool) -> None:
    """Asked after the rights to record a rating: then nothing was written when it raises."""
    if is_own_work:
        raise RuleBrokenError("satisfaction.own_work", "about")
    if not is_done:
        raise RuleBrokenError("satisfaction.too_early", "about")
    if rated["satisfaction_score"] is not None:
        raise RuleBrokenError("satisfaction.already_recorded", "about")
