"""The use cases of breach response (I5): recorded → scoped → contained → notified → closed, under policy.

An incident moves on by itself as soon as nothing stands in the way of its next state; only closing is asked for.
INVARIANT: it is never closed unscoped, with a measure undone, or with a notification neither sent nor waived.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NotRequired, TypedDict, cast

from documents.access.plan import AccessPlan
from documents.chapters.incidents.affected_customers import AffectedCustomers, Searched
from documents.chapters.incidents.deadlines import (
    IncidentMeasure,
    IncidentState,
    Notification,
    Recipient,
    advanced,
    hindrances,
    next_state,
    notifications,
)
from documents.declaring.kind import Kind
from documents.errors import RuleBrokenError, RulesBrokenError
from documents.plain_records import Record
from documents.reading.typed_rows import Known
from documents.writing.idempotency import IdempotentRequest
from documents.writing.records import RecordWrites
from policies.authorize import CREATE, WRITE
from resolvers.caller import Caller
from resolvers.chapters.incidents.scope_search import SearchTrail, TrailScopes
from resolvers.inputs import OfRecord
from resolvers.operations import RecordOperations

KIND: Final = Kind.INCIDENT


class RecordIncident(TypedDict):
    """What is known of a breach when it is found."""

    title: str
    what_happened: str
    severity: str
    discovered_at: datetime
    suspect: NotRequired[str | None]


class ScopeIncident(OfRecord, SearchTrail):
    """An incident, and the search of the trail that it is to be scoped by."""


class AddMeasure(OfRecord):
    """What is to be done against the incident."""

    what: str


class CompleteMeasure(OfRecord):
    """The number of the measure that is done."""

    number: int


class RecordNotification(OfRecord):
    """Who was told, and when: now, if that is left out."""

    recipient: str
    sent_at: NotRequired[datetime | None]


class WaiveNotification(OfRecord):
    """Who need not be told, and why."""

    recipient: str
    reason: str


class CloseIncident(OfRecord):
    """The incident's last words."""

    closing_report: str


class Measure(TypedDict):
    """A measure as it is stored; within an object an instant is text."""

    number: int
    what: str
    at: str
    by: str
    done_at: str | None
    done_by: str | None


class Notice(TypedDict):
    """A notification as it is stored."""

    recipient: str
    due_at: str
    sent_at: str | None
    waived_at: str | None
    waived_reason: str | None
    by: str | None


class Standing(Known):
    """Where an incident stands."""

    state: str
    scopes: list[Record] | None
    measures: list[Measure] | None
    notifications: list[Notice] | None


class _KnownIncident(Standing):
    steps: list[Record] | None


class _Changed(TypedDict, total=False):
    state: str
    steps: list[Record]
    scopes: list[Record]
    trail_heads: list[str]
    affected: int
    measures: list[Measure]
    notifications: list[Notice]
    closing_report: str
    closed_at: datetime


@dataclass(frozen=True, slots=True)
class _Open:
    """An incident that is not closed, in the transaction that changes it at the time `now`."""

    writes: RecordWrites
    plan: AccessPlan
    known: _KnownIncident
    now: datetime


Change = Callable[[_Open], Awaitable[_Changed]]
"""From the incident as it is, the fields that change."""


