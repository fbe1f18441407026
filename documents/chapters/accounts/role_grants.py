"""Roles with a beginning and an end: what an account is granted for a time, beside the roles that it has for good.

A grant that waits for approval gives nothing. The account carries a copy of what is granted to it (`Account.role_terms`), written in the same transaction, because
every request looks at the account. A grant that ended is kept: it says who could do what, when and why.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, Final

from documents.declaring.fields import Sensitivity, declare
from documents.declaring.kind import Kind
from documents.declaring.labels import Labelled
from documents.declaring.record import EXACT, RANGED, CompanyRecord
from documents.declaring.values import LongText, StaffName, Text

BASIC = Sensitivity.BASIC


class RoleGrantState(Labelled):
    """Whether it was given. A grant that ends by itself stays GRANTED."""

    WAITING = "waiting", "Waits for approval", "待审批"
    GRANTED = "granted", "Granted", "已授予"
    ENDED = "ended", "Ended", "已终止"


class RoleGrant(CompanyRecord):
    """A role of one person from `since` until `until`, or until it is ended."""

    kind: ClassVar[Kind] = Kind.ROLE_GRANT
    collection: ClassVar[str] = "role_grants"
    believed: ClassVar[bool] = True
    owner: ClassVar[str | None] = "staff"

    staff: Annotated[StaffName, declare("Person", "人员", BASIC, search=EXACT)]
    role: Annotated[Text, declare("Role", "角色", BASIC, search=EXACT)]
    since: Annotated[datetime, declare("From", "生效时间", BASIC, search=RANGED)]
    until: Annotated[datetime | None, declare("Until", "失效时间", BASIC, search=RANGED)] = None
    reason: Annotated[LongText, declare("Reason", "理由", BASIC)]
    state: Annotated[RoleGrantState, declare("State", "状态", BASIC, search=EXACT, managed=True)]
    approved_by: Annotated[StaffName | None, declare("Approved by", "审批人", BASIC, managed=True)] = None
    ended_at: Annotated[datetime | None, declare("Ended at", "终止时间", BASIC, search=RANGED, managed=True)] = None
    ended_by: Annotated[StaffName | None, declare("Ended by", "终止人", BASIC, managed=True)] = None


KINDS: Final = (RoleGrant,)
