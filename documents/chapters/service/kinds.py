"""What is stored of service (S1 to S6, G3): contacts, tickets, complaints, satisfaction, and the standards of service."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, Final

from pydantic import BaseModel, Field

from documents.chapters.service.complaint_steps import ComplaintStage
from documents.chapters.service.standards import Measure, Priority, Standing, TicketCategory
from documents.declaring.fields import Mask, Search, Sensitivity, declare
from documents.declaring.kind import Kind
from documents.declaring.labels import Labelled
from documents.declaring.record import EXACT, RANGED, CompanyRecord, CustomerRecord, SourceChannel
from documents.declaring.values import LongText, PhoneNumber, RecordId, StaffName, Text

BASIC, CONTACT, INTERNAL = Sensitivity.BASIC, Sensitivity.CONTACT, Sensitivity.INTERNAL
Minutes = Annotated[int, Field(ge=1, le=1_000_000)]
Score = Annotated[int, Field(ge=1, le=5)]


class Channel(Labelled):
    """How customer and company speak (S5)."""

    TELEPHONE = "telephone", "Telephone", "电话"
    EMAIL = "email", "E-mail", "电子邮件"
    ONLINE = "online", "Online", "在线"
    IN_PERSON = "in_person", "In person", "当面"


class Direction(Labelled):
    INBOUND = "inbound", "Inbound", "来访"
    OUTBOUND = "outbound", "Outbound", "外联"


class ComplaintState(Labelled):
    """Filed by the customer, then the four steps (S6)."""

    FILED = "filed", "Filed", "待受理"
    ACCEPTED = "accepted", "Accepted", "已受理"
    INVESTIGATED = "investigated", "Investigated", "已调查"
    RESOLVED = "resolved", "Resolved", "已处理"
    ANSWERED = "answered", "Answered", "已反馈"


class ServedKind(Labelled):
    """The kinds of customer that a standard can be for."""

    INDIVIDUAL = Kind.INDIVIDUAL.declaration
    ENTERPRISE = Kind.ENTERPRISE.declaration
    INSTITUTION = Kind.INSTITUTION.declaration


class ServiceWait(BaseModel):
    """The work waited for the customer from `begins` to `ends`, or still does."""

    begins: datetime
    ends: datetime | None = None


class ServiceEscalation(BaseModel):
    """Who was told that a standard is near or breached: everybody with `role`, and `person` where one is named."""

    measure: Measure
    level: int
    role: str
    person: str | None = None
    at: datetime


class ComplaintStepTaken(BaseModel):
    stage: ComplaintStage
    by: str
    at: datetime


class ComplaintNote(BaseModel):
    stage: ComplaintStage
    note: str


class ServiceContact(CustomerRecord):
    """One contact with a customer (S1): what about, by which channel, when, who, what came of it."""

    source: ClassVar[SourceChannel] = SourceChannel.FEEDBACK
    kind: ClassVar[Kind] = Kind.SERVICE_CONTACT
    collection: ClassVar[str] = "service_contacts"
    recent: ClassVar[int] = 5
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("channel", "occurred_at"),)

    content: Annotated[TicketCategory, declare("Content", "服务内容", BASIC, search=EXACT)]
    channel: Annotated[Channel, declare("Channel", "渠道", BASIC, search=EXACT)]
    direction: Annotated[Direction, declare("Direction", "方向", BASIC, search=EXACT)] = Direction.INBOUND
    occurred_at: Annotated[datetime, declare("When", "发生时间", BASIC, search=RANGED, sortable=True)]
    handled_by: Annotated[StaffName, declare("Handled by", "经办人", BASIC, search=EXACT)]
    summary: Annotated[LongText | None, declare("Summary", "内容摘要", INTERNAL, encrypted=True)] = None
    outcome: Annotated[LongText | None, declare("Outcome", "处理结果", INTERNAL, encrypted=True)] = None
    ticket: Annotated[RecordId | None, declare("Ticket", "相关工单", BASIC, search=EXACT)] = None
    satisfaction_score: Annotated[Score | None, declare("Satisfaction", "满意度", BASIC, search=EXACT, managed=True)] = None


class ServiceCase(CustomerRecord):
    """What tickets and complaints have in common: work for a customer that is measured against a standard (S2).

    `reply_within` and `resolve_within` are the standard that was in force when it was opened, in working minutes: what
    was promised does not change afterwards. `next_due_at` is when its standing or an escalation changes next."""

    source: ClassVar[SourceChannel] = SourceChannel.FEEDBACK
    subject: Annotated[Text, declare("Subject", "主题", BASIC, search={Search.NAME})]
    description: Annotated[LongText | None, declare("Description", "内容", INTERNAL, encrypted=True)] = None
    callback_telephone: Annotated[PhoneNumber | None, declare("Call back on", "回电号码", CONTACT, encrypted=True, search=EXACT, mask=Mask.DIGITS)] = None
    channel: Annotated[Channel, declare("Channel", "渠道", BASIC, search=EXACT)] = Channel.TELEPHONE
    priority: Annotated[Priority, declare("Priority", "优先级", BASIC, search=EXACT)] = Priority.NORMAL
    assignee: Annotated[StaffName | None, declare("Assignee", "处理人", BASIC, search=EXACT)] = None
    opened_at: Annotated[datetime | None, declare("Opened at", "受理时间", BASIC, managed=True)] = None
    first_reply_at: Annotated[datetime | None, declare("First reply at", "首次答复时间", BASIC, managed=True)] = None
    resolved_at: Annotated[datetime | None, declare("Resolved at", "办结时间", BASIC, managed=True)] = None
    reply_within: Annotated[Minutes | None, declare("Reply within, working minutes", "答复时限（工作分钟）", BASIC, managed=True)] = None
    resolve_within: Annotated[Minutes | None, declare("Resolve within, working minutes", "办结时限（工作分钟）", BASIC, managed=True)] = None
    reply_by: Annotated[datetime | None, declare("Reply by", "应答复时间", BASIC, managed=True)] = None
    resolve_by: Annotated[datetime | None, declare("Resolve by", "应办结时间", BASIC, search=RANGED, sortable=True, managed=True)] = None
    standing: Annotated[Standing, declare("Standing", "时限状态", BASIC, search=EXACT, managed=True)] = Standing.WITHIN
    next_due_at: Annotated[datetime | None, declare("Next due at", "下次时限", BASIC, search=RANGED, sortable=True, managed=True)] = None
    escalations: Annotated[list[ServiceEscalation] | None, declare("Escalations", "升级记录", BASIC, managed=True)] = None
    escalation_level: Annotated[int | None, declare("Escalation level", "升级级别", BASIC, search=EXACT, managed=True)] = None
    reply_minutes: Annotated[int | None, declare("Minutes to reply", "答复用时（工作分钟）", BASIC, managed=True)] = None
    reply_in_time: Annotated[bool | None, declare("Replied in time", "按时答复", BASIC, managed=True)] = None
    resolution_minutes: Annotated[int | None, declare("Minutes to resolution", "办结用时（工作分钟）", BASIC, managed=True)] = None
    resolved_in_time: Annotated[bool | None, declare("Resolved in time", "按时办结", BASIC, managed=True)] = None
    satisfaction_score: Annotated[Score | None, declare("Satisfaction", "满意度", BASIC, search=EXACT, managed=True)] = None


class Complaint(ServiceCase):
    """A complaint and its steps, none skipped (S6). `answer` is what the customer was told; notes are internal."""

    kind: ClassVar[Kind] = Kind.COMPLAINT
    collection: ClassVar[str] = "complaints"
    recent: ClassVar[int] = 3
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("assignee", "opened_at"), ("state", "resolve_by"))

    ticket: Annotated[RecordId | None, declare("Ticket", "相关工单", BASIC, search=EXACT)] = None
    state: Annotated[ComplaintState, declare("State", "状态", BASIC, search=EXACT, managed=True)] = ComplaintState.FILED
    steps: Annotated[list[ComplaintStepTaken] | None, declare("Steps", "处理步骤", BASIC, managed=True)] = None
    notes: Annotated[list[ComplaintNote] | None, declare("Notes on the steps", "步骤说明", INTERNAL, encrypted=True, managed=True)] = None
    answer: Annotated[LongText | None, declare("Answer", "答复内容", INTERNAL, encrypted=True, managed=True)] = None


class Satisfaction(CustomerRecord):
    """What a customer thought of a contact, a ticket or a complaint (G3). `person` is whose work it was."""

    source: ClassVar[SourceChannel] = SourceChannel.QUESTIONNAIRE
    kind: ClassVar[Kind] = Kind.SATISFACTION
    collection: ClassVar[str] = "satisfactions"
    recent: ClassVar[int] = 3

    about: Annotated[RecordId, declare("About", "评价对象", BASIC, search=EXACT)]
    score: Annotated[Score, declare("Score", "评分", BASIC, search={Search.EQUALITY, Search.RANGE})]
    comment: Annotated[LongText | None, declare("Comment", "意见", INTERNAL, encrypted=True)] = None
    channel: Annotated[Channel, declare("Channel", "渠道", BASIC, search=EXACT)] = Channel.ONLINE
    person: Annotated[StaffName | None, declare("Whose work", "被评价人", BASIC, search=EXACT, managed=True)] = None
    person_department: Annotated[Text | None, declare("Department of the work", "被评价部门", BASIC, search=EXACT, managed=True)] = None
    recorded_at: Annotated[datetime | None, declare("Recorded at", "评价时间", BASIC, search=RANGED, sortable=True, managed=True)] = None


class ServiceStandard(CompanyRecord):
    """How soon work of a kind of customer, a category and a priority is answered and resolved (S2); left out means any.

    A standard is never changed: a new one takes its place and ends it."""

    kind: ClassVar[Kind] = Kind.SERVICE_STANDARD
    collection: ClassVar[str] = "service_standards"

    customer_kind: Annotated[ServedKind | None, declare("Kind of customer", "客户类型", BASIC, search=EXACT)] = None
    category: Annotated[TicketCategory | None, declare("Category", "类别", BASIC, search=EXACT)] = None
    priority: Annotated[Priority | None, declare("Priority", "优先级", BASIC, search=EXACT)] = None
    reply_within: Annotated[Minutes, declare("Reply within, working minutes", "答复时限（工作分钟）", BASIC)]
    resolve_within: Annotated[Minutes, declare("Resolve within, working minutes", "办结时限（工作分钟）", BASIC)]
    in_force: Annotated[bool, declare("In force", "现行有效", BASIC, search=EXACT, managed=True)] = True
    ended_at: Annotated[datetime | None, declare("Ended at", "失效时间", BASIC, managed=True)] = None


KINDS: Final = (ServiceContact, Complaint, Satisfaction, ServiceStandard)
