"""The life of a ticket: open → in progress ↔ waiting for the customer → resolved → closed, and open again (S1, S2)."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from documents.declaring.labels import Labelled
from documents.reckoning.state_machine import StateMachine


class TicketState(Labelled):
    OPEN = "open", "Open", "待处理"
    IN_PROGRESS = "in_progress", "In progress", "处理中"
    WAITING_FOR_CUSTOMER = "waiting_for_customer", "Waiting for the customer", "等待客户"
    RESOLVED = "resolved", "Resolved", "已解决"
    CLOSED = "closed", "Closed", "已关闭"


class TicketAction(Labelled):
    START = "start", "Start", "开始处理"
    WAIT = "wait", "Wait for the customer", "等待客户"
    CONTINUE = "continue", "Continue", "继续处理"
    RESOLVE = "resolve", "Resolve", "标记解决"
    CLOSE = "close", "Close", "关闭"
    REOPEN = "reopen", "Reopen", "重新打开"


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
