"""Breach response (I5)."""

from __future__ import annotations

from typing import Any, Final

import strawberry

from documents.chapters.incidents.deadlines import IncidentState, Recipient
from documents.chapters.incidents.kinds import IncidentSeverity
from documents.declaring.kind import Kind
from schema.execution.selection import selected_fields
from schema.language import Texts
from schema.roots.chapter import Chapter, Vocabulary
from schema.roots.operations import Arguments, Operation
from schema.roots.query import Info
from schema.vocabulary.definitions import Fields
from schema.vocabulary.scalars import DateTime
from schema.vocabulary.staff_types import Staff


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


TEXTS: Final[Texts] = {
    "incident.no_measure_done": ("No measure has been carried out.", "尚未采取任何处置措施。"),
    "incident.measure_open": ("A measure is not done yet.", "尚有处置措施未完成。"),
    "incident.no_notification": ("No notification is recorded.", "尚无通知记录。"),
    "incident.notification_open": (
        "A notification is neither sent nor waived with a reason.",
        "尚有通知未发送，也未说明免于通知的理由。",
    ),
    "incident.not_scoped": ("Nobody has found out yet whom it concerns.", "尚未查明事件的影响范围。"),
    "incident.no_such_measure": ("There is no measure with this number.", "没有该编号的处置措施。"),
    "incident.settled_already": ("This was done before.", "该事项已办结。"),
    "incident.in_future": ("This is recorded after it happened.", "只能在发生之后登记。"),
    "incident.scope_unbounded": ("Say whose accesses, or which field, is meant.", "请指明涉事账号或涉及的字段。"),
    "incident.scope_reversed": ("The time ends before it begins.", "截止时间早于起始时间。"),
    "incident.scope_too_wide": (
        "More than {maximum} customers are concerned: search shorter times, one after the other.",
        "受影响客户超过 {maximum} 个：请缩短时间范围，分次检索。",
    ),
}

SEARCHED: Final[Arguments] = {
    "person": (str | None, "The account whose accesses are meant; left out: everybody's."),
    "field": (str | None, "The field that was seen, plain or masked; left out: any."),
    "kind": (Kind | None, "The kind of record that it is a field of."),
    "since": (DateTime, "The first instant."),
    "until": (DateTime, "The first that is too late."),
}
RECIPIENT: Final[Arguments] = {"recipient": (Recipient, "Who.")}

OPERATIONS: Final = (
    Operation(
        "record_incident",
        Kind.INCIDENT,
        lambda use_cases: use_cases.incidents.steps.record,
        "Records a breach of customer information; the times of notification run from its discovery.",
        fields=("title!", "what_happened!", "severity!", "discovered_at!", "suspect"),
    ),
    Operation(
        "scope_incident",
        Kind.INCIDENT,
        lambda use_cases: use_cases.incidents.steps.scope,
        "Finds in the audit trail whom the incident concerns: each becomes an affected customer. "
        "Further searches add to the earlier ones.",
        more=SEARCHED,
        on="record",
    ),
    Operation(
        "add_incident_measure",
        Kind.INCIDENT,
        lambda use_cases: use_cases.incidents.steps.add_measure,
        "Adds a measure against the incident.",
        more={"what": (str, "What is to be done.")},
        on="record",
    ),
    Operation(
        "complete_incident_measure",
        Kind.INCIDENT,
        lambda use_cases: use_cases.incidents.steps.complete_measure,
        "Notes that a measure is done.",
        more={"number": (int, "The measure's number.")},
        on="record",
    ),
    Operation(
        "record_incident_notification",
        Kind.INCIDENT,
        lambda use_cases: use_cases.incidents.steps.record_notification,
        "Notes that the regulator, or the customers concerned, were told.",
        more={**RECIPIENT, "sent_at": (DateTime | None, "When they were told; left out: now.")},
        on="record",
    ),
    Operation(
        "waive_incident_notification",
        Kind.INCIDENT,
        lambda use_cases: use_cases.incidents.steps.waive_notification,
        "Notes why somebody need not be told.",
        more={**RECIPIENT, "reason": (str, "Why they need not be told.")},
        on="record",
    ),
    Operation(
        "close_incident",
        Kind.INCIDENT,
        lambda use_cases: use_cases.incidents.steps.close,
        "Closes the incident; refused with everything that is still open.",
        fields=("closing_report!",),
        on="record",
    ),
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


CHAPTER: Final = Chapter(operations=OPERATIONS, queries=queries, texts=TEXTS)
