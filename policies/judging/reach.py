"""Who reaches one declared field: every role, for each purpose, scope and action, at which level and by which rule.

Owns the question that whoever declares a field asks: rules by class or glob name it from its first day on. The answers
are Casbin's (policies/judging/decisions.py). It serves no request and makes no plan.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from documents.access.plan import Action, Level, Purpose, Scope
from documents.declaring.catalogue import Catalogue
from documents.declaring.kind import Kind
from policies.changing.effects import ACTIONS
from policies.judging.decisions import EVERYWHERE, Decisions
from policies.judging.judge import Asking
from policies.rules.rule_set import Rule, RuleSet


class UnknownFieldError(Exception):
    """No such kind, or no such field of it; the message is one plain sentence that names the nearest."""


@dataclass(frozen=True, slots=True)
class Reach:
    """`role` has `level` for `action`, for each of `purposes`, by `rule`; where a row satisfies `scope`.

    Of other scopes than ALL only what differs from ALL is told: DENIED where a rule takes away there what is granted
    elsewhere; `rule` is None where there is nothing to reveal, because the field is shown plain. Reading is PLAIN or
    MASKED, any other action PLAIN where it is allowed."""

    role: str
    action: Action
    level: Level
    purposes: tuple[Purpose, ...]
    scope: Scope
    rule: Rule | None


def field_named(catalogue: Catalogue, text: str) -> tuple[Kind, str]:
    """What `KIND.FIELD` names. Raises UnknownFieldError."""
    kind_name, _, name = text.partition(".")
    if not name:
        raise UnknownFieldError(f"`{text}` names no field: write KIND.FIELD, as in `individual.id_number`")
    kind = Kind(_known("kind", kind_name, [kind.value for kind in catalogue.by_kind]))
    return kind, _known(f"field of {kind.value}", name, catalogue.fields(kind))


def reach(catalogue: Catalogue, rule_set: RuleSet, kind: Kind, field: str) -> list[Reach]:
    """All that `rule_set` grants of `field`, role by role. Takes tenths of a second: use it off the event loop."""
    decisions = Decisions(catalogue, rule_set)
    found: list[Reach] = []
    for role in sorted(rule_set.roles):
        by_purpose: dict[tuple[Scope, Action, Level, Rule | None], list[Purpose]] = {}
        for purpose in Purpose:
            for answer in _of_role(decisions, role, kind, purpose, field):
                by_purpose.setdefault(answer, []).append(purpose)
        found += (
            Reach(role, action, level, tuple(purposes), scope, rule)
            for (scope, action, level, rule), purposes in by_purpose.items()
        )
    return sorted(found, key=lambda one: (one.role, ACTIONS.index(one.action), list(Scope).index(one.scope)))


def _of_role(
    decisions: Decisions, role: str, kind: Kind, purpose: Purpose, field: str
) -> Iterator[tuple[Scope, Action, Level, Rule | None]]:
    roles = frozenset({role})
    named = {Scope(rule.scope) for rule in decisions.relevant(roles, kind, purpose)} - {Scope.ALL}
    for action in ACTIONS:
        elsewhere = Level.DENIED
        for scope in (Scope.ALL, *(scope for scope in Scope if scope in named)):
            scopes = EVERYWHERE | {scope}
            if action is Action.READ:
                level = decisions.levels(Asking(roles, kind, purpose, scopes), (field,))[field]
            else:
                is_granted = decisions.granted(Asking(roles, kind, purpose, scopes), action, (field,))
                level = Level.PLAIN if is_granted else Level.DENIED
            if level is elsewhere:
                continue
            asked = Action.READ_MASKED if action is Action.READ and level is Level.MASKED else action
            yield scope, action, level, decisions.deciding_rule(Asking(roles, kind, purpose, scopes), asked, field)
            if scope is Scope.ALL:
                elsewhere = level


def _known(what: str, name: str, names: Collection[str]) -> str:
    if name in names:
        return name
    nearest = get_close_matches(name, sorted(names), n=1, cutoff=0.5)
    raise UnknownFieldError(f"unknown {what} `{name}`" + (f"; did you mean `{nearest[0]}`?" if nearest else ""))
