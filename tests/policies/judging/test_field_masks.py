"""The masks answer as Casbin does, one question at a time."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from documents.access.plan import Action, Purpose
from documents.registry import FULL_CATALOGUE
from policies.changing.effects import EffectComparison
from policies.judging import judge
from policies.judging.decisions import Decisions
from policies.judging.field_masks import FieldMasks
from policies.judging.judge import Asking
from policies.rules.rule_set import RuleSet, parse_csv
from tests.policies.changing.test_effects import KINDS, RULE_SETS, SCOPES

ROLES = st.frozensets(st.sampled_from(["clerk", "lead", "other", "everyone", "unknown"]), min_size=1)


@given(RULE_SETS, ROLES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_masks_are_what_casbin_answers(rules: RuleSet, roles: frozenset[str]) -> None:
    """For every kind, purpose, action and scope set, for several roles at once, one of them unknown."""
    masks, decisions = FieldMasks(FULL_CATALOGUE, rules), Decisions(FULL_CATALOGUE, rules)
    for kind in KINDS:
        fields = tuple(FULL_CATALOGUE.fields(kind))
        for purpose in (Purpose.CUSTOMER_SERVICE, Purpose.SUPERVISION):
            of_cell = masks.of_roles(roles, (kind, purpose))
            for action in set(Action) - {Action.REVEAL}:  # which is more than one question
                for scopes in SCOPES:
                    granted = of_cell.granted(action, scopes)
                    named = {name for number, name in enumerate(fields) if granted >> number & 1}
                    assert named == decisions.granted(Asking(roles, kind, purpose, scopes), action, fields)


def test_records_that_are_no_customers_are_never_told_to_be_revealed() -> None:
    """As requests are decided: revealing is of customers."""
    base = "g, clerk, everyone\n"
    draft = (
        base
        + "p, clerk, all, ticket, *, read_masked, *, allow\np, clerk, all, ticket, *, reveal, *, allow\n"
        + "p, clerk, all, individual, *, read_masked, *, allow\np, clerk, all, individual, *, reveal, *, allow\n"
    )
    rules = [parse_csv(text, FULL_CATALOGUE) for text in (base, draft)]
    changes = EffectComparison(FULL_CATALOGUE, *rules).of_every_role()["clerk"]
    assert {change.kind.value for change in changes if change.action is Action.REVEAL} == {"individual"}
    assert {change.kind.value for change in changes if change.action is Action.READ} == {"individual", "ticket"}


def test_nothing_is_answered_where_the_model_joins_effects_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Casbin is asked before the first answer: a model in which an allowance outweighs stops everything."""
    other = judge.MODEL_TEXT.replace(" && !some(where (p.eft == deny))", "")
    assert other != judge.MODEL_TEXT
    monkeypatch.setattr(judge, "MODEL_TEXT", other)
    with pytest.raises(RuntimeError):
        FieldMasks(FULL_CATALOGUE, parse_csv("g, clerk, everyone\n", FULL_CATALOGUE))