class IncidentSteps:
    """Incidents and what is done about them."""

    def __init__(self, operations: RecordOperations, scopes: TrailScopes, affected: AffectedCustomers) -> None:
        self._operations = operations
        self._scopes = scopes
        self._affected = affected

    async def record(self, caller: Caller, given: RecordIncident, request: IdempotentRequest | None) -> str:
        """Records an incident; from its discovery on run the times within which it has to be notified."""
        plan = await self._operations.plan(caller, KIND, CREATE)
        _not_in_future("discovered_at", given["discovered_at"])
        due = notifications(given["discovered_at"])
        derived = {
            "reported_by": caller.username,
            "state": IncidentState.RECORDED.value,
            "steps": [_step(IncidentState.RECORDED, _now(), caller)],
            "notifications": [{"recipient": one.recipient.value, "due_at": one.due_at} for one in due],
            "next_due_at": due[0].due_at,
            "affected": 0,
        }

        async def work(writes: RecordWrites) -> str:
            return await writes.insert(plan, KIND, given, derived=derived, by=caller.username)

        return await self._operations.run(caller, work, request)

    async def scope(self, caller: Caller, given: ScopeIncident, request: IdempotentRequest | None) -> str:
        """Finds in the trail whom the incident concerns, and keeps the answer. Further searches add to it.

        Raises the errors of `TrailScopes.search`."""
        found = await self._scopes.search(caller, given)

        async def change(incident: _Open) -> _Changed:
            scopes, unit = incident.known["scopes"] or [], incident.writes.unit
            number = len(scopes) + 1
            own = await self._operations.system_plan(incident.plan, Kind.AFFECTED_CUSTOMER, CREATE)
            searched = Searched(given["id"], number, found.query.field, caller.username)
            listed = await self._affected.add(unit, own, searched, found.seen)
            scope = Record(
                number=number,
                person=found.query.username,
                field=found.query.field,
                kind=found.query.kind,
                since=found.query.since,
                until=found.query.until,
                entries=found.entries,
                listed=listed,
                deleted=len(found.seen) - listed,
                at=incident.now,
                by=caller.username,
            )
            affected = await self._affected.count(given["id"], unit.session)
            return {"scopes": [*scopes, scope], "trail_heads": found.heads, "affected": affected}

        return await self._change(caller, given, request, "scopes", change)

    async def add_measure(self, caller: Caller, given: AddMeasure, request: IdempotentRequest | None) -> str:
        """Notes what is to be done against it."""

        async def change(incident: _Open) -> _Changed:
            known = incident.known["measures"] or []
            measure: Measure = {
                "number": len(known) + 1,
                "what": given["what"],
                "at": incident.now.isoformat(),
                "by": caller.username,
                "done_at": None,
                "done_by": None,
            }
            return {"measures": [*known, measure]}

        return await self._change(caller, given, request, "measures", change)

    async def complete_measure(self, caller: Caller, given: CompleteMeasure, request: IdempotentRequest | None) -> str:
        """Notes that the measure of that number is done."""

        async def change(incident: _Open) -> _Changed:
            known = incident.known["measures"] or []
            measure = next((one for one in known if one["number"] == given["number"]), None)
            if measure is None:
                raise RuleBrokenError("incident.no_such_measure", "measures")
            if measure["done_at"] is not None:
                raise RuleBrokenError("incident.settled_already", "measures")
            done: Measure = {**measure, "done_at": incident.now.isoformat(), "done_by": caller.username}
            return {"measures": [done if one is measure else one for one in known]}

        return await self._change(caller, given, request, "measures", change)

    async def record_notification(
        self, caller: Caller, given: RecordNotification, request: IdempotentRequest | None
    ) -> str:
        """Notes that the recipient was told, at `sent_at` or now."""

        def closed(notice: Notice, now: datetime) -> Notice:
            sent_at = given.get("sent_at") or now
            _not_in_future("notifications", sent_at)
            return {**notice, "sent_at": sent_at.isoformat(), "by": caller.username}

        return await self._close_notification(caller, given, request, Recipient(given["recipient"]), closed)

    async def waive_notification(
        self, caller: Caller, given: WaiveNotification, request: IdempotentRequest | None
    ) -> str:
        """Notes why the recipient need not be told."""

        def closed(notice: Notice, now: datetime) -> Notice:
            waived: Notice = {**notice, "waived_at": now.isoformat(), "waived_reason": given["reason"]}
            return {**waived, "by": caller.username}

        return await self._close_notification(caller, given, request, Recipient(given["recipient"]), closed)

    async def close(self, caller: Caller, given: CloseIncident, request: IdempotentRequest | None) -> str:
        """Closes the incident with a report. Raises RulesBrokenError with everything that stands in the way."""

        async def change(incident: _Open) -> _Changed:
            known = incident.known
            if broken := open_points(known):
                raise RulesBrokenError(broken)
            measures, notified = _measures(known), _notified(known)
            state = advanced(IncidentState(known["state"]), IncidentState.CLOSED, measures, notified)
            return {
                "state": state.value,
                "steps": [*(known["steps"] or ()), _step(state, incident.now, caller)],
                "closed_at": incident.now,
                "closing_report": given["closing_report"],
            }

        return await self._change(caller, given, request, "closing_report", change)

    async def _close_notification(
        self,
        caller: Caller,
        given: OfRecord,
        request: IdempotentRequest | None,
        recipient: Recipient,
        closed: Callable[[Notice, datetime], Notice],
    ) -> str:
        async def change(incident: _Open) -> _Changed:
            if recipient is Recipient.CUSTOMERS and not incident.known["scopes"]:
                raise RuleBrokenError("incident.not_scoped", "notifications")  # nobody knows yet whom it concerns
            known = incident.known["notifications"] or []
            notice = next((one for one in known if one["recipient"] == recipient), None)
            if notice is None:
                raise RuleBrokenError("incident.no_notification", "notifications")
            if _notification(notice).is_settled:
                raise RuleBrokenError("incident.settled_already", "notifications")
            settled = closed(notice, incident.now)
            return {"notifications": [settled if one is notice else one for one in known]}

        return await self._change(caller, given, request, "notifications", change)

    async def _change(
        self, caller: Caller, given: OfRecord, request: IdempotentRequest | None, field: str, change: Change
    ) -> str:
        """Writes what changes, by the right to `field`, and what follows from it by itself: the state, and the next
        time to keep."""
        plan = await self._operations.plan(caller, KIND, WRITE)
        record_id, version = given["id"], given["version"]

        async def work(writes: RecordWrites) -> str:
            # Judged by fields that the caller may not know of: the right to change is asked first.
            await writes.check(plan, KIND, record_id, [field], version=version)
            known = await self._operations.known(writes, plan, KIND, record_id, _KnownIncident)
            if known["state"] == IncidentState.CLOSED.value:
                raise RuleBrokenError("step.finished", "state")
            changed = await change(_Open(writes, plan, known, _now()))
            after = cast("_KnownIncident", {**known, **changed})
            open_until = [one.due_at for one in _notified(after) if not one.is_settled]
            derived = {**changed, **_moved_on(after, _now(), caller), "next_due_at": min(open_until, default=None)}
            values = {field: derived.pop(field)}
            await writes.update(plan, KIND, record_id, values, version=version, derived=derived)
            return record_id

        return await self._operations.run(caller, work, request)


