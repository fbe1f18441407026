"""What is stored of the training of service staff (S3) and of the appraisal of its work (S4)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, ClassVar, Final

from pydantic import Field

from documents.chapters.service.training import TrainingValidity
from documents.declaring.fields import Search, Sensitivity, declare
from documents.declaring.kind import Kind
from documents.declaring.record import EXACT, RANGED, CompanyRecord
from documents.declaring.values import DepartmentCode, LongText, RecordId, StaffName, Text

BASIC, INTERNAL = Sensitivity.BASIC, Sensitivity.INTERNAL


class Course(CompanyRecord):
    """A course that everybody with one of `roles` has to pass; passed, it holds for `validity_months`, else for ever."""

    kind: ClassVar[Kind] = Kind.COURSE
    collection: ClassVar[str] = "courses"

    code: Annotated[Text, declare("Code", "课程编号", BASIC, search=EXACT, sortable=True)]
    title: Annotated[Text, declare("Title", "课程名称", BASIC, search={Search.NAME})]
    roles: Annotated[list[Text], declare("For the roles", "适用角色", BASIC)]
    validity_months: Annotated[Annotated[int, Field(ge=1, le=600)] | None, declare("Valid for months", "有效期（月）", BASIC)] = None


class TrainingSession(CompanyRecord):
    """A course as it is held once."""

    kind: ClassVar[Kind] = Kind.TRAINING_SESSION
    collection: ClassVar[str] = "training_sessions"

    course: Annotated[RecordId, declare("Course", "课程", BASIC, search=EXACT)]
    held_on: Annotated[date, declare("Held on", "培训日期", BASIC, search=RANGED, sortable=True)]
    place: Annotated[Text | None, declare("Place", "地点", BASIC)] = None
    trainer: Annotated[StaffName | None, declare("Trainer", "讲师", BASIC, search=EXACT)] = None


class TrainingResult(CompanyRecord):
    """Who attended a session and with what result. It is the person's own."""

    kind: ClassVar[Kind] = Kind.TRAINING_RESULT
    collection: ClassVar[str] = "training_results"
    owner: ClassVar[str | None] = "person"
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("validity", "valid_until"),)

    session: Annotated[RecordId, declare("Session", "场次", BASIC, search=EXACT)]
    course: Annotated[RecordId, declare("Course", "课程", BASIC, search=EXACT, managed=True)]
    person: Annotated[StaffName, declare("Person", "人员", BASIC, search=EXACT)]
    department: Annotated[DepartmentCode | None, declare("Department", "部门", BASIC, search=EXACT, managed=True)] = None
    held_on: Annotated[date, declare("Held on", "培训日期", BASIC, search=RANGED, sortable=True, managed=True)]
    attended: Annotated[bool, declare("Attended", "是否出席", BASIC, search=EXACT)]
    passed: Annotated[bool, declare("Passed", "是否合格", BASIC, search=EXACT)]
    mark: Annotated[Annotated[int, Field(ge=0, le=100)] | None, declare("Mark", "成绩", INTERNAL)] = None
    valid_until: Annotated[date | None, declare("Valid until", "有效期至", BASIC, search=RANGED, managed=True)] = None
    validity: Annotated[TrainingValidity | None, declare("Validity", "有效状态", BASIC, search=EXACT, managed=True)] = None


Average = Annotated[Decimal, Field(ge=0, max_digits=20, decimal_places=2)]
Share = Annotated[Decimal, Field(ge=0, le=1, max_digits=5, decimal_places=4)]


class PerformanceReview(CompanyRecord):
    """The indicators of one person in a period as they were when they were appraised (S4): computed, never typed in.

    Who may see a person's indicators of any period is decided by the rules for this kind."""

    kind: ClassVar[Kind] = Kind.PERFORMANCE_REVIEW
    collection: ClassVar[str] = "performance_reviews"
    owner: ClassVar[str | None] = "person"

    person: Annotated[StaffName, declare("Person", "人员", BASIC, search=EXACT)]
    department: Annotated[DepartmentCode | None, declare("Department", "部门", BASIC, search=EXACT, managed=True)] = None
    first_day: Annotated[date, declare("First day", "起始日期", BASIC, search=RANGED, sortable=True)]
    last_day: Annotated[date, declare("Last day", "截止日期", BASIC, search=RANGED)]
    tickets: Annotated[int | None, declare("Tickets", "工单数", BASIC, managed=True)] = None
    average_reply_minutes: Annotated[Average | None, declare("Average minutes to reply", "平均答复用时", BASIC, managed=True)] = None
    average_resolution_minutes: Annotated[Average | None, declare("Average minutes to resolution", "平均办结用时", BASIC, managed=True)] = None
    share_within_standard: Annotated[Share | None, declare("Share within the standard", "达标率", BASIC, managed=True)] = None
    average_satisfaction: Annotated[Average | None, declare("Average satisfaction", "平均满意度", BASIC, managed=True)] = None
    remarks: Annotated[LongText | None, declare("Remarks", "考核意见", INTERNAL)] = None


KINDS: Final = (Course, TrainingSession, TrainingResult, PerformanceReview)
