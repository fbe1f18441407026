"""What a response must say about access: which fields it shows masked or not at all, and where a filter narrowed it.

Filled by readers from the plan, never from values: two databases that differ only in a denied value give the same
report.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bson import ObjectId

from documents.access.plan import Level, Reason
from documents.access.trace import AccessTrace, Act, Served
from documents.declaring.kind import Kind

Place = tuple[Kind, str]


@dataclass(frozen=True, slots=True)
class FieldAccess:
    """The least level at which a field was served, over the rows of one kind in a response."""

    level: Level
    reason: Reason


@dataclass(slots=True)
class AccessReport:
    """Grows while a request is carried out. `trace` is for the audit trail; `act` is what rows are read for."""

    served: set[Served] = field(default_factory=set)
    erased: set[Place] = field(default_factory=set)
    narrowed: dict[Place, Level] = field(default_factory=dict)
    trace: AccessTrace = field(default_factory=AccessTrace)
    act: Act = Act.READ

    def add_row(self, served: Served, customer: ObjectId | None, record: ObjectId | None = None) -> None:
        """Records that one row is served as `served` says."""
        self.add_rows(served, [customer], [record] if record is not None else [])

    def add_rows(self, served: Served, customers: Sequence[ObjectId | None], records: Sequence[ObjectId] = ()) -> None:
        """Records that rows are served as `served` says. Every row that leaves a reader goes through here; at once
        with others, because a page has many that are alike."""
        self.served.add(served)
        self.trace.add_rows(self.act, served, customers, records)

    def take_trace(self) -> AccessTrace:
        """What was done since the last time; the next part of the answer begins with an empty trace."""
        trace, self.trace = self.trace, AccessTrace()
        return trace

    def add_erased(self, kind: Kind, names: Iterable[str]) -> None:
        """Records that `names` of a row could not be opened any more, because its data key was erased."""
        self.erased.update((kind, name) for name in names)

    def add_narrowed(self, kind: Kind, names: Iterable[str], level: Level) -> None:
        """Records that a condition on `names` left rows of `kind` out: all of them (DENIED) or some (MASKED)."""
        for name in names:
            self.narrowed[kind, name] = min(level, self.narrowed.get((kind, name), level))

    def below_plain(self) -> tuple[tuple[Place, FieldAccess], ...]:
        """One entry per kind and field that was not served plain in every row, in their order.

        Where rows differ, the least level stands, with reason SCOPE."""
        entries = combined(frozenset(self.served))
        if not self.erased:
            return entries
        erased = dict.fromkeys(self.erased, FieldAccess(Level.ERASED, Reason.ERASED))
        return tuple(sorted((dict(entries) | erased).items(), key=lambda entry: entry[0]))


def combined(served: frozenset[Served]) -> tuple[tuple[Place, FieldAccess], ...]:
    """The entries of rows that were served in these ways together."""
    found: dict[Place, set[FieldAccess]] = {}
    for rows in served:
        for name, level, reason in rows.below_plain:
            found.setdefault((rows.kind, name), set()).add(FieldAccess(level, reason))
    plain = {(rows.kind, name) for rows in served for name in rows.plain}
    return tuple((place, _least(found[place], elsewhere_plain=place in plain)) for place in sorted(found))


def _least(served: set[FieldAccess], *, elsewhere_plain: bool) -> FieldAccess:
    level = min(access.level for access in served)
    if elsewhere_plain or len({access.level for access in served}) > 1:
        return FieldAccess(level, Reason.SCOPE)
    return FieldAccess(level, min(access.reason for access in served))
