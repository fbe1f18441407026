"""The life of a ticket (S1, S2)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.chapters.service.ticket_states import TICKET_MACHINE, TicketAction, TicketState
from documents.errors import StepError

WAY = [
    TicketAction.START,
    TicketAction.WAIT,
    TicketAction.CONTINUE,
    TicketAction.RESOLVE,
    TicketAction.REOPEN,
    TicketAction.RESOLVE,
    TicketAction.CLOSE,
]


def test_every_state_is_reached_on_the_usual_way() -> None:
    """From open to closed, with a question to the customer and a second thought."""
    state = TICKET_MACHINE.initial
    seen = [state]
    for action in WAY:
        state = TICKET_MACHINE.after(state, action)
        seen.append(state)
    assert set(seen) == set(TicketState)
    assert state is TicketState.CLOSED


@given(st.sampled_from(TicketState), st.sampled_from(TicketAction))
def test_what_is_not_offered_is_refused(state: TicketState, action: TicketAction) -> None:
    """`actions` says exactly what `after` does."""
    if action in TICKET_MACHINE.actions(state):
        assert TICKET_MACHINE.after(state, action) is not state
        return
    with pytest.raises(StepError) as refused:
        TICKET_MACHINE.after(state, action)
    assert refused.value.rule == "step.not_allowed"


@given(st.lists(st.sampled_from(TicketAction), max_size=12))
def test_no_way_closes_what_was_not_resolved(actions: list[TicketAction]) -> None:
    """Whatever is tried, in whatever order."""
    state = TICKET_MACHINE.initial
    for action in actions:
        before = state
        if action in TICKET_MACHINE.actions(state):
            state = TICKET_MACHINE.after(state, action)
        if state is TicketState.CLOSED:
            assert before in (TicketState.RESOLVED, TicketState.CLOSED)
        if before is TicketState.OPEN:
            assert state in (TicketState.OPEN, TicketState.IN_PROGRESS)


def test_no_state_is_a_trap() -> None:
    """A closed ticket can be opened again, and never becomes a new one."""
    assert all(TICKET_MACHINE.actions(state) for state in TicketState)
    assert TICKET_MACHINE.actions(TicketState.CLOSED) == (TicketAction.REOPEN,)
    assert TicketState.OPEN not in TICKET_MACHINE.transitions.values()
