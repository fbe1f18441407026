"""Service standards: the right one, where a ticket stands, who is told (S2)."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.chapters.service.standards import (
    EscalationLevel,
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
from documents.declaring.kind import CUSTOMER_KINDS, Kind
from documents.reckoning.working_time import WorkingCalendar
from tests.documents.strategies import at, instants_between

CALENDAR = WorkingCalendar()
STANDARDS = default_standards(("service_agent", "service_manager", "supervisor"))
STANDARD = Standard(timedelta(hours=5), timedelta(hours=20))
MICROSECOND = timedelta(microseconds=1)
instants = instants_between("2026-09-01", "2026-11-01")
standards = st.builds(
    Standard,
    st.timedeltas(timedelta(minutes=1), timedelta(hours=100)),
    st.timedeltas(timedelta(minutes=1), timedelta(hours=100)),
)


@st.composite
def waiting_tickets(draw: st.DrawFn) -> TicketTimes:
    """An open ticket with waits that are over."""
    moments = sorted(draw(st.lists(instants, min_size=1, max_size=7, unique=True)))
    opened, *others = moments
    waits = tuple(Wait(a, b) for a, b in zip(others[::2], others[1::2], strict=False))
    return TicketTimes(opened, waits=waits)


@given(waiting_tickets(), standards, st.sampled_from(Measure))
def test_a_measure_is_breached_after_its_due_moment_and_not_before(
    times: TicketTimes, standard: Standard, measure: Measure
) -> None:
    """`due_at`, which lists are ordered by, and `standing`, which is shown, agree to the microsecond."""
    due = due_at(CALENDAR, standard, times, measure)
    assert due is not None
    assert standing(CALENDAR, standard, times, measure, due) is Standing.NEAR
    assert standing(CALENDAR, standard, times, measure, due - MICROSECOND) is not Standing.BREACHED
    # The next working microsecond that is not a wait breaches it.
    later = CALENDAR.due_after(max([due, *(wait.ends for wait in times.waits if wait.ends)]), MICROSECOND)
    assert standing(CALENDAR, standard, times, measure, later) is Standing.BREACHED


@given(waiting_tickets(), standards, st.sampled_from(Measure), instants, instants)
def test_time_never_improves_the_standing(
    times: TicketTimes, standard: Standard, measure: Measure, one: datetime, other: datetime
) -> None:
    """Of a ticket that nobody touches."""
    order = list(Standing)
    earlier, later = sorted((one, other))
    before = standing(CALENDAR, standard, times, measure, earlier)
    assert order.index(standing(CALENDAR, standard, times, measure, later)) >= order.index(before)
    told = STANDARDS.escalations(CALENDAR, standard, times, earlier)
    assert set(told) <= set(STANDARDS.escalations(CALENDAR, standard, times, later))


@given(waiting_tickets(), standards, instants)
def test_nobody_is_told_twice(times: TicketTimes, standard: Standard, now: datetime) -> None:
    """What was raised is not due again, and what was not stays due."""
    due = STANDARDS.escalations(CALENDAR, standard, times, now)
    assert STANDARDS.escalations(CALENDAR, standard, times, now, due) == ()
    assert STANDARDS.escalations(CALENDAR, standard, times, now, due[:1]) == due[1:]


@given(waiting_tickets(), instants, instants)
def test_waiting_for_the_customer_is_not_counted(times: TicketTimes, one: datetime, other: datetime) -> None:
    """The clock of the resolution stands still, that of the reply does not."""
    begins, later = sorted((max(one, times.opened_at), max(other, times.opened_at)))
    ended = [wait for wait in times.waits if wait.ends is not None and wait.ends <= begins]
    waiting = TicketTimes(times.opened_at, waits=(*ended, Wait(begins)))
    resolution, reply = Measure.RESOLUTION, Measure.REPLY
    assert elapsed(CALENDAR, waiting, resolution, later) == elapsed(CALENDAR, waiting, resolution, begins)
    assert elapsed(CALENDAR, waiting, reply, later) == CALENDAR.working_time_between(times.opened_at, later)
    assert due_at(CALENDAR, STANDARD, waiting, resolution) is None


@pytest.mark.parametrize(
    ("now", "expected", "levels"),
    [
        ("2026-11-24T12:59", Standing.WITHIN, []),
        ("2026-11-24T14:29", Standing.WITHIN, []),
        ("2026-11-24T14:30", Standing.NEAR, [1]),
        ("2026-11-24T15:30", Standing.NEAR, [1, 2]),
        ("2026-11-24T15:31", Standing.BREACHED, [1, 2]),
        ("2026-11-24T18:00", Standing.BREACHED, [1, 2, 3]),
    ],
)
def test_a_reply_within_five_hours(now: str, expected: Standing, levels: list[int]) -> None:
    """Of a ticket opened at nine, with lunch from twelve to half past one."""
    times = TicketTimes(at("2026-11-24T09:00"))
    assert standing(CALENDAR, STANDARD, times, Measure.REPLY, at(now)) is expected
    told = STANDARDS.escalations(CALENDAR, STANDARD, times, at(now))
    assert [escalation.level for escalation in told if escalation.measure is Measure.REPLY] == levels


def test_what_is_met_keeps_its_standing_and_escalates_no_more() -> None:
    """A late reply stays a breach for the indicators, a timely one stays within."""
    opened, now = at("2026-11-24T09:00"), at("2026-12-24T09:00")
    late = TicketTimes(opened, replied_at=at("2026-11-25T09:00"), resolved_at=at("2026-11-25T10:00"))
    assert standing(CALENDAR, STANDARD, late, Measure.REPLY, now) is Standing.BREACHED
    assert standing(CALENDAR, STANDARD, late, Measure.RESOLUTION, now) is Standing.WITHIN
    assert STANDARDS.escalations(CALENDAR, STANDARD, late, now) == ()
    at_once = TicketTimes(opened, resolved_at=at("2026-11-24T10:00"))
    assert standing(CALENDAR, STANDARD, at_once, Measure.REPLY, now) is Standing.WITHIN


def test_the_most_specific_rule_counts() -> None:
    """Whatever their order."""
    first, second, third = (Standard(timedelta(hours=n), timedelta(hours=n)) for n in (1, 2, 3))
    rules = (
        StandardRule(first),
        StandardRule(second, kind=Kind.ENTERPRISE),
        StandardRule(third, kind=Kind.ENTERPRISE, priority=Priority.LOW),
    )
    for order in (rules, rules[::-1]):
        table = ServiceStandards(order, ())
        assert table.standard(Kind.INDIVIDUAL, TicketCategory.CONSULTATION, Priority.LOW) == first
        assert table.standard(Kind.ENTERPRISE, TicketCategory.CONSULTATION, Priority.HIGH) == second
        assert table.standard(Kind.ENTERPRISE, TicketCategory.CONSULTATION, Priority.LOW) == third


@given(st.sampled_from(CUSTOMER_KINDS), st.sampled_from(TicketCategory))
def test_more_urgent_is_never_slower(kind: Kind, category: TicketCategory) -> None:
    """In the standards that an installation begins with."""
    found = [STANDARDS.standard(kind, category, priority) for priority in Priority]
    for slower, faster in pairwise(found):
        assert faster.reply_within <= slower.reply_within
        assert faster.resolve_within <= slower.resolve_within


def test_tables_that_leave_questions_are_refused() -> None:
    """No rule for all, two rules for the same, no time, levels that fall."""
    rule = StandardRule(STANDARD)
    with pytest.raises(ValueError, match="every ticket"):
        ServiceStandards((StandardRule(STANDARD, priority=Priority.LOW),), ())
    with pytest.raises(ValueError, match="same"):
        ServiceStandards((rule, rule), ())
    with pytest.raises(ValueError, match="no time"):
        Standard(timedelta(0), timedelta(hours=1))
    with pytest.raises(ValueError, match="higher"):
        ServiceStandards((rule,), (EscalationLevel(1, Decimal(1), "a"), EscalationLevel(2, Decimal(1), "b")))
