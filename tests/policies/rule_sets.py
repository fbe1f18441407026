"""What the policy tests share: a fixed source of a compiler, and plans asked for by names."""

from __future__ import annotations

from dataclasses import dataclass

from documents.access.plan import AccessPlan, Action, Purpose
from documents.declaring.catalogue import Catalogue
from documents.registry import FULL_CATALOGUE
from policies.authorize import ALL_ACTIONS, PolicyEngine
from policies.default import rules_text
from policies.judging.compiler import Compiler
from policies.principal import Principal
from policies.rules.rule_set import RuleSet, parse_csv


@dataclass
class FixedSource:
    """A `CompilerSource` whose rule set never changes."""

    compiler: Compiler


def engine_of(rules: RuleSet | str, catalogue: Catalogue = FULL_CATALOGUE) -> PolicyEngine:
    rule_set = parse_csv(rules, catalogue) if isinstance(rules, str) else rules
    return PolicyEngine(FixedSource(Compiler(catalogue, rule_set)))


def default_rules() -> RuleSet:
    return parse_csv(rules_text(), FULL_CATALOGUE)


def principal_of(*roles: str, purposes: frozenset[Purpose] = frozenset(Purpose)) -> Principal:
    """A caller in whom every scope can exist."""
    return Principal("wang.fang", frozenset(roles), purposes, department="D01", customer_id="65f000000000000000000001")


async def plan_of(
    engine: PolicyEngine, roles: tuple[str, ...], purpose: Purpose, actions: frozenset[Action] = ALL_ACTIONS
) -> AccessPlan:
    return await engine.authorize(principal_of(*roles), purpose.value, actions)
