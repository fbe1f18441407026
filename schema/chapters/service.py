"""Service (S1 to S6, G3): tickets, complaints, training, satisfaction."""

from __future__ import annotations

from documents.fields import Kind
from schema.chapters import Fields, Vocabulary
from schema.inputs.records import operation_input
from schema.operations import Operation

PLAIN_TYPES: tuple[str, ...] = ()


def operations(vocabulary: Vocabulary) -> list[Operation]:
    """The mutations of the chapter."""
    enums = vocabulary.enums
    return [
        Operation(
            "open_ticket",
            Kind.TICKET,
            operation_input(
                "OpenTicketInput",
                Kind.TICKET,
                enums,
                ("subject", "description", "callback_telephone", "assignee"),
                required_fields=("subject",),
                of_customer=True,
            ),
            lambda use_cases: use_cases.service.open_ticket,
            "Opens a ticket for a customer. Safe to retry with an `Idempotency-Key`.",
        ),
    ]


def queries(_vocabulary: Vocabulary) -> Fields:
    """The queries of the chapter."""
    return {}
