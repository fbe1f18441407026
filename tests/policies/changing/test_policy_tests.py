"""Policy tests: what the sentences mean, and that the default rules keep those that they come with."""

from __future__ import annotations

import pytest

from documents.access.plan import Purpose, Scope
from documents.declaring.kind import Kind
from documents.registry import FULL_CATALOGUE
from policies.changing.policy_tests import Violation, default_tests, read_tests, run_tests, sentences
from policies.errors import PolicyTestError
from policies.rules.rule_set import RuleSet, parse_csv
from tests.policies.rule_sets import default_rules

RULES = """
g, clerk, everyone
g, lead, clerk
p, clerk, all, individual, telephone, read_masked, customer_service, allow
p, clerk, own, individual, telephone, read, customer_service, allow
p, clerk, all, individual, name, read, *, allow
p, lead, all, individual, name, write, business_operation, allow
"""


def violations(*texts: str, rules: RuleSet | str = RULES) -> list[Violation]:
    rule_set = parse_csv(rules, FULL_CATALOGUE) if isinstance(rules, str) else rules
    return run_tests(read_tests(texts, FULL_CATALOGUE, rule_set.roles), FULL_CATALOGUE, rule_set)


def test_the_default_rules_keep_their_tests() -> None:
    """At least twenty, and every one holds."""
    tests = default_tests()
    assert len(tests) >= 20
    assert violations(*tests, rules=default_rules()) == []


@pytest.mark.parametrize(
    "sentence",
    [
        "clerk never sees individual.id_number",
        "clerk never reads individual.telephone in all",
        "clerk never reads individual.telephone for business_operation",
        "clerk never writes *.*",
        "nobody but lead never writes individual.name",
        "nobody never creates *.*",
        "clerk may read individual.telephone in own",
        "lead may write individual.name for business_operation in all",
        "lead and clerk may see individual.telephone",
    ],
)
def test_sentences_that_hold(sentence: str) -> None:
    """Scopes, purposes, levels, roles together and nobody."""
    assert violations(sentence) == []


@pytest.mark.parametrize(
    "sentence",
    [
        "clerk never sees individual.telephone in all",
        "clerk never reads individual.telephone",
        "lead never reads *.name for supervision",
        "nobody never writes individual.name",
        "nobody but clerk never sees individual.telephone",
        "clerk may write individual.name",
        "clerk may read individual.telephone in all",
        "lead may write individual.name for customer_service",
        "clerk may see individual.*",
    ],
)
def test_sentences_that_fail(sentence: str) -> None:
    """Each fails once, whatever the number of cells in which it does."""
    (violation,) = violations(sentence)
    assert violation.test == sentence


def test_a_violation_names_the_cell_and_the_rule() -> None:
    """What an administrator has to change is in it."""
    (violation,) = violations("clerk never reads individual.telephone")
    place = (violation.roles, violation.kind, violation.field, violation.purpose, violation.scopes)
    own = frozenset({Scope.ALL, Scope.OWN})
    assert place == (("clerk",), Kind.INDIVIDUAL, "telephone", Purpose.CUSTOMER_SERVICE, own)
    assert violation.rule is not None
    assert ", ".join(violation.rule) == "clerk, own, individual, telephone, read, customer_service, allow"


def test_what_should_be_allowed_and_is_denied_names_the_denial() -> None:
    """Where no rule allows it there is none to name."""
    (missing,) = violations("clerk may write individual.name for business_operation")
    assert missing.rule is None
    denial = "p, everyone, all, individual, name, *, *, deny"
    (denied,) = violations("clerk may read individual.name for customer_service in own", rules=f"{RULES}{denial}\n")
    assert denied.rule is not None
    assert f"p, {', '.join(denied.rule)}" == denial


@pytest.mark.parametrize(
    ("sentence", "what", "nearest"),
    [
        ("clark never reads individual.name", "role", "clerk"),
        ("clerk never raeds individual.name", "verb", "reads"),
        ("clerk never reads individul.name", "kind", "individual"),
        ("clerk never reads individual.telefone", "field", "telephone"),
        ("clerk never reads individual.@identiti", "field", "@identity"),
        ("clerk never reads individual.name for selling", "purpose", None),
        ("clerk never reads individual.name in departments", "scope", "department"),
        ("clerk reads individual.name", "sentence", None),
        ("clerk but lead never reads individual.name", "sentence", None),
        ("nobody and lead never reads individual.name", "sentence", None),
    ],
)
def test_a_sentence_that_names_nothing_is_refused(sentence: str, what: str, nearest: str | None) -> None:
    """A test of what does not exist would hold for ever. The nearest name is said."""
    with pytest.raises(PolicyTestError) as refused:
        violations(sentence)
    assert (refused.value.what, refused.value.nearest) == (what, nearest)
    assert refused.value.number == 1


def test_comments_and_empty_lines_are_no_tests() -> None:
    """Spaces do not matter."""
    assert sentences("# why\n\n  clerk   never reads *.name \n") == ("clerk never reads *.name",)
