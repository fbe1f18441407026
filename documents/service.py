"""What is stored of service (S1 to S6, G3): contacts, tickets, complaints, standards, training, satisfaction."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar

from documents.fields import Kind, Label, Mask, Search, Sensitivity, declare
from documents.stored_record import EXACT, RANGED, CustomerRecord
from documents.values import LongText, PhoneNumber, StaffName, Text

BASIC, CONTACT, INTERNAL = Sensitivity.BASIC, Sensitivity.CONTACT, Sensitivity.INTERNAL


class TicketState(StrEnum):
    OPEN = "open"
    IN_PROGRESS = "in_progress"
    WAITING_FOR_CUSTOMER = "waiting_for_customer"
    RESOLVED = "resolved"
    CLOSED = "closed"


class Ticket(CustomerRecord):
    """What a customer asked for and how it went (S1, S2)."""

    kind: ClassVar[Kind] = Kind.TICKET
    collection: ClassVar[str] = "tickets"
    label: ClassVar[Label] = Label("Ticket", "服务工单")
    recent: ClassVar[int] = 5

    subject: Annotated[Text, declare("Subject", "主题", BASIC, search={Search.NAME})]
    description: Annotated[LongText | None, declare("Description", "内容", INTERNAL, encrypted=True)] = None
    callback_telephone: Annotated[PhoneNumber | None, declare("Call back on", "回电号码", CONTACT, encrypted=True, search=EXACT, mask=Mask.DIGITS)] = None
    state: Annotated[TicketState, declare("State", "状态", BASIC, search=EXACT, managed=True)] = TicketState.OPEN
    assignee: Annotated[StaffName | None, declare("Assignee", "处理人", BASIC, search=EXACT)] = None
    resolve_by: Annotated[datetime | None, declare("Resolve by", "应办结时间", BASIC, search=RANGED, sortable=True, managed=True)] = None
