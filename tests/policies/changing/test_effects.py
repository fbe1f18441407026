"""The difference of two rule sets in effect: exact, and only what differs."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from documents.access.plan import Action, Level, Purpose, Scope, ScopeSet
from documents.declaring.kind import Kind
from documents.registry import FULL_CATALOGUE
from policies.authorize import ALL_ACTIONS
from policies.changing.effects import ACTIONS, AccessChange, EffectComparison
from policies.judging.compiler import Compiler
from policies.rules.rule_set import Inheritance, Rule, RuleSet, parse_csv
from tests.policies.rule_sets import default_rules

Cell = tuple[Kind, Purpose, Action, ScopeSet, str]
SCOPES = [
    frozenset({Scope.ALL, *chosen})
    for size in range(4)
    for chosen in combinations((Scope.DEPARTMENT, Scope.OWN, Scope.SELF), size)
]
KINDS = (Kind.INDIVIDUAL, Kind.ENTERPRISE, Kind.TICKET)
GRANTED = {
    Action.FILTER: "filterable",
    Action.WRITE: "writable",
    Action.CREATE: "creatable",
    Action.DELETE: "deletable",
    Action.EXPORT: "exportable",
    Action.REVEAL: "revealable",
}


def with_line(rules: RuleSet, line: str) -> RuleSet:
    return parse_csv(rules.to_csv() + line + "\n", FULL_CATALOGUE)


def compare(base: RuleSet, draft: RuleSet, *roles: str) -> tuple[AccessChange, ...]:
    return EffectComparison(FULL_CATALOGUE, base, draft).of_roles(frozenset(roles))


def compiled(rules: RuleSet, roles: frozenset[str]) -> dict[Cell, Level]:
    """Every cell of the decision space as requests are decided, from the compiler."""
    compiler = Compiler(FULL_CATALOGUE, rules)
    cells: dict[Cell, Level] = {}
    for purpose in Purpose:
        subject = (roles & compiler.roles, purpose)
        for family in ("customers", Kind.TICKET.value):
            decided = compiler.compile(subject, ALL_ACTIONS, family)
            grants = compiler._assemble(subject, decided, frozenset(Scope) - {Scope.SHARED}, family)
            for kind in set(KINDS) & grants.keys():
                for scopes in SCOPES:
                    of_row = grants[kind].by_scope_set[scopes & grants[kind].scopes | {Scope.ALL}]
                    for name in FULL_CATALOGUE.fields(kind):
                        cells[kind, purpose, Action.READ, scopes, name] = of_row.level(name)
                        for action, names in GRANTED.items():
                            allowed = name in getattr(of_row, names)
                            cells[kind, purpose, action, scopes, name] = Level.PLAIN if allowed else Level.DENIED
    return cells


def told(changes: tuple[AccessChange, ...]) -> dict[Cell, tuple[Level, Level]]:
    """The cells that a difference speaks of."""
    return {
        (change.kind, change.purpose, change.action, scopes, name): (change.before, change.after)
        for change in changes
        if change.kind in KINDS
        for scopes in SCOPES
        if change.holds_in(scopes)
        for name in change.fields
    }


RULES = st.builds(
    Rule,
    st.sampled_from(["clerk", "lead", "everyone", "other"]),
    st.sampled_from(["all", "own", "department", "self"]),
    st.sampled_from(["*", "individual", "enterprise", "ticket", "records"]),
    st.sampled_from(["*", "name", "telephone", "@contact", "@basic", "contact_*", "created_at"]),
    st.sampled_from(["read", "read_masked", "filter", "write", "create", "reveal", "*"]),
    st.sampled_from(["*", "customer_service", "business_operation"]),
    st.sampled_from(["allow", "allow", "deny"]),
)
LINKS = (Inheritance("clerk", "everyone"), Inheritance("other", "everyone"))
RULE_SETS = st.builds(
    lambda rules, parent: RuleSet(tuple(rules), (*LINKS, Inheritance("lead", parent))),
    st.lists(RULES, max_size=8),
    st.sampled_from(["clerk", "everyone", "other"]),
)


ROLES = st.sampled_from([{"clerk"}, {"lead"}, {"lead", "other"}])


@given(RULE_SETS, RULE_SETS, ROLES)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_difference_is_that_of_the_compiled_decisions(base: RuleSet, draft: RuleSet, roles: set[str]) -> None:
    """Cell by cell: what is told differs so, and what is not told does not differ."""
    _differs_exactly(base, draft, roles)


@pytest.mark.slow
@given(RULE_SETS, RULE_SETS, ROLES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_difference_is_exactly_that_of_the_compiled_decisions(
    base: RuleSet, draft: RuleSet, roles: set[str]
) -> None:
    """The same for many more rule sets."""
    _differs_exactly(base, draft, roles)


def _differs_exactly(base: RuleSet, draft: RuleSet, roles: set[str]) -> None:
    before, after = compiled(base, frozenset(roles)), compiled(draft, frozenset(roles))
    expected = {cell: (before[cell], after[cell]) for cell in before if before[cell] is not after[cell]}
    assert told(compare(base, draft, *roles)) == expected


def test_nothing_differs_between_a_rule_set_and_itself() -> None:
    """Nor where a rule is written twice, or in another order."""
    rules = default_rules()
    assert EffectComparison(FULL_CATALOGUE, rules, rules).of_every_role() == {}
    shuffled = RuleSet((*reversed(rules.rules), rules.rules[0]), rules.inheritance)
    assert EffectComparison(FULL_CATALOGUE, rules, shuffled).of_every_role() == {}


def test_a_denied_telephone_is_a_loss_in_every_scope_set_where_it_was_read() -> None:
    """An agent reads telephones masked, and plain in the own department; both end, and the role that inherits too."""
    rules = default_rules()
    draft = with_line(rules, "p, service_agent, all, individual, telephone, read_masked, customer_service, deny")
    changes = EffectComparison(FULL_CATALOGUE, rules, draft).of_every_role()
    assert changes.keys() == {"service_agent", "service_manager"}
    reads = [change for change in changes["service_agent"] if change.action is Action.READ]
    found = {(scopes, change.before, change.after) for change in reads for scopes in change.scope_sets}
    everywhere, department = frozenset({Scope.ALL}), frozenset({Scope.ALL, Scope.DEPARTMENT})
    assert {(everywhere, Level.MASKED, Level.DENIED), (department, Level.PLAIN, Level.DENIED)} <= found
    assert {change.fields for change in reads} == {("telephone",)}
    assert not any(change.is_gain for change in reads)


def test_a_rule_that_another_makes_void_changes_nothing() -> None:
    """A deny outweighs: allowing identity numbers to agents has no effect."""
    rules = default_rules()
    draft = with_line(rules, "p, service_agent, all, individual, id_number, read, customer_service, allow")
    assert EffectComparison(FULL_CATALOGUE, rules, draft).of_every_role() == {}


def test_roles_together_are_compared_together() -> None:
    """What one role gains, another may deny to whoever has both."""
    rules = default_rules()
    draft = with_line(rules, "p, credit_officer, all, individual, notes, read, risk_assessment, allow")
    assert compare(rules, draft, "credit_officer")
    assert not compare(rules, draft, "credit_officer", "policy_administrator")


def test_what_a_partner_is_shared_is_compared_by_itself() -> None:
    """Scope `shared` stands beside `all` alone."""
    rules = default_rules()
    draft = with_line(rules, "p, partner, shared, individual, notes, read, business_operation, allow")
    changes = compare(rules, draft, "partner")
    assert [change.scope_sets for change in changes] == [(frozenset({Scope.ALL, Scope.SHARED}),)]


def test_every_action_is_told() -> None:
    """Reading masked is a level of reading; no other action is left out."""
    assert {*ACTIONS, Action.READ_MASKED} == ALL_ACTIONS
