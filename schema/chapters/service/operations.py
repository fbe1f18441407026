"""Service (S1, S2, S4 to S6, G3): contacts, tickets, complaints, satisfaction, standards, and their figures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from documents.chapters.service.kinds import Channel
from documents.chapters.service.ticket_states import TicketAction
from documents.declaring.kind import Kind
from resolvers.chapters.service.use_cases import Service
from resolvers.registry import UseCases
from schema.chapters.service import figures as service_figures
from schema.roots.chapter import Fields, Vocabulary
from schema.roots.operations import Operation, UseCase
from schema.vocabulary.customer_types import ChoiceEnums
from schema.vocabulary.record_inputs import operation_input

PLAIN_TYPES = service_figures.PLAIN_TYPES
_CASE = ("subject", "description", "callback_telephone", "channel", "priority")


def operations(vocabulary: Vocabulary) -> list[Operation]:
    """The mutations of the chapter."""
    enums = vocabulary.enums
    return [*_contacts(enums), *_tickets(enums), *_complaints(enums), *_appraisal(enums)]


def _of(use_case: Callable[[Service], UseCase]) -> Callable[[UseCases], UseCase]:
    return lambda use_cases: use_case(use_cases.service)


def _contacts(enums: ChoiceEnums) -> list[Operation]:
    contact = operation_input(
        "RecordContactInput",
        Kind.SERVICE_CONTACT,
        enums,
        ("content", "channel", "direction", "occurred_at", "handled_by", "summary", "outcome", "ticket"),
        required_fields=("content", "channel"),
        of_customer=True,
    )
    satisfaction = operation_input(
        "RecordSatisfactionInput",
        Kind.SATISFACTION,
        enums,
        ("about", "score", "comment", "channel"),
        required_fields=("about", "score"),
    )
    return [
        Operation(
            "record_contact",
            Kind.SERVICE_CONTACT,
            contact,
            _of(lambda service: service.contacts.record),
            "Records a service contact: by you and now, where it does not say otherwise.",
        ),
        Operation(
            "record_satisfaction",
            Kind.SATISFACTION,
            satisfaction,
            _of(lambda service: service.contacts.rate),
            "Records what the customer thought of a contact, a resolved ticket or an answered complaint; once.",
        ),
    ]


def _tickets(enums: ChoiceEnums) -> list[Operation]:
    kind = Kind.TICKET
    opened = operation_input(
        "OpenTicketInput",
        kind,
        enums,
        (*_CASE, "category", "assignee"),
        required_fields=("subject",),
        of_customer=True,
    )
    assigned = operation_input(
        "AssignTicketInput", kind, enums, ("assignee",), required_fields=("assignee",), of_record=True
    )
    reply: dict[str, tuple[Any, str]] = {
        "summary": (str, "What the customer was told (内容摘要)."),
        "channel": (enums.of(Channel) | None, "By which channel; that of the ticket where left out."),
    }
    replied = operation_input("ReplyToTicketInput", kind, enums, (), more=reply, of_record=True)
    action: dict[str, tuple[Any, str]] = {"action": (enums.of(TicketAction), "What is done.")}
    changed = operation_input("ChangeTicketStateInput", kind, enums, (), more=action, of_record=True)
    closed = operation_input("CloseTicketInput", kind, enums, (), of_record=True)
    return [
        Operation(
            "open_ticket",
            kind,
            opened,
            _of(lambda service: service.tickets.open),
            "Opens a ticket for a customer, under the standard in force. Safe to retry with an `Idempotency-Key`.",
        ),
        Operation(
            "assign_ticket",
            kind,
            assigned,
            _of(lambda service: service.tickets.assign),
            "Gives the ticket to somebody.",
        ),
        Operation(
            "reply_to_ticket",
            kind,
            replied,
            _of(lambda service: service.tickets.reply),
            "Notes an answer to the customer, as a contact; the first one stops the clock of the reply.",
        ),
        Operation(
            "change_ticket_state",
            kind,
            changed,
            _of(lambda service: service.tickets.change_state),
            "Starts, waits for the customer, continues, resolves, closes or reopens.",
        ),
        Operation(
            "close_ticket", kind, closed, _of(lambda service: service.tickets.close), "Closes a resolved ticket."
        ),
    ]


def _complaints(enums: ChoiceEnums) -> list[Operation]:
    kind = Kind.COMPLAINT
    filed = operation_input(
        "FileComplaintInput", kind, enums, (*_CASE, "ticket"), required_fields=("subject",), of_customer=True
    )
    note: dict[str, tuple[Any, str]] = {"note": (str, "What was done or found; internal (步骤说明).")}
    answer: dict[str, tuple[Any, str]] = {"answer": (str, "What the customer is told (答复内容).")}
    steps: list[tuple[str, dict[str, tuple[Any, str]], Callable[[Service], UseCase], str]] = [
        ("accept_complaint", note, lambda s: s.complaints.accept, "Step 1 of 4: the complaint is accepted (受理)."),
        ("investigate_complaint", note, lambda s: s.complaints.investigate, "Step 2 of 4: what was found (调查)."),
        ("resolve_complaint", note, lambda s: s.complaints.resolve, "Step 3 of 4: what was done about it (处理)."),
        ("answer_complaint", note | answer, lambda s: s.complaints.answer, "Step 4 of 4: the customer is told (答复)."),
    ]
    return [
        Operation(
            "file_complaint",
            kind,
            filed,
            _of(lambda service: service.complaints.file),
            "Files a complaint of a customer. Safe to retry with an `Idempotency-Key`.",
        ),
        *(
            Operation(
                name,
                kind,
                operation_input(f"{_pascal(name)}Input", kind, enums, (), more=more, of_record=True),
                _of(use_case),
                description,
            )
            for name, more, use_case, description in steps
        ),
    ]


def _appraisal(enums: ChoiceEnums) -> list[Operation]:
    standard = operation_input(
        "SetServiceStandardInput",
        Kind.SERVICE_STANDARD,
        enums,
        ("customer_kind", "category", "priority", "reply_within", "resolve_within"),
        required_fields=("reply_within", "resolve_within"),
    )
    review = operation_input(
        "ReviewPerformanceInput",
        Kind.PERFORMANCE_REVIEW,
        enums,
        ("person", "first_day", "last_day", "remarks"),
        required_fields=("person", "first_day", "last_day"),
    )
    return [
        Operation(
            "set_service_standard",
            Kind.SERVICE_STANDARD,
            standard,
            _of(lambda service: service.standards.set),
            "Sets the standard for what is opened from now on; left out means any. Ends the one before.",
        ),
        Operation(
            "review_performance",
            Kind.PERFORMANCE_REVIEW,
            review,
            _of(lambda service: service.figures.review),
            "Keeps a person's indicators of a period, computed from the records, with remarks.",
        ),
    ]


def queries(_vocabulary: Vocabulary) -> Fields:
    """The queries of the chapter beyond the lists of its records."""
    return service_figures.figure_fields()


def _pascal(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))
