"""Changes of a rule set as values: what a draft adds and removes, whether two of them meet, and who would be left to
administer the rules.

Pure: it reads and stores nothing. INVARIANT: a draft that leaves nobody with the right to administer the rules is told
to do so, and whoever activates must ask.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from documents.access.plan import Action, Purpose
from documents.declaring.catalogue import Catalogue
from documents.declaring.kind import Kind
from policies.judging.decisions import EVERYWHERE, Decisions
from policies.judging.judge import Asking
from policies.rules.rule_set import Inheritance, Rule, RuleSet

AUTHORING: Final = ((Action.CREATE, "rules"), (Action.READ, "rules"), (Action.WRITE, "state"))
APPROVING: Final = ((Action.READ, "rules"), (Action.WRITE, "approved_by"))
ACTIVATING: Final = ((Action.READ, "rules"), (Action.WRITE, "activated_version"))
"""What it takes to bring a change of rules about: rights to fields of `rule_draft`."""

Line = Rule | Inheritance


@dataclass(frozen=True, slots=True)
class RuleSetChange:
    """The lines by which one rule set differs from another."""

    added: tuple[Line, ...]
    removed: tuple[Line, ...]

    @property
    def touched(self) -> frozenset[Line]:
        return frozenset((*self.added, *self.removed))


@dataclass(frozen=True, slots=True)
class Person:
    """Whoever may log in: the roles that they have for good, and the purposes that they may state."""

    username: str
    roles: frozenset[str]
    purposes: frozenset[Purpose]


def change_between(base: RuleSet, changed: RuleSet) -> RuleSetChange:
    """What `changed` adds to `base` and what it removes; roles before rules, each in the order of its rule set."""
    before: tuple[Line, ...] = (*base.inheritance, *base.rules)
    after: tuple[Line, ...] = (*changed.inheritance, *changed.rules)
    known, wanted = set(before), set(after)
    return RuleSetChange(
        added=tuple(line for line in dict.fromkeys(after) if line not in known),
        removed=tuple(line for line in dict.fromkeys(before) if line not in wanted),
    )


def conflicts(base: RuleSet, draft: RuleSet, active: RuleSet) -> list[Line]:
    """The draft's lines about what the rule set in force changes as well since their common `base`.

    Two rules are about the same where they differ in their effect at most; two roles where their names are the same.
    That both make the very same change is a conflict too: nobody approved one on top of the other."""
    theirs = {_subject(line) for line in change_between(base, active).touched}
    ours = change_between(base, draft)
    return [line for line in (*ours.added, *ours.removed) if _subject(line) in theirs]


def rebased(base: RuleSet, draft: RuleSet, active: RuleSet) -> RuleSet:
    """The change from `base` to `draft`, made to `active` instead. Only where there are no `conflicts`."""
    change = change_between(base, draft)
    removed = frozenset(change.removed)
    rules = [rule for rule in active.rules if rule not in removed]
    links = [link for link in active.inheritance if link not in removed]
    rules += [line for line in change.added if isinstance(line, Rule)]
    links += [line for line in change.added if isinstance(line, Inheritance)]
    return RuleSet(tuple(rules), tuple(links))


def csv_line(line: Line) -> str:
    """The line as Casbin's `policy.csv` has it."""
    return ", ".join(("p" if isinstance(line, Rule) else "g", *line))


def locks_out(catalogue: Catalogue, rule_set: RuleSet, people: Iterable[Person], *, approval: bool) -> bool:
    """Whether the rules could never be changed again: nobody writes a draft, nobody puts one in force or, where
    `approval` is needed, nobody but its author approves it. Takes milliseconds: use it off the event loop."""
    decisions, known = Decisions(catalogue, rule_set), list(people)

    def able(rights: tuple[tuple[Action, str], ...]) -> set[str]:
        return {person.username for person in known if _may(decisions, person, rights)}

    authors, activators = able(AUTHORING), able(ACTIVATING)
    if not authors or not activators:
        return True
    return approval and not any(able(APPROVING) - {author} for author in authors)


def _may(decisions: Decisions, person: Person, rights: tuple[tuple[Action, str], ...]) -> bool:
    """Whether the person has all the rights under one purpose, to every draft."""
    return any(
        all(
            field in decisions.granted(Asking(person.roles, Kind.RULE_DRAFT, purpose, EVERYWHERE), action, (field,))
            for action, field in rights
        )
        for purpose in person.purposes
    )


def _subject(line: Line) -> tuple[str, ...]:
    return ("g", line.role) if isinstance(line, Inheritance) else ("p", *line[:-1])
