"""What an operator sees of rules: failing tests, a difference in effect, who reaches a field, the history of versions.

Owns the words and columns of `dossier policy`. It must never change a rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.table import Table

from documents.access.plan import Action, Level, Purpose
from documents.chapters.policies.stored import RuleSetHead
from documents.registry import FULL_CATALOGUE
from policies.changing.effects import EffectComparison
from policies.changing.policy_tests import Violation, default_tests, read_tests, run_tests
from policies.judging.reach import field_named, reach
from policies.rules.rule_set import RuleSet


def test_report(rules: RuleSet, texts: Sequence[str] | None) -> tuple[list[str], int]:
    """The lines of a run of the policy tests, those of the product for None, and how many fail.

    Raises PolicyTestError."""
    wanted = texts if texts is not None else default_tests()
    failed = run_tests(read_tests(wanted, FULL_CATALOGUE, rules.roles), FULL_CATALOGUE, rules)
    lines = [line for violation in failed for line in _violation_lines(violation)]
    return [*lines, f"{len(wanted)} tests: {f'{len(failed)} failed' if failed else 'all hold'}"], len(failed)


def effect_table(base: RuleSet, rules: RuleSet) -> Table | str:
    """Which roles gain or lose what, one change a row; a sentence where none does."""
    by_role = EffectComparison(FULL_CATALOGUE, base, rules).of_every_role()
    table = Table("role", "", "action", "kind", "fields", "purpose", "from", "to", "in", box=None, pad_edge=False)
    for role, changes in by_role.items():
        for change in changes:
            table.add_row(
                role,
                "gains" if change.is_gain else "loses",
                change.action.value,
                change.kind.value,
                ", ".join(change.fields),
                change.purpose.value,
                change.before.name.lower(),
                change.after.name.lower(),
                " | ".join("+".join(sorted(scopes)) for scopes in change.scope_sets),
            )
    return table if by_role else "No role gains or loses anything."


def reach_table(rules: RuleSet, field: str) -> Table | str:
    """Who reaches `field`, written `kind.field`, and by which rule; a sentence where nobody does.

    Raises UnknownFieldError."""
    found = reach(FULL_CATALOGUE, rules, *field_named(FULL_CATALOGUE, field))
    table = Table("role", "action", "", "in", "for", "by", box=None, pad_edge=False)
    for one in found:
        is_other_than_read = one.action is not Action.READ and one.level is Level.PLAIN
        table.add_row(
            one.role,
            one.action.value,
            "allowed" if is_other_than_read else one.level.name.lower(),
            one.scope.value,
            "*" if len(one.purposes) == len(Purpose) else ", ".join(purpose.value for purpose in one.purposes),
            ", ".join(("p", *one.rule)) if one.rule is not None else "nothing is masked there",
        )
    return table if found else f"Nobody reaches {field}."


def history(heads: Iterable[RuleSetHead], in_force: int) -> Table:
    """The versions, newest first; the one in force is marked."""
    table = Table("version", "", "since", "by", "approved by", "rules", "why", box=None, pad_edge=False)
    for head in heads:
        table.add_row(
            str(head.version),
            "in force" if head.version == in_force else "",
            head.created_at.isoformat(sep=" ", timespec="seconds"),
            head.created_by,
            head.approved_by or "",
            str(head.rules),
            head.comment,
        )
    return table


def _violation_lines(found: Violation) -> Iterator[str]:
    """The sentence, the cell, the rule."""
    yield f"FAILED  {found.test}"
    purpose = f" for {found.purpose.value}" if found.purpose is not None else ""
    scopes = " and ".join(sorted(found.scopes))
    yield f"        {' and '.join(found.roles)}: {found.kind.value}.{found.field}{purpose}, in {scopes}"
    yield f"        by p, {', '.join(found.rule)}" if found.rule is not None else "        no rule allows it"
