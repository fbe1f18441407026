"""What rules can say of the trail: its fields, declared like any others; denied to everybody until a rule allows it.

The class is a declaration only: entries are stored in blocks (`chain.py`) and asked for in `queries.py`. Of no customer
is there more in it than an id, so nothing in it is encrypted.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

from documents.declaring.fields import Sensitivity, declare
from documents.declaring.kind import Kind
from documents.declaring.record import EXACT, RANGED, CompanyRecord
from documents.declaring.values import Text

BASIC, INTERNAL = Sensitivity.BASIC, Sensitivity.INTERNAL


class AuditEntry(CompanyRecord):
    """An entry of the audit trail (V1, V2)."""

    kind: ClassVar[Kind] = Kind.AUDIT_ENTRY
    collection: ClassVar[str] = "audit_blocks"

    time: Annotated[datetime, declare("Time", "时间", BASIC, search=RANGED, managed=True)]
    username: Annotated[Text, declare("Account", "账号", INTERNAL, search=EXACT, managed=True)]
    roles: Annotated[list[Text], declare("Roles", "角色", INTERNAL, managed=True)]
    session: Annotated[Text | None, declare("Session", "会话", INTERNAL, managed=True)] = None
    purpose: Annotated[Text | None, declare("Purpose", "使用目的", BASIC, search=EXACT, managed=True)] = None
    operation: Annotated[Text, declare("Operation", "操作", BASIC, managed=True)]
    customers: Annotated[list[Text], declare("Customers", "客户", INTERNAL, search=EXACT, managed=True)]
    fields: Annotated[list[Text], declare("Fields", "字段", BASIC, search=EXACT, managed=True)]
    outcome: Annotated[Text, declare("Outcome", "结果", BASIC, search=EXACT, managed=True)]
    rule_set_versions: Annotated[list[int], declare("Rule sets", "规则集版本", BASIC, managed=True)]
