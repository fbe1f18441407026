"""The record of tickets (S1, S2): a case of service that anybody may open for a customer. Declares it, nothing else."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final

from documents.chapters.service.kinds import BASIC, ServiceCase, ServiceWait
from documents.chapters.service.standards import TicketCategory
from documents.chapters.service.ticket_states import TicketState
from documents.declaring.fields import declare
from documents.declaring.kind import Kind
from documents.declaring.record import EXACT


class Ticket(ServiceCase):
    """What a customer asked for and how it went (S1, S2)."""

    kind: ClassVar[Kind] = Kind.TICKET
    collection: ClassVar[str] = "tickets"
    recent: ClassVar[int] = 5
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (
        ("assignee", "opened_at"), ("state", "resolve_by"), ("assignee", "resolve_by"), ("standing", "resolve_by"), ("standing", "next_due_at"),
    )

    category: Annotated[TicketCategory, declare("Category", "类别", BASIC, search=EXACT)] = TicketCategory.CONSULTATION
    state: Annotated[TicketState, declare("State", "状态", BASIC, search=EXACT, managed=True)] = TicketState.OPEN
    waits: Annotated[list[ServiceWait] | None, declare("Waits for the customer", "等待客户时段", BASIC, managed=True)] = None


KINDS: Final = (Ticket,)
