"""Casbin, asked: the one place where a decision is made. Everything else only looks decisions up.

A `Judge` holds one enforcer over one rule set and is used by one thread at a time. A question is put to it over only
those rules that can match it; the property test in tests/policies holds that this never changes an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import casbin

from documents.access.plan import Action, Purpose, ScopeSet
from documents.declaring.kind import Kind
from policies.rules.matching import DENY, FieldPatterns, covers_action, covers_kind, covers_purpose, in_scope
from policies.rules.rule_set import Rule, RuleSet

MODEL_TEXT = Path(__file__).with_name("model.conf").read_text(encoding="utf-8")


_PARSING = Lock()
"""Held while Casbin parses: CPython 3.11 counts the depth of its parser wrongly when threads parse at once, and raises
SystemError. Jobs that compile several kinds for one request do."""


class Asking(NamedTuple):
    """Who asks, of which kind, for which purpose, about a row that satisfies these scopes for the caller."""

    roles: frozenset[str]
    kind: Kind
    purpose: Purpose
    scopes: ScopeSet


class Decision(NamedTuple):
    """Casbin's answers over the fields of one kind: those granted, and those that a deny rule refused."""

    granted: frozenset[str]
    forbidden: frozenset[str]


class _Enforcer(casbin.Enforcer):  # type: ignore[misc] # casbin publishes no types
    """Casbin's enforcer, except that it parses its only matcher once, not at every question."""

    _expression: Any = None

    def _get_expression(self, expr: str, functions: Any = None) -> Any:
        if self._expression is None:
            with _PARSING:
                self._expression = casbin.Enforcer._get_expression(expr, functions)
        return self._expression


def matcher_functions(enforcer: Any, patterns: FieldPatterns) -> dict[str, Callable[..., bool]]:
    """The functions that `model.conf` names, over the role manager of `enforcer`."""
    known: dict[tuple[str, str], bool] = {}

    def has_role(roles: str, rule_role: str) -> bool:
        key = (roles, rule_role)
        if key not in known:
            has_link = enforcer.get_role_manager().has_link
            known[key] = any(has_link(role, rule_role) for role in roles.split(","))
        return known[key]

    return {
        "covers_field": patterns.covers,
        "covers_action": covers_action,
        "covers_purpose": covers_purpose,
        "in_scope": in_scope,
        "has_role": has_role,
    }


class Judge:
    """One Casbin enforcer over one rule set."""

    def __init__(self, rule_set: RuleSet, patterns: FieldPatterns) -> None:
        model = casbin.Enforcer.new_model(text=MODEL_TEXT)
        model["g"]["g"].policy = [list(link) for link in rule_set.inheritance]
        self._enforcer = _Enforcer(model)
        self._enforcer.build_role_links()
        functions = matcher_functions(self._enforcer, patterns)
        for name, function in functions.items():
            self._enforcer.add_function(name, function)
        self._has_role = functions["has_role"]
        self._rules = rule_set.rules

    def relevant(self, roles: frozenset[str], kind: Kind, purpose: Purpose) -> tuple[Rule, ...]:
        """The rules that can match some question about these roles, this kind and this purpose."""
        return tuple(
            rule
            for rule in self._rules
            if covers_kind(kind.value, rule.kind)
            and covers_purpose(purpose.value, rule.purpose)
            and self._has_role(joined(roles), rule.role)
        )

    def of_roles(self, roles: frozenset[str]) -> tuple[Rule, ...]:
        """The rules that speak of one of `roles`, or of a role that it inherits from."""
        names = joined(roles)
        return tuple(rule for rule in self._rules if self._has_role(names, rule.role))

    def explain(self, rules: Iterable[Rule], asking: Asking, action: Action, field: str) -> Rule | None:
        """The one of `rules` by which Casbin answers; None where none matches, which refuses."""
        self._enforcer.model["p"]["p"].policy = [list(rule) for rule in rules]
        roles, kind, purpose, scopes = asking
        question = (joined(roles), joined(scopes), kind.value, field, action.value, purpose.value)
        _, rule = self._enforcer.enforce_ex(*question)
        return Rule(*rule) if rule else None

    def decide(self, rules: Iterable[Rule], asking: Asking, action: Action, fields: Iterable[str]) -> Decision:
        """Asks Casbin once for each of `fields`, over those of the relevant `rules` that can match the question."""
        roles, kind, purpose, scopes = asking
        roles_text, scopes_text = joined(roles), joined(scopes)
        self._enforcer.model["p"]["p"].policy = [
            list(rule)
            for rule in rules
            if covers_action(action.value, rule.action, rule.effect) and in_scope(scopes_text, rule.scope)
        ]
        granted, forbidden = set(), set()
        enforce_ex = self._enforcer.enforce_ex
        for name in fields:
            allowed, rule = enforce_ex(roles_text, scopes_text, kind.value, name, action.value, purpose.value)
            if allowed:
                granted.add(name)
            elif rule and rule[-1] == DENY:
                forbidden.add(name)
        return Decision(frozenset(granted), frozenset(forbidden))


def joined(names: Iterable[str]) -> str:
    """Names as a request carries them: sorted, comma-joined."""
    return ",".join(sorted(str(name) for name in names))
