"""Breach response (I5), and reminders of what is due or ends (I2, I4, I7)."""

from __future__ import annotations

from typing import Any

import strawberry

from documents.chapters.incidents.deadlines import IncidentState, Recipient
from documents.chapters.incidents.kinds import IncidentSeverity
from documents.declaring.kind import Kind
from schema.execution.selection import selected_fields
from schema.roots.chapter import Fields, Vocabulary
from schema.roots.operations import Operation
from schema.roots.query import Info
from schema.vocabulary.record_inputs import operation_input
from schema.vocabulary.scalars import DateTime
from schema.vocabulary.staff_types import Staff

PLAIN_TYPES: tuple[str, ...] = (
    "IncidentReport",
    "ReportedStep",
    "ReportedScope",
    "ReportedMeasure",
    "ReportedNotification",
)


@strawberry.type(description="When the incident came into a state, by whose doing.")
class ReportedStep:
    state: IncidentState
    at: DateTime
    by: str


@strawberry.type(description="A search of the audit trail, and how many customers it found.")
class ReportedScope:
    number: int
    person: str | None = strawberry.field(description="Whose accesses were searched; null: everybody's.")
    field: str | None = strawberry.field(description="What they saw, a declared name; null: anything.")
    kind: str | None
    since: DateTime
    until: DateTime
    entries: int = strawberry.field(description="How many entries of the trail were examined.")
    listed: int = strawberry.field(description="How many `affectedCustomers` records it brought about.")
    deleted: int = strawberry.field(description="How many customers more it found that exist no longer.")
    at: DateTime
    by: str


@strawberry.type(description="What is done against it.")
class ReportedMeasure:
    number: int
    what: str
    at: DateTime
    by: str
    done_at: DateTime | None
    done_by: str | None


@strawberry.type(description="Who has to be told, by when, and when that was done.")
class ReportedNotification:
    recipient: Recipient
    due_at: DateTime
    sent_at: DateTime | None
    waived_at: DateTime | None
    waived_reason: str | None
    by: str | None
    late: bool = strawberry.field(description="Told too late, or not told yet and overdue.")


@strawberry.type(
    description="The report of an incident (信息安全事件报告). A part that is made of fields you may not read is null."
)
class IncidentReport:
    id: strawberry.ID
    title: str | None
    what_happened: str | None
    severity: IncidentSeverity | None
    suspect: Staff | None
    reported_by: Staff | None
    state: IncidentState | None
    discovered_at: DateTime | None
    closed_at: DateTime | None
    steps: list[ReportedStep] | None
    scopes: list[ReportedScope] | None
    trail_heads: list[str] | None = strawberry.field(
        description="Where the chains of the trail stood at the newest search: chain, last entry, hash."
    )
    affected_customers: int | None
    measures: list[ReportedMeasure] | None
    notifications: list[ReportedNotification] | None
    hindrances: list[str] | None = strawberry.field(description="Rules that keep the incident open.")
    text: str | None = strawberry.field(description="The closing report as it was written.")


def operations(vocabulary: Vocabulary) -> list[Operation]:
    """The mutations of the chapter."""
    return [*_found(vocabulary), *_answered(vocabulary), _reminder(vocabulary)]


def _found(vocabulary: Vocabulary) -> list[Operation]:
    enums, kind = vocabulary.enums, Kind.INCIDENT
    told = ("title", "what_happened", "severity", "discovered_at")
    searched: dict[str, tuple[Any, str]] = {
        "person": (str | None, "The account whose accesses are meant; left out: everybody's."),
        "field": (str | None, "The field that was seen, plain or masked; left out: any."),
        "kind": (Kind | None, "The kind of record that it is a field of."),
        "since": (DateTime, "The first instant."),
        "until": (DateTime, "The first that is too late."),
    }
    return [
        Operation(
            "record_incident",
            kind,
            operation_input("RecordIncidentInput", kind, enums, (*told, "suspect"), required_fields=told),
            lambda use_cases: use_cases.incidents.steps.record,
            "Records a breach of customer information; the times of notification run from its discovery.",
        ),
        Operation(
            "scope_incident",
            kind,
            operation_input("ScopeIncidentInput", kind, enums, (), more=searched, of_record=True),
            lambda use_cases: use_cases.incidents.steps.scope,
            "Finds in the audit trail whom the incident concerns: each becomes an affected customer. "
            "Further searches add to the earlier ones.",
        ),
    ]


def _answered(vocabulary: Vocabulary) -> list[Operation]:
    enums, kind = vocabulary.enums, Kind.INCIDENT
    recipient = {"recipient": (enums.of(Recipient), "Who.")}

    def of_incident(name: str, more: dict[str, tuple[Any, str]], fields: tuple[str, ...] = ()) -> Any:
        return operation_input(name, kind, enums, fields, required_fields=fields, more=more, of_record=True)

    return [
        Operation(
            "add_incident_measure",
            kind,
            of_incident("AddIncidentMeasureInput", {"what": (str, "What is to be done.")}),
            lambda use_cases: use_cases.incidents.steps.add_measure,
            "Adds a measure against the incident.",
        ),
        Operation(
            "complete_incident_measure",
            kind,
            of_incident("CompleteIncidentMeasureInput", {"number": (int, "The measure's number.")}),
            lambda use_cases: use_cases.incidents.steps.complete_measure,
            "Notes that a measure is done.",
        ),
        Operation(
            "record_incident_notification",
            kind,
            of_incident(
                "RecordIncidentNotificationInput",
                {**recipient, "sent_at": (DateTime | None, "When they were told; left out: now.")},
            ),
            lambda use_cases: use_cases.incidents.steps.record_notification,
            "Notes that the regulator, or the customers concerned, were told.",
        ),
        Operation(
            "waive_incident_notification",
            kind,
            of_incident("WaiveIncidentNotificationInput", {**recipient, "reason": (str, "Why they need not be told.")}),
            lambda use_cases: use_cases.incidents.steps.waive_notification,
            "Notes why somebody need not be told.",
        ),
        Operation(
            "close_incident",
            kind,
            of_incident("CloseIncidentInput", {}, ("closing_report",)),
            lambda use_cases: use_cases.incidents.steps.close,
            "Closes the incident; refused with everything that is still open.",
        ),
    ]


def _reminder(vocabulary: Vocabulary) -> Operation:
    return Operation(
        "complete_reminder",
        Kind.REMINDER,
        operation_input("CompleteReminderInput", Kind.REMINDER, vocabulary.enums, (), of_record=True),
        lambda use_cases: use_cases.reminders.complete,
        "Notes that what a reminder is about was seen to.",
    )


def queries(_vocabulary: Vocabulary) -> Fields:
    """The queries of the chapter."""
    report = strawberry.field(
        resolver=_report, description="The report of an incident, open or closed; null where there is none for you."
    )
    return {"incident_report": (IncidentReport | None, report)}


async def _report(info: Info, id: strawberry.ID) -> Any:  # noqa: A002 - the name that all queries use
    parts = selected_fields(info).get("IncidentReport", frozenset())
    return await info.context.use_cases.incidents.reports.find(info.context.caller, id, parts - {"id"})
