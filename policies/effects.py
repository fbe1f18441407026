"""What a change of the rules does: who gains or loses which fields of which kinds, where, for what, and how.

Exact, because the space is finite: every role and every set of roles that an account has × kind × purpose × action ×
scope set × field. What no changed rule speaks of cannot differ and is not asked about; all else is Casbin's word under
both rule sets. Pure computation over values; it reads nothing and decides nothing for a request.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from documents.access_plan import Action, Level, Purpose, Scope, ScopeSet
from documents.catalogue import Catalogue
from documents.fields import Kind
from policies.decisions import Decisions, scope_sets
from policies.matching import covers_action, covers_kind, covers_purpose
from policies.rule_set import Rule, RuleSet

ACTIONS = (Action.READ, Action.FILTER, Action.WRITE, Action.CREATE, Action.DELETE, Action.EXPORT, Action.REVEAL)
"""What a difference is told in; reading has levels, of which masked is one. The others are DENIED or PLAIN: allowed."""


_ASKED = {
    Action.READ: (Action.READ, Action.READ_MASKED),
    Action.REVEAL: (Action.REVEAL, Action.READ, Action.READ_MASKED),
}
"""The decisions that an action depends on, where it is more than its own: only what is masked can be revealed."""


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
        self._base = Decisions(catalogue, base)
        self._draft = Decisions(catalogue, draft)
        self._known: dict[frozenset[str], tuple[AccessChange, ...]] = {}

    def of_every_role(self) -> dict[str, tuple[AccessChange, ...]]:
        """The changes of each role by itself that has any."""
        roles = sorted(self._base.rule_set.roles | self._draft.rule_set.roles)
        found = {role: self.of_roles(frozenset({role})) for role in roles}
        return {role: changes for role, changes in found.items() if changes}

    def of_roles(self, roles: frozenset[str]) -> tuple[AccessChange, ...]:
        """The changes for whoever has `roles` together."""
        if roles not in self._known:
            self._known[roles] = tuple(self._changes(roles))
        return self._known[roles]

    def _changes(self, roles: frozenset[str]) -> Iterator[AccessChange]:
        changed = set(self._base.of_roles(roles)) ^ set(self._draft.of_roles(roles))
        if not changed:
            return
        for kind in self._catalogue.by_kind:
            of_kind = [rule for rule in changed if covers_kind(kind.value, rule.kind)]
            for purpose in Purpose:
                touched = [rule for rule in of_kind if covers_purpose(purpose.value, rule.purpose)]
                if touched:
                    yield from self._of_cell(roles, kind, purpose, touched)

    def _of_cell(
        self, roles: frozenset[str], kind: Kind, purpose: Purpose, changed: Collection[Rule]
    ) -> Iterator[AccessChange]:
        both = (*self._base.relevant(roles, kind, purpose), *self._draft.relevant(roles, kind, purpose))
        decisive = frozenset(Scope(rule.scope) for rule in both)
        sets = scope_sets(both)
        for action in ACTIONS:
            touched = [rule for rule in changed if _speaks_of(rule, action)]
            found: dict[tuple[Level, Level, str], list[ScopeSet]] = defaultdict(list)
            for scopes in sets if touched else ():
                fields = self._fields(kind, (rule for rule in touched if rule.scope in scopes))
                before = _levels(self._base, roles, kind, purpose, scopes, action, fields)
                after = _levels(self._draft, roles, kind, purpose, scopes, action, fields)
                for name in fields:
                    if before[name] is not after[name]:
                        found[before[name], after[name], name].append(scopes)
            yield from _grouped(kind, purpose, action, decisive, found)

    def _fields(self, kind: Kind, rules: Iterable[Rule]) -> list[str]:
        named = frozenset[str]().union(
            *(self._base.patterns.named(kind.value, rule.kind, rule.field) for rule in rules)
        )
        return [name for name in self._catalogue.fields(kind) if name in named]


def _speaks_of(rule: Rule, action: Action) -> bool:
    asked = _ASKED.get(action, (action,))
    return any(covers_action(one.value, rule.action, rule.effect) for one in asked)


def _levels(
    decisions: Decisions,
    roles: frozenset[str],
    kind: Kind,
    purpose: Purpose,
    scopes: ScopeSet,
    action: Action,
    fields: Collection[str],
) -> dict[str, Level]:
    if action is Action.READ:
        return dict(decisions.levels(roles, kind, purpose, scopes, fields))
    granted = decisions.granted(roles, kind, purpose, scopes, action, fields)
    return {name: Level.PLAIN if name in granted else Level.DENIED for name in fields}


def _grouped(
    kind: Kind,
    purpose: Purpose,
    action: Action,
    decisive: frozenset[Scope],
    found: dict[tuple[Level, Level, str], list[ScopeSet]],
) -> Iterator[AccessChange]:
    """One change for all fields that change alike in the same scope sets."""
    alike: dict[tuple[Level, Level, tuple[ScopeSet, ...]], list[str]] = defaultdict(list)
    for (before, after, name), sets in found.items():
        alike[before, after, tuple(sets)].append(name)
    for (before, after, sets_alike), names in alike.items():
        yield AccessChange(kind, purpose, action, before, after, tuple(names), sets_alike, decisive)
