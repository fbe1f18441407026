"""Rule sets are refused at the first line that does not hold, and survive every way of writing them down."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from documents.access.plan import Purpose
from documents.registry import FULL_CATALOGUE
from policies.errors import RuleError
from policies.judging.compiler import Compiler
from policies.rules.rule_set import MAX_DEPTH, csv_lines, parse_csv, read_stored, rejected_lines
from tests.policies.rule_sets import default_rules

ROLE = "g, agent, everyone\n"
GOOD = ["p", "agent", "all", "individual", "telephone", "read", "customer_service", "allow"]


@pytest.mark.parametrize(
    ("column", "name", "nearest"),
    [
        (1, "agnet", "agent"),
        (2, "departement", "department"),
        (3, "indivdual", "individual"),
        (4, "telefone", "telephone"),
        (4, "individual.idnumber", "individual.id_number"),
        (4, "@identty", "@identity"),
        (5, "reed", "read"),
        (6, "customer_servise", "customer_service"),
        (7, "alow", "allow"),
    ],
)
def test_an_unknown_name_is_refused_with_its_line_and_the_nearest_known(column: int, name: str, nearest: str) -> None:
    """A typing mistake in any column is found when the rules are loaded."""
    row = [*GOOD[:column], name, *GOOD[column + 1 :]]
    with pytest.raises(RuleError) as caught:
        parse_csv(f"# a comment\n{ROLE}{', '.join(row)}\n", FULL_CATALOGUE)
    assert (caught.value.line, caught.value.nearest) == (3, nearest)
    assert f"`{name}`" in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("individual", "industry"),  # of another kind
        ("enterprise", "individual.id_number"),
        ("individual", "contact_*"),  # matches nothing
        ("individual", "tele?hone*"),
        ("individual", "individual.*"),
        ("*", "nothing"),
        ("individual", "@"),
    ],
)
def test_a_field_that_can_never_match_is_refused(kind: str, field: str) -> None:
    """A rule that speaks of nothing is a mistake, not a rule."""
    row = [*GOOD[:3], kind, field, *GOOD[5:]]
    with pytest.raises(RuleError):
        parse_csv(ROLE + ", ".join(row), FULL_CATALOGUE)


@pytest.mark.parametrize("column", range(1, 8))
@pytest.mark.parametrize("nothing", ["", None, [], {}, 0, False])
def test_nothing_is_never_read_as_all(column: int, nothing: Any) -> None:
    """An empty text, null or empty list in any column of a stored rule refuses the rule set."""
    row: list[Any] = [*GOOD[1:column], nothing, *GOOD[column + 1 :]]
    with pytest.raises(RuleError):
        read_stored([row], [["agent", "everyone"]], 1, FULL_CATALOGUE)


@pytest.mark.parametrize("rules", [None, "", "*", {}, [None], ["p"], [[]], [GOOD], [GOOD[1:-1]]])
def test_stored_rows_of_another_shape_are_refused(rules: Any) -> None:
    """Rules are lists of seven names and nothing else."""
    with pytest.raises(RuleError):
        read_stored(rules, [["agent", "everyone"]], 1, FULL_CATALOGUE)


@pytest.mark.parametrize(
    "line", ["p, agent", "p", "x, agent, everyone", "g, agent", "g, a b, everyone", "g, everyone, agent", "p," * 8]
)
def test_a_malformed_line_is_refused(line: str) -> None:
    """Lines are `p` with seven names or `g` with two."""
    with pytest.raises(RuleError) as caught:
        parse_csv(ROLE + line, FULL_CATALOGUE)
    assert caught.value.line == 2


def test_a_role_inherits_from_declared_roles_only() -> None:
    """A mistyped parent would lose the denials of the real one."""
    with pytest.raises(RuleError) as caught:
        parse_csv("g, employee, everyone\ng, agent, employe\n", FULL_CATALOGUE)
    assert (caught.value.line, caught.value.nearest) == (2, "employee")


def test_inheritance_in_a_circle_is_refused() -> None:
    """No role is its own ancestor."""
    with pytest.raises(RuleError, match="inherits from itself"):
        parse_csv("g, a, b\ng, b, c\ng, c, a\n", FULL_CATALOGUE)


def test_inheritance_goes_no_deeper_than_casbin_looks() -> None:
    """The deepest accepted chain still inherits; one step more is refused, where a denial would be lost."""

    def chain(steps: int) -> str:
        roles = [f"r{number}" for number in range(steps)] + ["everyone"]
        return "".join(f"g, {role}, {parent}\n" for role, parent in pairwise(roles))

    rule_set = parse_csv(chain(MAX_DEPTH) + "p, everyone, all, *, name, read, *, allow\n", FULL_CATALOGUE)
    assert _casbin_inherits(rule_set, "r0")
    with pytest.raises(RuleError):
        parse_csv(chain(MAX_DEPTH + 1), FULL_CATALOGUE)


def _casbin_inherits(rule_set: Any, role: str) -> bool:
    return Compiler(FULL_CATALOGUE, rule_set).is_open((frozenset({role}), Purpose.SUPERVISION))


def test_written_and_read_again_a_rule_set_is_the_same() -> None:
    """CSV and stored rows lose nothing."""
    rule_set = default_rules()
    assert parse_csv(rule_set.to_csv(), FULL_CATALOGUE) == rule_set
    rows = [list(rule) for rule in rule_set.rules], [list(link) for link in rule_set.inheritance]
    stored = read_stored(*rows, 5, FULL_CATALOGUE)
    assert (stored.rules, stored.inheritance, stored.version) == (rule_set.rules, rule_set.inheritance, 5)


def test_the_digest_is_that_of_the_exported_file_and_of_these_very_rules() -> None:
    """Whatever the version; any rule that is missing, added or changed gives another one."""
    rule_set = default_rules()
    assert rule_set.digest == hashlib.sha256(rule_set.to_csv().encode("utf-8")).digest()
    assert replace(rule_set, version=7).digest == rule_set.digest
    rules, links = rule_set.rules, rule_set.inheritance
    others = [replace(rule_set, rules=(*rules[:place], *rules[place + 1 :])) for place in range(len(rules))]
    others += [replace(rule_set, inheritance=(*links[:place], *links[place + 1 :])) for place in range(len(links))]
    others.append(replace(rule_set, rules=(*rules[:-1], rules[-1]._replace(scope="own", effect="deny"))))
    assert len({other.digest for other in others} | {rule_set.digest}) == len(others) + 1


def test_every_rejected_line_is_told_with_its_reason_and_the_nearest_name() -> None:
    """Not the first alone; a rule of a role whose own line is rejected is not rejected for that."""
    text = """
g, clerk, everyone
g, Lead, everyone
g, aide, clark
p, clerk, all, individual, nmae, read, *, allow
p, clerk, all, individual, name, raed, *, allow
p, aide, all, individual, name, read, *, allow
p, clerk, all, individual, name, read
p, clerk, al, individual, name, read, *, allow
x, clerk
p, clerk, all, *, @identiti, read, *, allow
"""
    rejected = rejected_lines(csv_lines(text), FULL_CATALOGUE)
    assert [(error.line, error.reason, error.nearest) for error in rejected] == [
        (3, "role_name", None),
        (4, "role", "clerk"),
        (5, "field", "name"),
        (6, "action", "read"),
        (8, "columns", None),
        (9, "scope", "all"),
        (10, "mark", None),
        (11, "class", "@identity"),
    ]
    assert rejected_lines(csv_lines(ROLE), FULL_CATALOGUE) == []
