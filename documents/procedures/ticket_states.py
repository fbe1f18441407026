"""The life of a ticket: open → in progress ↔ waiting for the customer → resolved → closed, and open again (S1, S2)."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Final

from documents.procedures.state_machine import StateMachine


class TicketState(StrEnum):
    OPEN = "open"
    IN_PROGRESS = "in_progress"
    WAITING_FOR_CUSTOMER = "waiting_for_customer"
    RESOLVED = "resolved"
    CLOSED = "closed"


class TicketAction(StrEnum):
    START = "start"
    WAIT = "wait"
    CONTINUE = "continue"
    RESOLVE = "resolve"
    CLOSE = "close"
    REOPEN = "reopen"


TICKET_MACHINE: Final = StateMachine(
    TicketState.OPEN,
    MappingProxyType(
        {
            (TicketState.OPEN, TicketAction.START): TicketState.IN_PROGRESS,
            (TicketState.IN_PROGRESS, TicketAction.WAIT): TicketState.WAITING_FOR_CUSTOMER,
            (TicketState.IN_PROGRESS, TicketAction.RESOLVE): TicketState.RESOLVED,
            (TicketState.WAITING_FOR_CUSTOMER, TicketAction.CONTINUE): TicketState.IN_PROGRESS,
            (TicketState.WAITING_FOR_CUSTOMER, TicketAction.RESOLVE): TicketState.RESOLVED,
            (TicketState.RESOLVED, TicketAction.CLOSE): TicketState.CLOSED,
            (TicketState.RESOLVED, TicketAction.REOPEN): TicketState.IN_PROGRESS,
            (TicketState.CLOSED, TicketAction.REOPEN): TicketState.IN_PROGRESS,
        }
    ),
)
