"""Changes of accounts by policy administrators: who disabled, enabled or logged out whom, who gave or took which rights,
when, why, and approved by whom.

What an account may do is on the account itself, which every request looks at; it is changed in the transaction that
makes the record. What whoever holds the host does by a command is here as well: by `operator`, approved by nobody.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Final

from documents.access.plan import Purpose
from documents.declaring.fields import Sensitivity, declare
from documents.declaring.kind import Kind
from documents.declaring.labels import Labelled
from documents.declaring.record import EXACT, CompanyRecord
from documents.declaring.values import DepartmentCode, LongText, StaffName, Text

BASIC = Sensitivity.BASIC


class AccountAct(Labelled):
    """What is done to an account."""

    ADDED = "added", "Added", "新增"
    DISABLED = "disabled", "Disabled", "停用"
    ENABLED = "enabled", "Enabled", "启用"
    SESSIONS_ENDED = "sessions_ended", "Sessions ended", "终止会话"
    RIGHTS_SET = "rights_set", "Rights set", "设定权限"


class AccountChangeState(Labelled):
    """Whether it counts. What only takes rights away never waits."""

    WAITING = "waiting", "Waits for approval", "待审批"
    DONE = "done", "Done", "已生效"
    DISCARDED = "discarded", "Discarded", "已作废"


class AccountChange(CompanyRecord):
    """One change of one account. Roles, purposes and department are those after it, for good; `…_before` what it had."""

    kind: ClassVar[Kind] = Kind.ACCOUNT_CHANGE
    collection: ClassVar[str] = "account_changes"
    believed: ClassVar[bool] = True
    owner: ClassVar[str | None] = "staff"

    staff: Annotated[StaffName, declare("Person", "人员", BASIC, search=EXACT)]
    act: Annotated[AccountAct, declare("What is done", "变更事项", BASIC, search=EXACT)]
    reason: Annotated[LongText, declare("Reason", "理由", BASIC)]
    roles: Annotated[list[Text] | None, declare("Roles", "角色", BASIC)] = None
    purposes: Annotated[list[Purpose] | None, declare("Purposes", "使用目的", BASIC)] = None
    department: Annotated[DepartmentCode | None, declare("Department", "部门", BASIC)] = None
    roles_before: Annotated[list[Text] | None, declare("Roles before", "原角色", BASIC, managed=True)] = None
    purposes_before: Annotated[list[Purpose] | None, declare("Purposes before", "原使用目的", BASIC, managed=True)] = None
    department_before: Annotated[DepartmentCode | None, declare("Department before", "原部门", BASIC, managed=True)] = None
    state: Annotated[AccountChangeState, declare("State", "状态", BASIC, search=EXACT, managed=True)]
    approved_by: Annotated[StaffName | None, declare("Approved by", "审批人", BASIC, managed=True)] = None


KINDS: Final = (AccountChange,)
