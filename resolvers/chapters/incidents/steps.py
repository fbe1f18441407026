"""The use cases of breach response (I5): recorded → scoped → contained → notified → closed, under policy.

An incident moves on by itself as soon as nothing stands in the way of its next state; only closing is asked for.
INVARIANT: it is never closed unscoped, with a measure undone, or with a notification neither sent nor waived.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

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
from documents.writing.idempotency import IdempotentRequest
from documents.writing.records import RecordWrites
from policies.authorize import CREATE, READ, WRITE
from resolvers.caller import Caller
from resolvers.chapters.incidents.scope_search import TrailScopes
from resolvers.operations import RecordOperations

KIND: Final = Kind.INCIDENT
_FACTS: Final = ("state", "steps", "scopes", "measures", "notifications", "affected")
Facts = Mapping[str, Any]
Change = Callable[[Facts, datetime], dict[str, Any]]
"""From the incident as it is, and the time, the fields that change."""


class IncidentSteps:
    """Incidents and what is done about them."""

    def __init__(self, operations: RecordOperations, scopes: TrailScopes, affected: AffectedCustomers) -> None:
        self._operations = operations
        self._scopes = scopes
        self._affected = affected

    async def record(self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None) -> str:
        """Records an incident; from its discovery on run the times within which it has to be notified."""
        plan = await self._operations.plan(caller, KIND, CREATE)
        now = _now()
        _not_in_future("discovered_at", given["discovered_at"])
        due = [
            {"recipient": one.recipient.value, "due_at": one.due_at} for one in notifications(given["discovered_at"])
        ]
        derived = {
            "reported_by": caller.username,
            "state": IncidentState.RECORDED.value,
            "steps": [_step(IncidentState.RECORDED, now, caller)],
            "notifications": due,
            "next_due_at": due[0]["due_at"],
            "affected": 0,
        }

        async def work(writes: RecordWrites) -> str:
            return await writes.insert(plan, KIND, given, derived=derived, by=caller.username)

        return await self._operations.run(work, request)

    async def scope(self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None) -> str:
        """Finds in the trail whom the incident concerns, and keeps the answer. Further searches add to it.

        Raises the errors of `TrailScopes.search`."""
        plan = await self._operations.plan(caller, KIND, WRITE)
        found = await self._scopes.search(caller, given)

        async def work(writes: RecordWrites) -> str:
            known = await self._facts(writes, plan, given, "scopes")
            now, number = _now(), len(known["scopes"]) + 1
            own = await self._operations.system_plan(plan, Kind.AFFECTED_CUSTOMER, CREATE)
            searched = Searched(given["id"], number, found.query.field, caller.username)
            listed = await self._affected.add(own, searched, found.seen, writes.session)
            scope = {
                "number": number,
                "person": found.query.username,
                "field": found.query.field,
                "kind": found.query.kind,
                "since": found.query.since,
                "until": found.query.until,
                "entries": found.entries,
                "listed": listed,
                "deleted": len(found.seen) - listed,
                "at": now,
                "by": caller.username,
            }
            changed = {
                "scopes": [*known["scopes"], scope],
                "trail_heads": found.heads,
                "affected": await self._affected.count(given["id"], writes.session),
            }
            await self._keep(writes, plan, caller, given, "scopes", known, changed)
            return str(given["id"])

        return await self._operations.run(work, request)

    async def add_measure(self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None) -> str:
        """Notes what is to be done against it."""

        def change(known: Facts, now: datetime) -> dict[str, Any]:
            number = len(known["measures"]) + 1
            measure = {"number": number, "what": given["what"], "at": now, "by": caller.username}
            return {"measures": [*known["measures"], measure]}

        return await self._change(caller, given, request, "measures", change)

    async def complete_measure(self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None) -> str:
        """Notes that the measure `given["number"]` is done."""

        def change(known: Facts, now: datetime) -> dict[str, Any]:
            measures = [dict(measure) for measure in known["measures"]]
            measure = next((one for one in measures if one["number"] == given["number"]), None)
            if measure is None:
                raise RuleBrokenError("incident.no_such_measure", "measures")
            if measure["done_at"] is not None:
                raise RuleBrokenError("incident.settled_already", "measures")
            measure |= {"done_at": now, "done_by": caller.username}
            return {"measures": measures}

        return await self._change(caller, given, request, "measures", change)

    async def record_notification(
        self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None
    ) -> str:
        """Notes that `given["recipient"]` was told, at `sent_at` or now."""

        def closing(now: datetime) -> dict[str, Any]:
            sent_at = given.get("sent_at") or now
            _not_in_future("notifications", sent_at)
            return {"sent_at": sent_at, "by": caller.username}

        return await self._close_notification(caller, given, request, closing)

    async def waive_notification(self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None) -> str:
        """Notes why `given["recipient"]` need not be told."""

        def closing(now: datetime) -> dict[str, Any]:
            return {"waived_at": now, "waived_reason": given["reason"], "by": caller.username}

        return await self._close_notification(caller, given, request, closing)

    async def close(self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None) -> str:
        """Closes the incident with a report. Raises RulesBrokenError with everything that stands in the way."""

        def change(known: Facts, now: datetime) -> dict[str, Any]:
            if broken := open_points(known):
                raise RulesBrokenError(broken)
            measures, notified = _measures(known), _notified(known)
            state = advanced(IncidentState(known["state"]), IncidentState.CLOSED, measures, notified)
            steps = [*known["steps"], _step(state, now, caller)]
            return {"state": state.value, "steps": steps, "closed_at": now, "closing_report": given["closing_report"]}

        return await self._change(caller, given, request, "closing_report", change)

    async def _close_notification(
        self,
        caller: Caller,
        given: dict[str, Any],
        request: IdempotentRequest | None,
        closing: Callable[[datetime], dict[str, Any]],
    ) -> str:
        recipient = Recipient(given["recipient"])

        def change(known: Facts, now: datetime) -> dict[str, Any]:
            if recipient is Recipient.CUSTOMERS and not known["scopes"]:
                raise RuleBrokenError("incident.not_scoped", "notifications")  # nobody knows yet whom it concerns
            told = [dict(one) for one in known["notifications"]]
            ours = next((one for one in told if one["recipient"] == recipient), None)
            if ours is None:
                raise RuleBrokenError("incident.no_notification", "notifications")
            if _notification(ours).is_settled:
                raise RuleBrokenError("incident.settled_already", "notifications")
            ours |= closing(now)
            return {"notifications": told}

        return await self._change(caller, given, request, "notifications", change)

    async def _change(
        self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None, field: str, change: Change
    ) -> str:
        plan = await self._operations.plan(caller, KIND, WRITE)

        async def work(writes: RecordWrites) -> str:
            known = await self._facts(writes, plan, given, field)
            await self._keep(writes, plan, caller, given, field, known, change(known, _now()))
            return str(given["id"])

        return await self._operations.run(work, request)

    async def _facts(self, writes: RecordWrites, plan: Any, given: dict[str, Any], field: str) -> Facts:
        """What the rules judge by, whatever of it the caller may see: the right to change `field` is asked first."""
        await writes.check(plan, KIND, given["id"], [field], version=given["version"])
        own = await self._operations.system_plan(plan, KIND, READ)
        known = await writes.load(own, KIND, given["id"], *_FACTS)
        if known["state"] == IncidentState.CLOSED.value:
            raise RuleBrokenError("step.finished", "state")
        lists = {name: known[name] or [] for name in ("steps", "scopes", "measures", "notifications")}
        return {**known, **lists}

    async def _keep(
        self,
        writes: RecordWrites,
        plan: Any,
        caller: Caller,
        given: dict[str, Any],
        field: str,
        known: Facts,
        changed: dict[str, Any],
    ) -> None:
        """Writes what changed, and what follows from it by itself: the state, and the next time to keep."""
        after = {**known, **changed}
        open_until = [one.due_at for one in _notified(after) if not one.is_settled]
        derived = {
            **changed,
            **_moved_on(after, _now(), caller),
            "next_due_at": min(open_until, default=None),
        }
        values = {field: derived.pop(field)}
        await writes.update(plan, KIND, given["id"], values, version=given["version"], derived=derived)


def open_points(known: Facts) -> list[RuleBrokenError]:
    """Everything that stands in the way of closing: in the order of the steps."""
    found = [] if known["scopes"] else [RuleBrokenError("incident.not_scoped", "scopes")]
    fields = {"incident.no_notification": "notifications", "incident.notification_open": "notifications"}
    codes = hindrances(IncidentState.CLOSED, _measures(known), _notified(known))
    return [*found, *(RuleBrokenError(code, fields.get(code, "measures")) for code in codes)]


def is_late(notification: Mapping[str, Any], now: datetime) -> bool:
    """Whether it was told too late, or is not told yet and should be."""
    return _notification(notification).is_late(now)


def _moved_on(known: Facts, now: datetime, caller: Caller) -> dict[str, Any]:
    """The state that the incident has come into, step by step and none skipped."""
    state, steps = IncidentState(known["state"]), list(known["steps"])
    measures, notified = _measures(known), _notified(known)
    while known["scopes"] and (to := next_state(state)) not in (None, IncidentState.CLOSED):
        if to is None or hindrances(to, measures, notified):
            break
        state = advanced(state, to, measures, notified)
        steps.append(_step(state, now, caller))
    return {"state": state.value, "steps": steps}


def _step(state: IncidentState, at: datetime, caller: Caller) -> dict[str, Any]:
    return {"state": state.value, "at": at, "by": caller.username}


def _measures(known: Facts) -> Sequence[IncidentMeasure]:
    return [IncidentMeasure(one["what"], instant(one.get("done_at"))) for one in known["measures"] or ()]


def _notified(known: Facts) -> Sequence[Notification]:
    return [_notification(one) for one in known["notifications"] or ()]


def _notification(stored: Mapping[str, Any]) -> Notification:
    due_at, sent_at = instant(stored["due_at"]), instant(stored.get("sent_at"))
    if due_at is None:
        raise TypeError("a notification has a time to keep")
    return Notification(Recipient(stored["recipient"]), due_at, sent_at, stored.get("waived_reason"))


def instant(stored: Any) -> datetime | None:
    """The instant: within an object it is stored as text."""
    found = datetime.fromisoformat(stored) if isinstance(stored, str) else stored
    return found if isinstance(found, datetime) else None


def _not_in_future(field: str, at: datetime) -> None:
    if at > datetime.now(UTC):
        raise RuleBrokenError("incident.in_future", field)


def _now() -> datetime:
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
