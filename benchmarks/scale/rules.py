"""Rule sets of any size around the benchmark's readers. All hold: they are put in force by the policy store."""

from __future__ import annotations

from typing import Final

from benchmarks.dataset import ROLE, rule_text
from documents.registry import FULL_CATALOGUE
from policies.rules.rule_set import Inheritance, Rule, RuleSet, parse_csv

WHOLE_ROLE: Final = "benchmark_whole_reader"
WHOLE_RULES: Final = f"""
g, {WHOLE_ROLE}, employee
p, {WHOLE_ROLE}, all, *, *, read, business_operation, allow
p, {WHOLE_ROLE}, all, *, @basic, filter, business_operation, allow
"""

_OTHERS: Final = "benchmark_role_"
_KEPT: Final = frozenset({"employee", ROLE})


def everything_rules(rules: int) -> str:
    """The benchmark's rules with those of one who reads everything."""
    return rule_text(rules) + WHOLE_RULES


def rules_of_size(count: int, *, telephone: bool = True) -> RuleSet:
    """Exactly `count` rules: the reader's, which read the telephone or do not, and other people's."""
    all_rules = parse_csv(rule_text(count + 200), FULL_CATALOGUE)
    ours = [rule for rule in all_rules.rules if rule.role == ROLE]
    if not telephone:
        ours = [_without_telephone(rule) for rule in ours]
    others = [rule for rule in all_rules.rules if rule.role.startswith(_OTHERS)][: count - len(ours)]
    roles = _KEPT | {rule.role for rule in others}
    return RuleSet((*ours, *others), tuple(link for link in all_rules.inheritance if _is_kept(link, roles)))


def _without_telephone(rule: Rule) -> Rule:
    return rule._replace(effect="deny") if rule.field == "telephone" else rule


def _is_kept(link: Inheritance, roles: frozenset[str]) -> bool:
    return link.role in roles
