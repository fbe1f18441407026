"""Service (S1, S2, S4 to S6, G3): contacts, tickets, complaints, satisfaction, standards."""

from __future__ import annotations

from typing import Final

from documents.chapters.service.kinds import Channel
from documents.chapters.service.ticket_states import TicketAction
from documents.declaring.kind import Kind
from schema.roots.operations import Arguments, Operation

CASE: Final = ("subject!", "description", "callback_telephone", "channel", "priority")
STEP: Final[Arguments] = {"note": (str, "What was done or found; internal (步骤说明).")}

CONTACTS: Final = (
    Operation(
        "record_contact",
        Kind.SERVICE_CONTACT,
        lambda use_cases: use_cases.service.contacts.record,
        "Records a service contact: by you and now, where it does not say otherwise.",
        fields=("content!", "channel!", "direction", "occurred_at", "handled_by", "summary", "outcome", "ticket"),
        on="customer",
    ),
    Operation(
        "record_satisfaction",
        Kind.SATISFACTION,
        lambda use_cases: use_cases.service.contacts.rate,
        "Records what the customer thought of a contact, a resolved ticket or an answered complaint; once.",
        fields=("about!", "score!", "comment", "channel"),
    ),
)

TICKETS: Final = (
    Operation(
        "open_ticket",
        Kind.TICKET,
        lambda use_cases: use_cases.service.tickets.open,
        "Opens a ticket for a customer, under the standard in force. Safe to retry with an `Idempotency-Key`.",
        fields=(*CASE, "category", "assignee"),
        on="customer",
    ),
    Operation(
        "assign_ticket",
        Kind.TICKET,
        lambda use_cases: use_cases.service.tickets.assign,
        "Gives the ticket to somebody.",
        fields=("assignee!",),
        on="record",
    ),
    Operation(
        "reply_to_ticket",
        Kind.TICKET,
        lambda use_cases: use_cases.service.tickets.reply,
        "Notes an answer to the customer, as a contact; the first one stops the clock of the reply.",
        more={
            "summary": (str, "What the customer was told (内容摘要)."),
            "channel": (Channel | None, "By which channel; that of the ticket where left out."),
        },
        on="record",
    ),
    Operation(
        "change_ticket_state",
        Kind.TICKET,
        lambda use_cases: use_cases.service.tickets.change_state,
        "Starts, waits for the customer, continues, resolves, closes or reopens.",
        more={"action": (TicketAction, "What is done.")},
        on="record",
    ),
    Operation(
        "close_ticket",
        Kind.TICKET,
        lambda use_cases: use_cases.service.tickets.close,
        "Closes a resolved ticket.",
        on="record",
    ),
)

COMPLAINTS: Final = (
    Operation(
        "file_complaint",
        Kind.COMPLAINT,
        lambda use_cases: use_cases.service.complaints.file,
        "Files a complaint of a customer. Safe to retry with an `Idempotency-Key`.",
        fields=(*CASE, "ticket"),
        on="customer",
    ),
    Operation(
        "accept_complaint",
        Kind.COMPLAINT,
        lambda use_cases: use_cases.service.complaints.accept,
        "Step 1 of 4: the complaint is accepted (受理).",
        more=STEP,
        on="record",
    ),
    Operation(
        "investigate_complaint",
        Kind.COMPLAINT,
        lambda use_cases: use_cases.service.complaints.investigate,
        "Step 2 of 4: what was found (调查).",
        more=STEP,
        on="record",
    ),
    Operation(
        "resolve_complaint",
        Kind.COMPLAINT,
        lambda use_cases: use_cases.service.complaints.resolve,
        "Step 3 of 4: what was done about it (处理).",
        more=STEP,
        on="record",
    ),
    Operation(
        "answer_complaint",
        Kind.COMPLAINT,
        lambda use_cases: use_cases.service.complaints.answer,
        "Step 4 of 4: the customer is told (答复).",
        more={**STEP, "answer": (str, "What the customer is told (答复内容).")},
        on="record",
    ),
)

APPRAISAL: Final = (
    Operation(
        "set_service_standard",
        Kind.SERVICE_STANDARD,
        lambda use_cases: use_cases.service.standards.set,
        "Sets the standard for what is opened from now on; left out means any. Ends the one before.",
        fields=("customer_kind", "category", "priority", "reply_within!", "resolve_within!"),
    ),
    Operation(
        "review_performance",
        Kind.PERFORMANCE_REVIEW,
        lambda use_cases: use_cases.service.figures.review,
        "Keeps a person's indicators of a period, computed from the records, with remarks.",
        fields=("person!", "first_day!", "last_day!", "remarks"),
    ),
)

OPERATIONS: Final = (*CONTACTS, *TICKETS, *COMPLAINTS, *APPRAISAL)
