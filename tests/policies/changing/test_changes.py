"""Changes of rule sets: what they add and remove, when two of them meet, and that nobody is locked out."""

from __future__ import annotations

import pytest

from documents.access.plan import Purpose
from documents.registry import FULL_CATALOGUE
from policies.changing.changes import Person, change_between, conflicts, csv_line, locks_out, rebased
from policies.rules.rule_set import RuleSet, parse_csv
from tests.policies.rule_sets import default_rules

BASE = """
g, clerk, everyone
g, lead, clerk
p, clerk, all, individual, name, read, *, allow
p, clerk, all, individual, telephone, read, *, allow
"""
EMAIL = "p, clerk, all, individual, email, read, *, allow"
SUPERVISION = frozenset({Purpose.SUPERVISION})
TWO = [Person(name, frozenset({"policy_administrator"}), SUPERVISION) for name in ("tang", "xu")]


def rules(text: str) -> RuleSet:
    return parse_csv(text, FULL_CATALOGUE)


def without(text: str, line: str) -> str:
    assert line in text
    return text.replace(line, "")


NAME = "p, clerk, all, individual, name, read, *, allow"
TELEPHONE = "p, clerk, all, individual, telephone, read, *, allow"


def test_a_change_is_the_lines_that_it_adds_and_removes() -> None:
    """Order and repetition are no change."""
    changed = rules(without(BASE, NAME) + EMAIL + "\n" + TELEPHONE)
    change = change_between(rules(BASE), changed)
    assert [csv_line(line) for line in change.added] == [EMAIL]
    assert [csv_line(line) for line in change.removed] == [NAME]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (BASE + TELEPHONE.replace("allow", "deny"), without(BASE, TELEPHONE)),
        (without(BASE, NAME), without(BASE, NAME)),
        (BASE + EMAIL, BASE + EMAIL.replace("allow", "deny")),
        (BASE.replace("g, lead, clerk", "g, lead, everyone"), without(BASE, "g, lead, clerk")),
    ],
)
def test_changes_of_the_same_rule_or_role_conflict(ours: str, theirs: str) -> None:
    """Whatever each of them makes of it."""
    assert conflicts(rules(BASE), rules(ours), rules(theirs))


def test_changes_of_other_rules_are_made_on_top() -> None:
    """Both changes are in the outcome, and nothing else."""
    base, ours, theirs = rules(BASE), rules(BASE + EMAIL), rules(without(BASE, NAME))
    assert conflicts(base, ours, theirs) == []
    assert rebased(base, ours, theirs) == rules(without(BASE, NAME) + EMAIL)


def test_the_default_rules_lock_nobody_out() -> None:
    """Two policy administrators can go on; where no approval is needed one can."""
    assert not locks_out(FULL_CATALOGUE, default_rules(), TWO, approval=True)
    assert not locks_out(FULL_CATALOGUE, default_rules(), TWO[:1], approval=False)


@pytest.mark.parametrize(
    "line",
    [
        "p, policy_administrator, all, rule_draft, *, write, *, deny",
        "p, policy_administrator, all, rule_draft, rules, create, supervision, deny",
        "p, policy_administrator, all, rule_draft, rules, read, supervision, deny",
        "p, policy_administrator, all, rule_draft, activated_version, write, supervision, deny",
        "p, everyone, all, rule_draft, state, *, *, deny",
    ],
)
def test_rules_that_leave_nobody_to_change_them_lock_out(line: str) -> None:
    """One missing right is enough."""
    locked = rules(default_rules().to_csv() + line)
    assert locks_out(FULL_CATALOGUE, locked, TWO, approval=False)


def test_with_approval_the_author_needs_another_person() -> None:
    """One administrator alone, or approval taken from all, locks out only where approval is needed."""
    denied = rules(default_rules().to_csv() + "p, policy_administrator, all, rule_draft, approved_by, write, *, deny")
    for rule_set, people in ((default_rules(), TWO[:1]), (denied, TWO)):
        assert locks_out(FULL_CATALOGUE, rule_set, people, approval=True)
        assert not locks_out(FULL_CATALOGUE, rule_set, people, approval=False)


def test_whoever_cannot_state_the_purpose_administers_nothing() -> None:
    """Rights under a purpose that no account may state are nobody's."""
    people = [Person(person.username, person.roles, frozenset({Purpose.CUSTOMER_SERVICE})) for person in TWO]
    assert locks_out(FULL_CATALOGUE, default_rules(), people, approval=True)
    assert locks_out(FULL_CATALOGUE, default_rules(), [], approval=False)
