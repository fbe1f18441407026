"""What the rules of roles allow and deny, as bits over the fields of a kind: for questions by the hundred thousand.

Which rule matches which question is said by policies/rules/matching.py, as for Casbin. That a denial outweighs every
allowance, whatever the question, is what `model.conf` says: Casbin is asked whether it does, and nothing is answered
where it does not. The property test in tests/policies holds that every answer is the one that requests get. It serves
no request and makes no plan.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from documents.access.plan import Action, Purpose, Scope, ScopeSet
from documents.declaring.catalogue import Catalogue
from documents.declaring.kind import Kind
from policies.judging.decisions import Decisions
from policies.rules.matching import ALLOW, DENY, EVERYONE, covers_action, covers_kind, covers_purpose
from policies.rules.rule_set import Rule, RuleSet

Cell = tuple[Kind, Purpose]
Masks = tuple[int, int]
"""The fields that are allowed, and those that are denied."""
_NOTHING: Final[Masks] = (0, 0)


@dataclass(slots=True)
class CellMasks:
    """What rules say of one kind under one purpose, by action and scope; `scopes` are all that they name."""

    by_action: dict[Action, dict[Scope, Masks]] = field(default_factory=dict)
    scopes: set[Scope] = field(default_factory=set)

    def add(self, action: Action, scope: Scope, allowed: int, denied: int) -> None:
        """Adds what another rule says."""
        of_action = self.by_action.setdefault(action, {})
        known = of_action.get(scope, _NOTHING)
        of_action[scope] = (known[0] | allowed, known[1] | denied)

    def granted(self, action: Action, scopes: ScopeSet) -> int:
        """The fields for which `action` is allowed where a row satisfies `scopes`: a denial outweighs."""
        allowed = denied = 0
        of_action = self.by_action.get(action)
        if of_action is None:
            return 0
        for scope in scopes:
            of_scope = of_action.get(scope)
            if of_scope is not None:
                allowed |= of_scope[0]
                denied |= of_scope[1]
        return allowed & ~denied


_SILENT: Final = CellMasks()


class FieldMasks:
    """The masks of one rule set: those of each role are made once, those of several are joined."""

    def __init__(self, catalogue: Catalogue, rule_set: RuleSet) -> None:
        self._decisions = Decisions(catalogue, rule_set)
        self._catalogue = catalogue
        self._of_role: dict[str, dict[Cell, CellMasks]] = {}
        self._named: dict[tuple[Kind, str, str], int] = {}
        self._require_that_denials_outweigh()

    @property
    def roles(self) -> frozenset[str]:
        """The roles that the rule set declares."""
        return self._decisions.rule_set.roles

    def of_role(self, role: str) -> dict[Cell, CellMasks]:
        """What the rules of one role say, its inherited ones included; nothing of a role that is not declared."""
        if role not in self._of_role:
            self._of_role[role] = self._made(self._decisions.of_roles(frozenset({role})))
        return self._of_role[role]

    def of_roles(self, roles: frozenset[str], cell: Cell) -> CellMasks:
        """What the rules of several roles together say of one kind under one purpose."""
        found = [masks for role in roles if (masks := self.of_role(role).get(cell)) is not None]
        if len(found) < 2:
            return found[0] if found else _SILENT
        joined = CellMasks()
        for masks in found:
            joined.scopes |= masks.scopes
            for action, by_scope in masks.by_action.items():
                for scope, (allowed, denied) in by_scope.items():
                    joined.add(action, scope, allowed, denied)
        return joined

    def _made(self, rules: Iterable[Rule]) -> dict[Cell, CellMasks]:
        made: dict[Cell, CellMasks] = defaultdict(CellMasks)
        for rule in rules:
            scope = Scope(rule.scope)
            actions = [action for action in Action if covers_action(action.value, rule.action, rule.effect)]
            purposes = [purpose for purpose in Purpose if covers_purpose(purpose.value, rule.purpose)]
            for kind in self._catalogue.by_kind:
                if not covers_kind(kind.value, rule.kind):
                    continue
                named = self._mask(kind, rule)
                allowed, denied = (named, 0) if rule.effect == ALLOW else (0, named)
                for purpose in purposes:
                    cell = made[kind, purpose]
                    cell.scopes.add(scope)
                    for action in actions:
                        cell.add(action, scope, allowed, denied)
        return dict(made)

    def _mask(self, kind: Kind, rule: Rule) -> int:
        key = (kind, rule.kind, rule.field)
        if key not in self._named:
            names = self._decisions.patterns.named(kind.value, rule.kind, rule.field)
            fields = self._catalogue.fields(kind)
            self._named[key] = sum(1 << number for number, name in enumerate(fields) if name in names)
        return self._named[key]

    def _require_that_denials_outweigh(self) -> None:
        kind = next(iter(self._catalogue.by_kind))
        some_field = next(iter(self._catalogue.fields(kind)))
        allow, deny = (
            Rule(EVERYONE, Scope.ALL.value, kind.value, some_field, Action.WRITE.value, "*", effect)
            for effect in (ALLOW, DENY)
        )
        expected = {(): False, (allow,): True, (deny,): False, (allow, deny): False, (deny, allow): False}
        answers = {rules: self._decisions.allows(rules, kind, some_field) for rules in expected}
        if answers != expected:
            raise RuntimeError("the Casbin model no longer lets a denial outweigh every allowance")
