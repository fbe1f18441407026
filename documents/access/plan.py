"""The pivot of the house: what one caller may do with which rows and fields, as frozen values without I/O.

`policies` fills an `AccessPlan` from Casbin's answers; readers and writers obey it. This module never decides: it only
looks decisions up. INVARIANT: whatever is absent from a plan is denied.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum

from documents.declaring.kind import Kind
from documents.declaring.labels import Labelled


class Action(Labelled):
    """What a rule can allow. `create` and `delete` are asked field by field too: a record comes into being with its
    fields and takes every one of them along when it goes."""

    READ = "read", "Read", "查看"
    READ_MASKED = "read_masked", "Read masked", "脱敏查看"
    FILTER = "filter", "Find by", "检索"
    WRITE = "write", "Change", "修改"
    CREATE = "create", "Create", "新建"
    DELETE = "delete", "Delete", "删除"
    EXPORT = "export", "Export", "导出"
    REVEAL = "reveal", "Reveal", "解除脱敏"  # to open one masked field of one customer, for a reason that is kept


class Purpose(Labelled):
    """Why customer information is used (I6). No other purpose exists."""

    BUSINESS_OPERATION = "business_operation", "Business operation", "业务经营"
    CUSTOMER_SERVICE = "customer_service", "Customer service", "客户服务"
    RISK_ASSESSMENT = "risk_assessment", "Risk assessment", "风险评估"
    ARCHIVE_KEEPING = "archive_keeping", "Archive keeping", "档案管理"
    SUPERVISION = "supervision", "Supervision", "监督检查"


class Scope(Labelled):
    """A relation between caller and customer. Every customer is in ALL; the others depend on the row."""

    ALL = "all", "All", "全部"
    DEPARTMENT = "department", "Own department", "本部门"
    OWN = "own", "One's own", "本人负责"
    SELF = "self", "Oneself", "客户本人"
    # Consented to sharing with the caller, a partner; decided apart, customer by customer.
    SHARED = "shared", "Shared by consent", "经同意共享"


ScopeSet = frozenset[Scope]
"""The scopes that one row satisfies for one caller; always contains `Scope.ALL`."""


class Level(IntEnum):
    """How much of a field a caller sees. Higher grants more; ERASED is a fact about the row, not a grant."""

    ERASED = -1
    DENIED = 0
    MASKED = 1
    PLAIN = 2


class Reason(Labelled):
    """Why a field is not PLAIN."""

    NO_RULE = "NO_RULE", "No rule allows it", "无授权规则"
    DENIED_BY_RULE = "DENIED_BY_RULE", "Denied by a rule", "规则禁止"
    MASKED_BY_RULE = "MASKED_BY_RULE", "Masked by a rule", "规则要求脱敏"
    SCOPE = "SCOPE", "Beyond your scope", "超出数据范围"
    ERASED = "ERASED", "Erased", "数据已删除"


@dataclass(frozen=True, slots=True)
class FieldGrants:
    """The decisions for the rows of one kind that satisfy one scope set. Field names are the declared ones."""

    plain: frozenset[str] = frozenset()
    masked: frozenset[str] = frozenset()  # disjoint from `plain`, and only fields that declare a mask
    filterable: frozenset[str] = frozenset()
    writable: frozenset[str] = frozenset()
    creatable: frozenset[str] = frozenset()
    deletable: frozenset[str] = frozenset()
    exportable: frozenset[str] = frozenset()
    revealable: frozenset[str] = frozenset()  # a part of `masked`
    forbidden: frozenset[str] = (
        frozenset()
    )  # not PLAIN because a deny rule matched the `read`; explains, grants nothing

    def level(self, name: str) -> Level:
        """The level of field `name`: DENIED unless granted."""
        if name in self.plain:
            return Level.PLAIN
        return Level.MASKED if name in self.masked else Level.DENIED

    def reason(self, name: str) -> Reason | None:
        """Why `name` is below PLAIN; None when it is PLAIN."""
        if name in self.plain:
            return None
        if name in self.masked:
            return Reason.MASKED_BY_RULE
        return Reason.DENIED_BY_RULE if name in self.forbidden else Reason.NO_RULE

    def opened(self, name: str) -> FieldGrants:
        """The same with `name` PLAIN, if it may be revealed. For reading that one field of one row, once."""
        if name not in self.revealable:
            return self
        return replace(self, plain=self.plain | {name}, masked=self.masked - {name})

    @property
    def is_visible(self) -> bool:
        """A row shows itself only where at least one of its fields may be read."""
        return bool(self.plain or self.masked)


@dataclass(frozen=True, slots=True)
class KindGrants:
    """The decisions for one kind: one `FieldGrants` per scope set over `scopes` (the scopes that any rule names)."""

    scopes: frozenset[Scope]
    by_scope_set: Mapping[ScopeSet, FieldGrants]


@dataclass(frozen=True, slots=True)
class RowScope:
    """Who the caller is in terms of row attributes; None matches no row."""

    username: str
    department: str | None = None
    customer_id: str | None = None  # 24 hex digits: the customer whose own login this is


NO_GRANTS = FieldGrants()


@dataclass(frozen=True, slots=True)
class AccessPlan:
    """All decisions that one request needs. Built by `policies` (and tests) only; an AST test holds that."""

    row_scope: RowScope
    purpose: Purpose
    rule_set_version: int
    kinds: Mapping[Kind, KindGrants]
    # All that the decisions follow from, as policies/authorize.py states it; what is derived from a plan is kept by it.
    # Without one nothing is kept (documents/reading/plan_memo.py).
    key: tuple[object, ...] = field(default=(), compare=False)

    def grants(self, kind: Kind, scopes: ScopeSet) -> FieldGrants:
        """The decisions for a row of `kind` that satisfies `scopes`; nothing is granted for an unknown kind."""
        grants = self.kinds.get(kind)
        if grants is None:
            return NO_GRANTS
        return grants.by_scope_set.get(scopes & grants.scopes | {Scope.ALL}, NO_GRANTS)
