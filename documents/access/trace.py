"""What a request did with customer data, as the audit trail keeps it: under which plans, which rows, which fields at
which level, by which fields was looked, what was refused.

Ids and declared names only. INVARIANT: a value, a variable or the text of a search never comes in here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bson import ObjectId

from documents.access.plan import AccessPlan, Level, Purpose, Reason
from documents.declaring.kind import Kind
from documents.declaring.labels import Labelled


class Act(Labelled):
    """What was done with rows. SOUGHT: asked for by id, and nothing was there for the caller. ADOPT: was
    there before rows named change entries, and names one since an upgrade. VIEW_AS: looked at which
    fields of it somebody else may see, and at none of its values."""

    READ = "read", "Read", "查看"
    REVEAL = "reveal", "Reveal", "解除脱敏"
    EXPORT = "export", "Export", "导出"
    SOUGHT = "sought", "Sought in vain", "查无记录"
    CREATE = "create", "Create", "新建"
    WRITE = "write", "Change", "修改"
    DELETE = "delete", "Delete", "删除"
    ADOPT = "adopt", "Taken over", "升级接管"
    VIEW_AS = "view_as", "View as", "权限预览"


@dataclass(slots=True)
class Rows:
    """Which rows: their customers and, for records that hang on a customer, the records; the two run in parallel.

    A record of the company has no customer: its `customers` entry is None."""

    customers: list[ObjectId | None] = field(default_factory=list)
    records: list[ObjectId] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class TracedChange:
    """A change that was refused with `code`; `refused` names the fields that stood in its way."""

    act: Act
    kind: Kind
    fields: tuple[str, ...]
    code: str
    customer: ObjectId | None = None
    record: ObjectId | None = None
    refused: tuple[str, ...] = ()


@dataclass(slots=True)
class AccessTrace:
    """Grows while a request is carried out; taken when a part of its answer is about to leave."""

    plans: set[tuple[int, Purpose]] = field(default_factory=set)  # rule-set version, purpose
    rows: dict[tuple[Act, Served], Rows] = field(default_factory=dict)
    not_found: dict[Kind, Rows] = field(default_factory=dict)
    changes: list[TracedChange] = field(default_factory=list)
    filtered: set[str] = field(default_factory=set)
    sorted: set[str] = field(default_factory=set)
    searched: set[str] = field(default_factory=set)
    viewed_as: set[str] = field(default_factory=set)  # usernames, whose access was looked at

    def add_plan(self, plan: AccessPlan) -> None:
        """Customer data is asked for under `plan`: from now on the request leaves an entry, whatever becomes of it."""
        self.plans.add((plan.rule_set_version, plan.purpose))

    def add_rows(
        self, act: Act, served: Served, customers: Sequence[ObjectId | None], records: Sequence[ObjectId] = ()
    ) -> None:
        """Rows that are about to be served as `served` says; `records` are theirs, one each, unless they are customers
        themselves."""
        rows = self.rows.get((act, served))
        if rows is None:
            rows = self.rows[act, served] = Rows()
        rows.customers += customers
        rows.records += records

    def add_not_found(self, kind: Kind, row_id: ObjectId, *, of_customer: bool) -> None:
        """An id that was asked for, where there was nothing for the caller."""
        rows = self.not_found.setdefault(kind, Rows())
        (rows.customers if of_customer else rows.records).append(row_id)

    def add_change(self, change: TracedChange) -> None:
        """A change that was refused."""
        self.changes.append(change)

    def add_conditions(
        self, *, filtered: Iterable[str] = (), ordered: Iterable[str] = (), searched: Iterable[str] = ()
    ) -> None:
        """The fields that rows were looked for by."""
        self.filtered.update(filtered)
        self.sorted.update(ordered)
        self.searched.update(searched)

    @property
    def is_of_rows_alone(self) -> bool:
        """Rows were read under one plan, and nothing else was done: what most requests are."""
        others = self.not_found or self.changes or self.filtered or self.sorted or self.searched or self.viewed_as
        return len(self.plans) == 1 and not others

    @property
    def is_empty(self) -> bool:
        """Nothing was asked for, served or changed."""
        return not (self.plans or self.rows or self.not_found or self.changes)


@dataclass(frozen=True, slots=True, eq=False)  # each is made once for its reader, and known by what it is
class Served:
    """How rows of one kind in the same scopes were served: the selected fields that were plain, and the others."""

    kind: Kind
    plain: tuple[str, ...]
    below_plain: tuple[tuple[str, Level, Reason], ...]
