"""The clocks of a ticket or complaint as the fields by which they are kept (S2, S6).

Owns the way from what happened (opened, answered, waited, resolved) to what is stored beside it: until when, where it
stands, when that changes next, who is told. Pure; it must never read the time by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final, TypedDict

from documents.chapters.service.standards import (
    NEAR_FROM,
    Escalation,
    Measure,
    Priority,
    ServiceStandards,
    Standard,
    StandardRule,
    Standing,
    TicketCategory,
    TicketTimes,
    Wait,
    default_standards,
    due_at,
    elapsed,
    standing,
)
from documents.declaring.kind import Kind
from documents.reckoning.working_time import WorkingCalendar


class KnownWait(TypedDict):
    begins: str
    ends: str | None


class KnownEscalation(TypedDict):
    measure: str
    level: int
    role: str
    person: str | None
    at: str


class TimedCase(TypedDict):
    """What the clocks are read from."""

    opened_at: datetime | None
    first_reply_at: datetime | None
    resolved_at: datetime | None
    reply_within: int | None
    resolve_within: int | None
    escalations: list[KnownEscalation] | None
    assignee: str | None


class TimedTicket(TimedCase):
    """A ticket may wait for its customer, a complaint never does."""

    waits: list[KnownWait] | None


class StandardRow(TypedDict):
    """One of the company's own standards; None means any."""

    customer_kind: str | None
    category: str | None
    priority: str | None
    reply_within: int
    resolve_within: int


_MINUTE: Final = timedelta(minutes=1)
_INSTANT: Final = timedelta(milliseconds=1)  # of the database: a standard is breached after its time, not at its last
_ORDER: Final = tuple(Standing)


def standards_in_force(rows: Iterable[StandardRow], base: ServiceStandards) -> ServiceStandards:
    """`base` with the company's own standards in place of those for the same work."""
    rules = {(rule.kind, rule.category, rule.priority): rule for rule in base.rules}
    for row in rows:
        standard = standard_of(row)
        kind = Kind(row["customer_kind"]) if row["customer_kind"] is not None else None
        category = TicketCategory(row["category"]) if row["category"] is not None else None
        priority = Priority(row["priority"]) if row["priority"] is not None else None
        rules[kind, category, priority] = StandardRule(standard, kind, category, priority)
    return ServiceStandards(tuple(rules.values()), base.levels)


def standard_of(row: Mapping[str, Any]) -> Standard:
    """The standard in `reply_within` and `resolve_within`, working minutes."""
    return Standard(timedelta(minutes=row["reply_within"]), timedelta(minutes=row["resolve_within"]))


@dataclass(frozen=True)
class ServiceClock:
    """Reads the clocks of one kind of work; `standards` say who is told at which level."""

    standards: ServiceStandards
    calendar: WorkingCalendar = field(default_factory=WorkingCalendar)

    def fields(self, case: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        """What is stored of the clocks at `now`; `case` is a `TimedCase` as it is after the change."""
        standard, times = standard_of(case), _times(case)
        raised = [_escalation(entry) for entry in case.get("escalations") or ()]
        due = self.standards.escalations(self.calendar, standard, times, now, raised)
        told = [*(case.get("escalations") or ()), *(_entry(one, case, now) for one in due)]
        standings = [standing(self.calendar, standard, times, measure, now) for measure in Measure]
        return {
            "reply_by": due_at(self.calendar, standard, times, Measure.REPLY),
            "resolve_by": due_at(self.calendar, standard, times, Measure.RESOLUTION),
            "standing": max(standings, key=_ORDER.index),
            "next_due_at": self._next_due_at(standard, times, now),
            "escalations": told,
            "escalation_level": max((entry["level"] for entry in told), default=0),
            **self._measured(standard, times, now),
        }

    def _next_due_at(self, standard: Standard, times: TicketTimes, now: datetime) -> datetime | None:
        """The next instant at which the standing or an escalation changes by itself."""
        found: list[datetime] = []
        for measure in Measure:
            if times.stopped_at(measure) is not None:
                continue
            for share in {NEAR_FROM, Decimal(1), *(level.share for level in self.standards.levels)}:
                instant = due_at(self.calendar, _part(standard, share), times, measure)
                if instant is not None:
                    found += [instant, instant + _INSTANT] if share == 1 else [instant]
        return min((instant for instant in found if instant > now), default=None)

    def _measured(self, standard: Standard, times: TicketTimes, now: datetime) -> dict[str, Any]:
        """Working minutes and whether in time, of what is done; None of what is not."""
        measured: dict[str, Any] = {}
        names = {
            Measure.REPLY: ("reply_minutes", "reply_in_time"),
            Measure.RESOLUTION: ("resolution_minutes", "resolved_in_time"),
        }
        for measure, (minutes, in_time) in names.items():
            is_done = times.stopped_at(measure) is not None
            used = elapsed(self.calendar, times, measure, now)
            measured[minutes] = used // _MINUTE if is_done else None
            measured[in_time] = used <= standard.within(measure) if is_done else None
        return measured


MEASURED: Final = (Kind.TICKET, Kind.COMPLAINT)
"""The kinds of work that have clocks."""

Clocks = Mapping[Kind, ServiceClock]
"""One for each of them."""


def service_clocks(tickets: Sequence[str], complaints: Sequence[str]) -> Clocks:
    """The clocks; roles are those to which work of either kind is escalated, level by level."""
    roles = zip(MEASURED, (tickets, complaints), strict=True)
    return {kind: ServiceClock(default_standards(told)) for kind, told in roles}


def with_wait(waits: Iterable[Mapping[str, Any]], now: datetime) -> list[dict[str, Any]]:
    """The waits with one that begins now."""
    return [*map(dict, waits), {"begins": now, "ends": None}]


def without_open_wait(waits: Iterable[Mapping[str, Any]], now: datetime) -> list[dict[str, Any]]:
    """The waits, the one that still lasts ending now."""
    return [{**wait, "ends": wait["ends"] or now} for wait in waits]


def _times(case: Mapping[str, Any]) -> TicketTimes:
    waits = tuple(Wait(_instant(wait["begins"]), _instant_or_none(wait["ends"])) for wait in case.get("waits") or ())
    return TicketTimes(case["opened_at"], case.get("first_reply_at"), case.get("resolved_at"), waits)


def _instant(value: datetime | str) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


def _instant_or_none(value: datetime | str | None) -> datetime | None:
    return _instant(value) if value is not None else None


def _escalation(entry: Mapping[str, Any]) -> Escalation:
    return Escalation(Measure(entry["measure"]), entry["level"], entry["role"])


def _entry(escalation: Escalation, case: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The first level is told to whoever works on it, if somebody does."""
    person = case.get("assignee") if escalation.level == 1 else None
    return {
        "measure": escalation.measure,
        "level": escalation.level,
        "role": escalation.role,
        "person": person,
        "at": now,
    }


def _part(standard: Standard, share: Decimal) -> Standard:
    numerator, denominator = share.as_integer_ratio()
    return Standard(standard.reply_within * numerator / denominator, standard.resolve_within * numerator / denominator)
