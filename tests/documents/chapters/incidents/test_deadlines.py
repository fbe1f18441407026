"""Incidents: one state after the other, nothing left open (I5)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.chapters.incidents.deadlines import (
    STATES,
    IncidentMeasure,
    IncidentState,
    Notification,
    NotificationRule,
    Recipient,
    advanced,
    hindrances,
    next_state,
    notifications,
)
from documents.errors import StepError
from tests.documents.strategies import at

FOUND = at("2026-09-30T23:30")
SENT, LATER = FOUND + timedelta(hours=1), FOUND + timedelta(hours=100)
measures = st.lists(st.builds(IncidentMeasure, st.just("block the account"), st.sampled_from([None, SENT])), max_size=3)
notified = st.lists(
    st.builds(
        Notification,
        st.sampled_from(Recipient),
        st.just(FOUND + timedelta(hours=4)),
        st.sampled_from([None, SENT, LATER]),
        st.sampled_from([None, "", " ", "no data left the house"]),
    ),
    max_size=3,
)


@given(st.lists(st.tuples(st.sampled_from(IncidentState), measures, notified), max_size=20))
def test_no_way_skips_a_state_or_closes_what_is_open(
    tried: list[tuple[IncidentState, list[IncidentMeasure], list[Notification]]],
) -> None:
    """Whatever is tried; a refusal leaves it where it was."""
    state = IncidentState.RECORDED
    for to, done, told in tried:
        try:
            following = advanced(state, to, done, told)
        except StepError:
            continue
        assert STATES.index(following) == STATES.index(state) + 1
        if following is IncidentState.CLOSED:
            assert all(one.done_at for one in done)
            assert told
            assert all(one.sent_at or (one.waived_because or "").strip() for one in told)
        state = following


def test_every_state_is_reached() -> None:
    """With a measure done, the regulator told and the customers for a reason not."""
    done = [IncidentMeasure("block the account", SENT)]
    regulator, customers = notifications(FOUND)
    told = [replace(regulator, sent_at=SENT), replace(customers, waived_because="encrypted with a lost key")]
    state = IncidentState.RECORDED
    for to in STATES[1:]:
        assert next_state(state) is to
        state = advanced(state, to, done, told)
    assert next_state(state) is None
    with pytest.raises(StepError) as refused:
        advanced(state, IncidentState.CLOSED, done, told)
    assert refused.value.rule == "step.finished"


@pytest.mark.parametrize("state", IncidentState)
@pytest.mark.parametrize("to", IncidentState)
def test_only_the_next_state_is_taken(state: IncidentState, to: IncidentState) -> None:
    """Forwards, one at a time."""
    done, told = [IncidentMeasure("m", SENT)], [Notification(Recipient.REGULATOR, SENT, SENT)]
    if to is next_state(state):
        assert advanced(state, to, done, told) is to
        return
    with pytest.raises(StepError):
        advanced(state, to, done, told)


def test_what_hinders_is_named() -> None:
    """All of it, so that a page can show it; and no more than the state needs."""
    open_measure, done = IncidentMeasure("a"), IncidentMeasure("b", SENT)
    open_notification = Notification(Recipient.CUSTOMERS, SENT)
    assert hindrances(IncidentState.SCOPED, [], []) == ()
    assert hindrances(IncidentState.CONTAINED, [open_measure], []) == ("incident.no_measure_done",)
    assert hindrances(IncidentState.NOTIFIED, [open_measure, done], []) == ("incident.no_notification",)
    assert hindrances(IncidentState.CLOSED, [open_measure, done], [open_notification]) == (
        "incident.notification_open",
        "incident.measure_open",
    )
    with pytest.raises(StepError) as refused:
        advanced(IncidentState.NOTIFIED, IncidentState.CLOSED, [open_measure, done], [open_notification])
    assert refused.value.rule == "incident.notification_open"


@given(st.lists(st.builds(NotificationRule, st.sampled_from(Recipient), st.timedeltas(timedelta(0), timedelta(30)))))
def test_deadlines_run_from_the_discovery(rules: list[NotificationRule]) -> None:
    """Over nights and holidays, the most urgent first; none is forgotten."""
    made = notifications(FOUND, rules)
    assert sorted(one.due_at - FOUND for one in made) == sorted(rule.within for rule in rules)
    assert [one.due_at for one in made] == sorted(one.due_at for one in made)


@given(notified, st.timedeltas(timedelta(0), timedelta(hours=200)))
def test_late_is_late_for_ever(told: list[Notification], passed: timedelta) -> None:
    """Sent after its deadline stays late, sent before it never becomes so; waived is not late."""
    now = FOUND + passed
    for one in told:
        if one.sent_at == SENT:
            assert not one.is_late(now)
        elif one.sent_at == LATER:
            assert one.is_late(now)
        else:
            assert one.is_late(now) == (not one.is_settled and passed > timedelta(hours=4))


def test_the_deadline_itself_is_in_time() -> None:
    """Sent then, or not yet sent then."""
    due = FOUND + timedelta(hours=4)
    moment = timedelta(microseconds=1)
    assert not Notification(Recipient.REGULATOR, due).is_late(due)
    assert Notification(Recipient.REGULATOR, due).is_late(due + moment)
    assert not Notification(Recipient.REGULATOR, due, sent_at=due).is_late(due + moment)
    assert Notification(Recipient.REGULATOR, due, sent_at=due + moment).is_late(due)


def test_the_default_deadlines() -> None:
    """Four hours for the regulator, three days for the customers."""
    assert [(one.recipient, one.due_at) for one in notifications(FOUND)] == [
        (Recipient.REGULATOR, at("2026-10-01T03:30")),
        (Recipient.CUSTOMERS, at("2026-10-03T23:30")),
    ]
