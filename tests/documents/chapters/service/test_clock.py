"""The clocks as they are stored: nothing changes before the instant that says so, and nobody is told twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from documents.chapters.service.clock import (
    StandardRow,
    service_clocks,
    standards_in_force,
    with_wait,
    without_open_wait,
)
from documents.chapters.service.standards import Priority, Standing, TicketCategory
from documents.declaring.kind import Kind

CLOCKS = service_clocks(("agent", "lead", "head"), ("handler", "lead", "head"))
TICKET_CLOCK, COMPLAINT_CLOCK = CLOCKS[Kind.TICKET], CLOCKS[Kind.COMPLAINT]
START = datetime(2026, 9, 1, tzinfo=UTC)  # before the National Day holidays and their make-up days
SPANS = st.integers(min_value=0, max_value=60 * 24 * 60)
CHANGING = ("standing", "escalations", "escalation_level")


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    """Tickets that were opened, perhaps answered, and wait or have waited for the customer."""
    opened_at = START + timedelta(minutes=draw(SPANS))
    case: dict[str, Any] = {"opened_at": opened_at, "assignee": None, "escalations": [], "waits": []}
    case |= {"reply_within": draw(st.integers(1, 600)), "resolve_within": draw(st.integers(600, 6000))}
    moment = opened_at
    for action in draw(st.lists(st.sampled_from(("reply", "wait", "continue")), max_size=5)):
        moment += timedelta(minutes=draw(st.integers(1, 5000)))
        is_waiting = any(wait["ends"] is None for wait in case["waits"])
        if action == "reply":
            case.setdefault("first_reply_at", moment)
        elif action == "wait" and not is_waiting:
            case["waits"] = with_wait(case["waits"], moment)
        elif action == "continue":
            case["waits"] = without_open_wait(case["waits"], moment)
    return {**case, "now": moment}


@given(cases(), st.integers(0, 999))
def test_nothing_changes_before_the_next_instant(case: dict[str, Any], thousandths: int) -> None:
    """So that a job which looks at what is due by then, and at nothing else, misses nothing."""
    fields = TICKET_CLOCK.fields(case, case["now"])
    kept = {**case, **fields}
    until = fields["next_due_at"] or case["now"] + timedelta(days=365)
    moment = case["now"] + (until - case["now"]) * thousandths // 1_000
    moment -= timedelta(microseconds=moment.microsecond % 1_000)  # as instants are stored
    later = TICKET_CLOCK.fields(kept, moment)
    assert {name: later[name] for name in CHANGING} == {name: fields[name] for name in CHANGING}


@given(cases())
def test_from_instant_to_instant_each_level_is_told_once_and_then_all_is_quiet(case: dict[str, Any]) -> None:
    """Each instant lies behind the one before; after the last one nothing is due."""
    kept = {**case, **TICKET_CLOCK.fields(case, case["now"])}
    for _ in range(12):
        if (moment := kept["next_due_at"]) is None:
            break
        later = TICKET_CLOCK.fields(kept, moment)
        assert later["next_due_at"] is None or later["next_due_at"] > moment
        kept = {**kept, **later}
    assert kept["next_due_at"] is None
    told = [(entry["measure"], entry["level"]) for entry in kept["escalations"]]
    assert len(told) == len(set(told))
    is_waiting = any(wait["ends"] is None for wait in case["waits"])
    if not is_waiting:
        assert kept["standing"] is Standing.BREACHED
        assert kept["escalation_level"] == 3


@given(cases())
def test_what_was_stored_is_read_back_to_the_same_clock(case: dict[str, Any]) -> None:
    """Within objects instants are text in the database, and so are choices."""
    fields = TICKET_CLOCK.fields(case, case["now"])
    stored = [
        {**entry, "measure": entry["measure"].value, "at": entry["at"].isoformat()} for entry in fields["escalations"]
    ]
    waits = [
        {name: value.isoformat() if value is not None else None for name, value in wait.items()}
        for wait in case["waits"]
    ]
    again = TICKET_CLOCK.fields({**case, "escalations": stored, "waits": waits}, case["now"])
    assert {name: value for name, value in again.items() if name != "escalations"} == {
        name: value for name, value in fields.items() if name != "escalations"
    }
    assert len(again["escalations"]) == len(stored)


def test_done_in_time_or_late_is_measured_in_working_minutes() -> None:
    """Tuesday 09:00 to 11:30 in Shanghai; the standard is two hours."""
    case: dict[str, Any] = {"opened_at": datetime(2026, 9, 1, 1, tzinfo=UTC), "reply_within": 120}
    case |= {"resolve_within": 150, "first_reply_at": datetime(2026, 9, 1, 3, 30, tzinfo=UTC)}
    case["resolved_at"] = case["first_reply_at"]
    fields = COMPLAINT_CLOCK.fields(case, case["resolved_at"])
    assert (fields["reply_minutes"], fields["reply_in_time"]) == (150, False)
    assert (fields["resolution_minutes"], fields["resolved_in_time"]) == (150, True)
    assert (fields["standing"], fields["next_due_at"], fields["escalations"]) == (Standing.BREACHED, None, [])


def test_the_companys_own_standards_take_the_place_of_those_for_the_same_work() -> None:
    """And leave all others."""
    row = StandardRow(customer_kind="enterprise", category=None, priority="high", reply_within=5, resolve_within=9)
    any_row = StandardRow(customer_kind=None, category=None, priority=None, reply_within=7, resolve_within=8)
    standards = standards_in_force([row, any_row], TICKET_CLOCK.standards)

    def reply(kind: Kind, priority: Priority) -> float:
        return standards.standard(kind, TicketCategory.OTHER, priority).reply_within / timedelta(minutes=1)

    assert reply(Kind.ENTERPRISE, Priority.HIGH) == 5
    assert reply(Kind.INDIVIDUAL, Priority.HIGH) == 120
    assert reply(Kind.INDIVIDUAL, Priority.NORMAL) == 7
