"""Changes of the access rules, as they are prepared, approved and put in force (D5): one document per change.

A draft holds the whole rule set that it would put in force, and the policy tests kept with it, as rules write them.
What they mean is for `policies` to say; nothing in a draft decides anything before it is activated.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, Final

from pydantic import BaseModel, ConfigDict, StringConstraints

from documents.declaring.fields import Sensitivity, declare
from documents.declaring.kind import Kind
from documents.declaring.labels import Labelled
from documents.declaring.record import EXACT, RANGED, CompanyRecord
from documents.declaring.values import LongText, StaffName, Text

BASIC, INTERNAL = Sensitivity.BASIC, Sensitivity.INTERNAL
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=128)]


class RuleDraftState(Labelled):
    """Where a draft stands. ACTIVATED and DISCARDED are its ends."""

    DRAFT = "draft", "Draft", "草稿"
    SUBMITTED = "submitted", "Submitted", "待审批"
    APPROVED = "approved", "Approved", "已审批"
    ACTIVATED = "activated", "Activated", "已生效"
    DISCARDED = "discarded", "Discarded", "已作废"


class DraftRule(BaseModel):
    """A rule: Casbin's `p` line."""

    model_config = ConfigDict(extra="forbid")
    role: Name
    scope: Name
    kind: Name
    field: Name
    action: Name
    purpose: Name
    effect: Name


class DraftRole(BaseModel):
    """A role, and whose rules it inherits: Casbin's `g` line."""

    model_config = ConfigDict(extra="forbid")
    role: Name
    parent: Name


class DraftStep(BaseModel):
    """That somebody took the draft into a state."""

    model_config = ConfigDict(extra="forbid")
    state: RuleDraftState
    at: datetime
    by: Text
    note: Text | None = None


class RuleDraft(CompanyRecord):
    """A change of the access rules on its way (D5). `authors` are all who wrote in it: none of them approves it."""

    kind: ClassVar[Kind] = Kind.RULE_DRAFT
    collection: ClassVar[str] = "rule_drafts"
    believed: ClassVar[bool] = True

    base: Annotated[int, declare("Base version", "基准版本", BASIC, search=RANGED)]
    comment: Annotated[LongText, declare("Why", "变更理由", BASIC)]
    rules: Annotated[list[DraftRule], declare("Rules", "规则", INTERNAL)]
    inheritance: Annotated[list[DraftRole], declare("Roles", "角色继承", INTERNAL)]
    tests: Annotated[list[Text], declare("Policy tests", "策略测试", INTERNAL)]
    authors: Annotated[list[StaffName], declare("Authors", "起草人", BASIC, managed=True)]
    state: Annotated[RuleDraftState, declare("State", "状态", BASIC, search=EXACT, managed=True)]
    approved_by: Annotated[StaffName | None, declare("Approved by", "审批人", BASIC, managed=True)] = None
    activated_version: Annotated[int | None, declare("Version in force", "生效版本", BASIC, search=RANGED, managed=True)] = None
    reverts_to: Annotated[int | None, declare("Reverts to", "回退至版本", BASIC, managed=True)] = None
    steps: Annotated[list[DraftStep], declare("Steps", "流程", BASIC, managed=True)]


class RuleSetVersion(CompanyRecord):
    """A version of the rules as it went in force. A declaration only, for rules to speak of: versions are stored, and
    read, by `documents/chapters/policies/rule_sets.py`."""

    kind: ClassVar[Kind] = Kind.RULE_SET
    collection: ClassVar[str] = "rule_sets"

    number: Annotated[int, declare("Number", "版本号", BASIC, managed=True)]
    comment: Annotated[LongText | None, declare("Why", "变更理由", BASIC, managed=True)] = None
    rules: Annotated[list[DraftRule], declare("Rules", "规则", INTERNAL, managed=True)]
    tests: Annotated[list[Text], declare("Policy tests", "策略测试", INTERNAL, managed=True)]
    draft: Annotated[Text | None, declare("Draft", "草案", BASIC, managed=True)] = None


KINDS: Final = (RuleDraft,)
