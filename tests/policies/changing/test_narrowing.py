"""Whoever is said to lose only, gains nothing."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from documents.access.plan import Action, Purpose
from documents.registry import FULL_CATALOGUE
from policies.changing.narrowing import only_narrows
from policies.judging.decisions import Decisions
from policies.judging.judge import Asking
from policies.rules.rule_set import RuleSet
from tests.policies.changing.test_effects import KINDS, RULE_SETS, SCOPES
from tests.policies.rule_sets import default_rules

ROLES = st.frozensets(st.sampled_from(["clerk", "lead", "other", "unknown"]))


def allowed(rules: RuleSet, roles: frozenset[str]) -> set[tuple[object, ...]]:
    """Every cell that the roles have, but for revealing, which is for what is not shown anyway."""
    decisions = Decisions(FULL_CATALOGUE, rules)
    return {
        (kind, purpose, scopes, action, field)
        for kind in KINDS
        for purpose in (Purpose.CUSTOMER_SERVICE, Purpose.BUSINESS_OPERATION)
        for scopes in SCOPES
        for action in set(Action) - {Action.REVEAL}
        for field in decisions.granted(Asking(roles, kind, purpose, scopes), action, tuple(FULL_CATALOGUE.fields(kind)))
    }


@given(RULE_SETS, ROLES, ROLES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_only_narrows_allows_nothing_new(rules: RuleSet, before: frozenset[str], after: frozenset[str]) -> None:
    """Over every cell of small rule sets with denials."""
    if only_narrows(rules, before, after):
        assert allowed(rules, after) <= allowed(rules, before)


def test_fewer_roles_narrow_unless_one_of_those_lost_denies() -> None:
    """By the default rules; losing all of them narrows whatever they denied."""
    rules = default_rules()
    assert only_narrows(rules, {"credit_officer", "complaint_handler"}, {"credit_officer"})
    assert only_narrows(rules, {"service_agent"}, set())
    assert only_narrows(rules, {"service_agent"}, {"service_agent"})
    assert not only_narrows(rules, {"service_agent", "account_manager"}, {"account_manager"})
    assert not only_narrows(rules, {"service_agent"}, {"archivist"})
