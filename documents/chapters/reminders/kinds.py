"""What is stored of reminders: that something ends or is due, told to whoever has to do something about it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, ClassVar, Final

from documents.declaring.fields import Sensitivity, declare
from documents.declaring.kind import Kind
from documents.declaring.labels import Labelled
from documents.declaring.record import EXACT, RANGED, CompanyRecord
from documents.declaring.values import DepartmentCode, RecordId, StaffName

BASIC = Sensitivity.BASIC


class ReminderSubject(Labelled):
    """What is due."""

    UNDERTAKING_EXPIRES = "undertaking_expires", "Undertaking expires", "保密承诺书即将到期"
    CONSENT_EXPIRES = "consent_expires", "Consent expires", "共享同意书即将到期"
    AGREEMENT_EXPIRES = "agreement_expires", "Agreement expires", "共享协议即将到期"
    REVIEW_DUE = "review_due", "Review due", "信息复核到期"
    REVIEW_OVERDUE = "review_overdue", "Review overdue", "信息复核逾期"


class ReminderState(Labelled):
    OPEN = "open", "Open", "待办"
    DONE = "done", "Done", "已办"


class Reminder(CompanyRecord):
    """One reminder for each record, subject and day: made by jobs, done by the person whose own it is, and where it is
    about a customer handed on with the customer."""

    kind: ClassVar[Kind] = Kind.REMINDER
    collection: ClassVar[str] = "reminders"
    owner: ClassVar[str | None] = "for_person"
    hangs_on: ClassVar[str | None] = "_customer"
    follows: ClassVar[Mapping[str, str]] = {"for_person": "account_manager", "department": "department"}

    about: Annotated[RecordId, declare("About", "相关记录", BASIC, search=EXACT, managed=True)]
    what: Annotated[ReminderSubject, declare("What is due", "事项", BASIC, search=EXACT, managed=True)]
    due_on: Annotated[date, declare("Due on", "到期日", BASIC, search=RANGED, sortable=True, managed=True)]
    for_person: Annotated[StaffName | None, declare("For", "负责人", BASIC, search=EXACT, managed=True)] = None
    department: Annotated[DepartmentCode | None, declare("Department", "部门", BASIC, search=EXACT, managed=True)] = None
    state: Annotated[ReminderState, declare("State", "状态", BASIC, search=EXACT, managed=True)] = ReminderState.OPEN
    done_at: Annotated[datetime | None, declare("Done at", "完成时间", BASIC, managed=True)] = None


KINDS: Final = (Reminder,)
