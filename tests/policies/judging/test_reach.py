"""Who reaches a field: nothing is left out, nothing is added, and the rule that is named decides."""

from __future__ import annotations

from itertools import product

import pytest

from documents.access.plan import Action, Level, Purpose, Scope
from documents.declaring.kind import Kind
from documents.registry import FULL_CATALOGUE
from policies.changing.effects import ACTIONS
from policies.judging.decisions import Decisions
from policies.judging.judge import Asking
from policies.judging.reach import Reach, UnknownFieldError, field_named, reach
from policies.rules.matching import ALLOW, DENY
from policies.rules.rule_set import Rule, parse_csv
from tests.policies.rule_sets import default_rules

RULES = """
g, clerk, everyone
g, chief, clerk
p, clerk, all, *, @contact, read_masked, customer_service, allow
p, clerk, own, individual, tele*, read, customer_service, allow
p, chief, all, *, telephone, filter, *, allow
p, chief, department, *, telephone, filter, supervision, deny
"""


def test_classes_globs_denials_and_inheritance_are_told() -> None:
    """Of a scope what differs from everywhere else; purposes that are alike together."""
    service, supervision = (Purpose.CUSTOMER_SERVICE,), (Purpose.SUPERVISION,)
    masked = Rule("clerk", "all", "*", "@contact", "read_masked", "customer_service", ALLOW)
    plain = Rule("clerk", "own", "individual", "tele*", "read", "customer_service", ALLOW)
    found = Rule("chief", "all", "*", "telephone", "filter", "*", ALLOW)
    denied = Rule("chief", "department", "*", "telephone", "filter", "supervision", DENY)
    assert reach(FULL_CATALOGUE, parse_csv(RULES, FULL_CATALOGUE), Kind.INDIVIDUAL, "telephone") == [
        Reach("chief", Action.READ, Level.MASKED, service, Scope.ALL, masked),
        Reach("chief", Action.READ, Level.PLAIN, service, Scope.OWN, plain),
        Reach("chief", Action.FILTER, Level.PLAIN, tuple(Purpose), Scope.ALL, found),
        Reach("chief", Action.FILTER, Level.DENIED, supervision, Scope.DEPARTMENT, denied),
        Reach("clerk", Action.READ, Level.MASKED, service, Scope.ALL, masked),
        Reach("clerk", Action.READ, Level.PLAIN, service, Scope.OWN, plain),
    ]


@pytest.mark.parametrize("name", ["individual.id_number", "enterprise.telephone", "ticket.subject", "contract.amount"])
def test_every_decision_of_the_default_rules_is_there(name: str) -> None:
    """For every role, purpose, scope and action, what the decisions grant is what the rows say."""
    rules = default_rules()
    kind, field = field_named(FULL_CATALOGUE, name)
    rows = reach(FULL_CATALOGUE, rules, kind, field)
    told = {(one.role, one.action, purpose, one.scope): one.level for one in rows for purpose in one.purposes}
    decisions = Decisions(FULL_CATALOGUE, rules)
    for role, purpose, action, scope in product(rules.roles, Purpose, ACTIONS, Scope):
        scopes, roles = frozenset({Scope.ALL, scope}), frozenset({role})
        if action is Action.READ:
            level = decisions.levels(Asking(roles, kind, purpose, scopes), (field,))[field]
        else:
            granted = decisions.granted(Asking(roles, kind, purpose, scopes), action, (field,))
            level = Level.PLAIN if granted else Level.DENIED
        everywhere = told.get((role, action, purpose, Scope.ALL), Level.DENIED)
        assert told.get((role, action, purpose, scope), everywhere) is level
    for one in rows:
        if one.rule is None:  # what is shown plain there is not revealed
            assert (one.action, told[one.role, Action.READ, one.purposes[0], one.scope]) == (Action.REVEAL, Level.PLAIN)
        else:
            assert (one.rule.effect == DENY) == (one.level is Level.DENIED)


def test_names_that_do_not_exist_are_refused_with_the_nearest() -> None:
    """A kind, a field, and a field of another kind."""
    for text, sentence in (
        ("indivdual.name", "unknown kind `indivdual`; did you mean `individual`?"),
        ("ticket.subjct", "unknown field of ticket `subjct`; did you mean `subject`?"),
        ("ticket.id_number", "unknown field of ticket `id_number`"),
    ):
        with pytest.raises(UnknownFieldError) as refused:
            field_named(FULL_CATALOGUE, text)
        assert str(refused.value) == sentence
