"""Whether a change of somebody's roles can only take rights away. Pure; on the safe side: in doubt it says no."""

from __future__ import annotations

from collections.abc import Collection

from policies.rules.rule_set import RuleSet


def only_narrows(rules: RuleSet, before: Collection[str], after: Collection[str]) -> bool:
    """Whether the roles `after` allow nothing that the roles `before` do not.

    Fewer roles are not enough: a denial outweighs every allowance, so that a role that denies something is one whose
    loss gives something."""
    if not set(after) <= set(before):
        return False
    left = _reached(rules, after)
    if not any(rule.role in left and rule.effect == "allow" for rule in rules.rules):
        return True  # nothing is allowed that a denial could have kept back
    denying = {rule.role for rule in rules.rules if rule.effect == "deny"}
    return denying.isdisjoint(_reached(rules, before) - left)


def _reached(rules: RuleSet, roles: Collection[str]) -> set[str]:
    """The roles with all whose rules they inherit."""
    parents: dict[str, list[str]] = {}
    for link in rules.inheritance:
        parents.setdefault(link.role, []).append(link.parent)
    reached, waiting = set[str](), list(roles)
    while waiting:
        role = waiting.pop()
        if role not in reached:
            reached.add(role)
            waiting += parents.get(role, ())
    return reached