def open_points(known: Standing) -> list[RuleBrokenError]:
    """Everything that stands in the way of closing: in the order of the steps."""
    found = [] if known["scopes"] else [RuleBrokenError("incident.not_scoped", "scopes")]
    fields = {"incident.no_notification": "notifications", "incident.notification_open": "notifications"}
    codes = hindrances(IncidentState.CLOSED, _measures(known), _notified(known))
    return [*found, *(RuleBrokenError(code, fields.get(code, "measures")) for code in codes)]


def is_late(notice: Notice, now: datetime) -> bool:
    """Whether it was told too late, or is not told yet and should be."""
    return _notification(notice).is_late(now)


def _moved_on(known: _KnownIncident, now: datetime, caller: Caller) -> _Changed:
    """The state that the incident has come into, step by step and none skipped."""
    state, steps = IncidentState(known["state"]), list(known["steps"] or ())
    measures, notified = _measures(known), _notified(known)
    while known["scopes"] and (to := next_state(state)) not in (None, IncidentState.CLOSED):
        if to is None or hindrances(to, measures, notified):
            break
        state = advanced(state, to, measures, notified)
        steps.append(_step(state, now, caller))
    return {"state": state.value, "steps": steps}


def _step(state: IncidentState, at: datetime, caller: Caller) -> Record:
    return Record(state=state.value, at=at, by=caller.username)


def _measures(known: Standing) -> Sequence[IncidentMeasure]:
    return [IncidentMeasure(one["what"], instant(one["done_at"])) for one in known["measures"] or ()]


def _notified(known: Standing) -> Sequence[Notification]:
    return [_notification(one) for one in known["notifications"] or ()]


def _notification(notice: Notice) -> Notification:
    due_at = datetime.fromisoformat(notice["due_at"])
    return Notification(Recipient(notice["recipient"]), due_at, instant(notice["sent_at"]), notice["waived_reason"])


def instant(stored: str | None) -> datetime | None:
    """The instant of a part of an object, which is stored as text."""
    return datetime.fromisoformat(stored) if stored is not None else None


def _not_in_future(field: str, at: datetime) -> None:
    if at > datetime.now(UTC):
        raise RuleBrokenError("incident.in_future", field)


def _now() -> datetime:
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
