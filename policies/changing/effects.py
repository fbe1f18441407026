"""What a change of the rules does: who gains or loses which fields of which kinds, where, for what, and how.

Exact, because the space is finite: every role and every set of roles that an account has × kind × purpose × action ×
scope set × field. What no changed rule speaks of cannot differ and is not looked at; all else is compared under both
rule sets, many fields at a time (policies/judging/field_masks.py). Pure computation over values; it reads nothing and
decides nothing for a request.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self

from documents.access.plan import Action, Level, Purpose, Scope, ScopeSet
from documents.declaring.catalogue import Catalogue
from documents.declaring.fields import FieldSpec
from documents.declaring.kind import CUSTOMER_KINDS, Kind
from policies.judging.decisions import scope_sets_of
from policies.judging.field_masks import Cell, CellMasks, FieldMasks
from policies.rules.rule_set import RuleSet

ACTIONS = (Action.READ, Action.FILTER, Action.WRITE, Action.CREATE, Action.DELETE, Action.EXPORT, Action.REVEAL)
"""What a difference is told in; reading has levels, of which masked is one. The others are DENIED or PLAIN: allowed."""


@dataclass(frozen=True, slots=True)
class AccessChange:
    """`fields` of `kind` go from level `before` to `after` for an action and purpose, in rows that satisfy one of
    `scope_sets` and, of the scopes `decisive`, no other."""

    kind: Kind
    purpose: Purpose
    action: Action
    before: Level
    after: Level
    fields: tuple[str, ...]
    scope_sets: tuple[ScopeSet, ...]
    decisive: frozenset[Scope]

    @property
    def is_gain(self) -> bool:
        return self.after > self.before

    def holds_in(self, scopes: ScopeSet) -> bool:
        """Whether a row that satisfies `scopes`, and no other scope, is concerned."""
        return (scopes & self.decisive | {Scope.ALL}) in self.scope_sets


class EffectComparison:
    """Compares two rule sets. Takes up to seconds: use it off the event loop."""

    def __init__(self, catalogue: Catalogue, base: RuleSet, draft: RuleSet) -> None:
        self._catalogue = catalogue
        self._base = FieldMasks(catalogue, base)
        self._draft = FieldMasks(catalogue, draft)
        self._known: dict[frozenset[str], tuple[AccessChange, ...]] = {}
        self._differing: dict[str, frozenset[Cell]] = {}
        self._sets: dict[frozenset[Scope], list[ScopeSet]] = {}
        self._maskable = {kind: _maskable(fields.values()) for kind, fields in catalogue.by_kind.items()}

    def of_every_role(self) -> dict[str, tuple[AccessChange, ...]]:
        """The changes of each role by itself that has any."""
        roles = sorted(self._base.roles | self._draft.roles)
        found = {role: self.of_roles(frozenset({role})) for role in roles}
        return {role: changes for role, changes in found.items() if changes}

    def of_roles(self, roles: frozenset[str]) -> tuple[AccessChange, ...]:
        """The changes for whoever has `roles` together."""
        if roles not in self._known:
            self._known[roles] = tuple(self._changes(roles))
        return self._known[roles]

    def _changes(self, roles: frozenset[str]) -> Iterator[AccessChange]:
        # What differs for none of the roles alone cannot differ for all of them together.
        cells = frozenset[Cell]().union(*map(self._differing_cells, roles))
        for kind in self._catalogue.by_kind if cells else ():
            for purpose in Purpose:
                if (kind, purpose) in cells:
                    yield from self._of_cell(roles, kind, purpose)

    def _differing_cells(self, role: str) -> frozenset[Cell]:
        """Of which kinds, under which purposes, the rules of one role say something else."""
        if role not in self._differing:
            base, draft = self._base.of_role(role), self._draft.of_role(role)
            cells = base.keys() | draft.keys()
            self._differing[role] = frozenset(cell for cell in cells if base.get(cell) != draft.get(cell))
        return self._differing[role]

    def _of_cell(self, roles: frozenset[str], kind: Kind, purpose: Purpose) -> Iterator[AccessChange]:
        base, draft = (masks.of_roles(roles, (kind, purpose)) for masks in (self._base, self._draft))
        decisive = frozenset(base.scopes | draft.scopes)
        if decisive not in self._sets:
            self._sets[decisive] = scope_sets_of(decisive)
        sets, maskable = self._sets[decisive], self._maskable[kind]
        before, after = (
            [_Levels.of(one, scopes, maskable, openable=kind in CUSTOMER_KINDS) for scopes in sets]
            for one in (base, draft)
        )
        for action in ACTIONS:
            found: dict[tuple[Level, Level], list[int]] = {}
            for number, (old, new) in enumerate(zip(before, after, strict=True)):
                for levels, fields in old.differences(new, action):
                    found.setdefault(levels, [0] * len(sets))[number] = fields
            for (old_level, new_level), by_set in found.items():
                for fields, alike in _grouped(by_set):
                    names, those = self._names(kind, fields), tuple(sets[number] for number in alike)
                    yield AccessChange(kind, purpose, action, old_level, new_level, names, those, decisive)

    def _names(self, kind: Kind, mask: int) -> tuple[str, ...]:
        return tuple(name for number, name in enumerate(self._catalogue.fields(kind)) if mask >> number & 1)


@dataclass(frozen=True, slots=True)
class _Levels:
    """The fields of one kind in one scope set: those read plain and masked, and those granted for each other action."""

    plain: int
    masked: int
    granted: dict[Action, int]

    @classmethod
    def of(cls, masks: CellMasks, scopes: ScopeSet, maskable: int, *, openable: bool) -> Self:
        """A field without a mask is never shown masked; only what is shown masked can be revealed, where the
        kind is `openable`."""
        plain = masks.granted(Action.READ, scopes)
        masked = masks.granted(Action.READ_MASKED, scopes) & maskable & ~plain
        granted: dict[Action, int] = {
            action: masks.granted(action, scopes) for action in ACTIONS if action is not Action.READ
        }
        granted[Action.REVEAL] &= masked if openable else 0
        return cls(plain, masked, granted)

    def differences(self, other: _Levels, action: Action) -> Iterator[tuple[tuple[Level, Level], int]]:
        """The fields that go from one level to another."""
        if action is not Action.READ:
            old, new = self.granted[action], other.granted[action]
            if old != new:
                yield from _some((Level.PLAIN, Level.DENIED), old & ~new)
                yield from _some((Level.DENIED, Level.PLAIN), new & ~old)
            return
        if (self.plain, self.masked) == (other.plain, other.masked):
            return
        shown, other_shown = self.plain | self.masked, other.plain | other.masked
        yield from _some((Level.PLAIN, Level.MASKED), self.plain & other.masked)
        yield from _some((Level.PLAIN, Level.DENIED), self.plain & ~other_shown)
        yield from _some((Level.MASKED, Level.PLAIN), self.masked & other.plain)
        yield from _some((Level.MASKED, Level.DENIED), self.masked & ~other_shown)
        yield from _some((Level.DENIED, Level.PLAIN), other.plain & ~shown)
        yield from _some((Level.DENIED, Level.MASKED), other.masked & ~shown)


def _some(levels: tuple[Level, Level], fields: int) -> Iterator[tuple[tuple[Level, Level], int]]:
    if fields:
        yield levels, fields


def _maskable(specs: Iterable[FieldSpec]) -> int:
    return sum(1 << number for number, spec in enumerate(specs) if spec.mask is not None)


def _grouped(by_set: list[int]) -> Iterator[tuple[int, list[int]]]:
    """The fields that change alike: masks, with the numbers of the scope sets in which they do."""
    groups: list[tuple[int, list[int]]] = []
    seen = 0
    for number, fields in enumerate(by_set):
        refined: list[tuple[int, list[int]]] = []
        for mask, alike in groups:
            if inside := mask & fields:
                refined.append((inside, [*alike, number]))
            if outside := mask & ~fields:
                refined.append((outside, alike))
        if new := fields & ~seen:
            refined.append((new, [number]))
        groups, seen = refined, seen | fields
    yield from groups
