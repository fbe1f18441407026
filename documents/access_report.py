"""What a response must say about access: which fields it shows masked or not at all, and where a filter narrowed it.

Filled by repositories from the plan, never from values: two databases that differ only in a denied value give the same
report.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from documents.access_plan import Level, Reason
from documents.fields import Kind


@dataclass(frozen=True, slots=True)
class FieldAccess:
    """The least level at which a field was served, over the rows of one kind in a response."""

    level: Level
    reason: Reason


@dataclass(slots=True)
class AccessReport:
    """Grows while a request is carried out; one entry per kind and field."""

    fields: dict[tuple[Kind, str], FieldAccess] = field(default_factory=dict)
    narrowed: dict[tuple[Kind, str], Level] = field(default_factory=dict)
    _plain: set[tuple[Kind, str]] = field(default_factory=set)

    def add(self, kind: Kind, name: str, level: Level, reason: Reason) -> None:
        """Records that `name` was served below PLAIN. Where rows differ, the least level stands, with reason SCOPE."""
        key = (kind, name)
        known = self.fields.get(key)
        if known is None:
            self.fields[key] = FieldAccess(level, Reason.SCOPE if key in self._plain else reason)
        elif known.level != level:
            self.fields[key] = FieldAccess(min(level, known.level), Reason.SCOPE)
        elif known.reason is not Reason.SCOPE:
            # Equally low for two reasons: one of them stands, whichever came first.
            self.fields[key] = FieldAccess(level, min(reason, known.reason))

    def add_plain(self, kind: Kind, names: Iterable[str]) -> None:
        """Records that rows of `kind` served `names` plain, so that a lower level elsewhere is known to be of scope."""
        for name in names:
            key = (kind, name)
            self._plain.add(key)
            known = self.fields.get(key)
            if known is not None and known.reason is not Reason.ERASED:
                self.fields[key] = FieldAccess(known.level, Reason.SCOPE)

    def add_narrowed(self, kind: Kind, names: Iterable[str], level: Level) -> None:
        """Records that a condition on `names` left rows of `kind` out: all of them (DENIED) or some (MASKED)."""
        # Levels stand for how many rows are left: DENIED none, MASKED some.
        for name in names:
            self.narrowed[kind, name] = min(level, self.narrowed.get((kind, name), level))
