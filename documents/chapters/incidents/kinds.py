"""What is stored of breach response (I5): incidents, and the customers whom each concerns."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, Final

from pydantic import BaseModel

from documents.chapters.incidents.deadlines import IncidentState, Recipient
from documents.declaring.fields import Search, Sensitivity, declare
from documents.declaring.kind import Kind
from documents.declaring.labels import Labelled
from documents.declaring.record import EXACT, RANGED, CompanyRecord, CustomerRecord
from documents.declaring.values import LongText, RecordId, StaffName, Text

BASIC, INTERNAL = Sensitivity.BASIC, Sensitivity.INTERNAL


class IncidentSeverity(Labelled):
    """The four grades of 国家网络安全事件报告管理办法 (2025): 一般, 较大, 重大, 特别重大."""

    GENERAL = "general", "General", "一般"
    MAJOR = "major", "Major", "较大"
    SERIOUS = "serious", "Serious", "重大"
    EXTREMELY_SERIOUS = "extremely_serious", "Extremely serious", "特别重大"


class IncidentStepTaken(BaseModel):
    """When the incident came into a state, by whose doing."""

    state: IncidentState
    at: datetime
    by: str


class IncidentScope(BaseModel):
    """One search of the audit trail: who saw which field, from `since` on, before `until`; and what it found.

    `field` is a declared name. `listed` customers have an affected customer's record each; `deleted` ones are no more."""

    number: int
    person: str | None = None
    field: str | None = None
    kind: str | None = None
    since: datetime
    until: datetime
    entries: int
    listed: int
    deleted: int
    at: datetime
    by: str


class IncidentMeasureTaken(BaseModel):
    """What is done against it; done when `done_at` is known."""

    number: int
    what: LongText
    at: datetime
    by: str
    done_at: datetime | None = None
    done_by: str | None = None


class IncidentNotification(BaseModel):
    """Who has to be told by when; settled when sent, or waived for a reason."""

    recipient: Recipient
    due_at: datetime
    sent_at: datetime | None = None
    waived_at: datetime | None = None
    waived_reason: LongText | None = None
    by: str | None = None


class Incident(CompanyRecord):
    """A breach of customer information, or a suspicion of one, from its discovery to its closing report."""

    kind: ClassVar[Kind] = Kind.INCIDENT
    collection: ClassVar[str] = "incidents"

    title: Annotated[Text, declare("Title", "标题", BASIC, search={Search.NAME})]
    what_happened: Annotated[LongText, declare("What happened", "事件经过", INTERNAL)]
    severity: Annotated[IncidentSeverity, declare("Severity", "事件级别", BASIC, search=EXACT)]
    discovered_at: Annotated[datetime, declare("Discovered at", "发现时间", BASIC, search=RANGED, sortable=True)]
    suspect: Annotated[StaffName | None, declare("Suspected account", "涉事账号", INTERNAL, search=EXACT)] = None
    reported_by: Annotated[StaffName, declare("Reported by", "报告人", BASIC, search=EXACT, managed=True)]
    state: Annotated[IncidentState, declare("State", "状态", BASIC, search=EXACT, managed=True)] = IncidentState.RECORDED
    steps: Annotated[list[IncidentStepTaken] | None, declare("Steps", "处置步骤", BASIC, managed=True)] = None
    scopes: Annotated[list[IncidentScope] | None, declare("Scope", "影响范围", INTERNAL, managed=True)] = None
    trail_heads: Annotated[list[Text] | None, declare("Audit trail at that time", "审计链校验值", INTERNAL, managed=True)] = None
    affected: Annotated[int | None, declare("Affected customers", "受影响客户数", BASIC, managed=True)] = None
    measures: Annotated[list[IncidentMeasureTaken] | None, declare("Measures", "处置措施", INTERNAL, managed=True)] = None
    notifications: Annotated[list[IncidentNotification] | None, declare("Notifications", "通知", BASIC, managed=True)] = None
    next_due_at: Annotated[datetime | None, declare("Next notification due", "下一通知时限", BASIC, search=RANGED, sortable=True, managed=True)] = None
    closing_report: Annotated[LongText | None, declare("Closing report", "结案报告", INTERNAL, managed=True)] = None
    closed_at: Annotated[datetime | None, declare("Closed at", "结案时间", BASIC, search=RANGED, managed=True)] = None


class AffectedCustomer(CustomerRecord):
    """That a customer's information was seen within the scope of an incident: how often, first and last when."""

    kind: ClassVar[Kind] = Kind.AFFECTED_CUSTOMER
    collection: ClassVar[str] = "affected_customers"
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("incident", "customer_id"),)

    incident: Annotated[RecordId, declare("Incident", "事件", BASIC, search=EXACT, managed=True)]
    scope: Annotated[int, declare("Number of the search", "检索序号", BASIC, search=EXACT, managed=True)]
    field: Annotated[Text | None, declare("Field", "字段", BASIC, search=EXACT, managed=True)] = None
    in_full: Annotated[bool, declare("Seen in full", "是否明文", BASIC, search=EXACT, managed=True)]
    times: Annotated[int, declare("Times seen", "查看次数", BASIC, managed=True)]
    first_seen_at: Annotated[datetime, declare("First seen at", "首次查看时间", BASIC, search=RANGED, sortable=True, managed=True)]
    last_seen_at: Annotated[datetime, declare("Last seen at", "最后查看时间", BASIC, search=RANGED, managed=True)]


KINDS: Final = (Incident, AffectedCustomer)
