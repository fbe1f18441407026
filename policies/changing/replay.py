"""Decisions that the trail recorded, asked again of another rule set: which would have been answered differently.

An entry says roles, purpose, rows and the level of each field, not in which scopes a row was. INVARIANT: what the
recorded answer leaves open is not guessed. The scope sets are those in which the rules that decided then give the very
answer that was recorded; a difference is certain where the draft answers differently in all of them.
Pure computation; it reads no trail, and no customer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from documents.access.plan import Action, Level, Purpose, ScopeSet
from documents.declaring.kind import Kind
from policies.judging.decisions import Decisions, scope_sets
from policies.judging.judge import Asking

Entry = Mapping[str, Any]
_REVEAL = "reveal"
_READS = frozenset({"read", "export"})
_KINDS = frozenset(kind.value for kind in Kind)
_CHANGES = {"create": Action.CREATE, "write": Action.WRITE, "delete": Action.DELETE, _REVEAL: Action.REVEAL}
REFUSED = "ACCESS_DENIED"
Levels = tuple[tuple[str, Level], ...]


@dataclass(frozen=True, slots=True)
class Question:
    """A recorded decision, as far as the answer can depend on it: what was answered about each field."""

    roles: frozenset[str]
    purpose: Purpose
    kind: Kind
    action: Action
    answered: Levels


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of one recorded decision that would be answered differently. Not `certain`: in some scopes only."""

    kind: Kind
    purpose: Purpose
    action: Action
    field: str
    before: Level
    after: Level
    certain: bool


@dataclass(slots=True)
class Occurrence:
    """How often, by whom, first and last when."""

    first: datetime
    last: datetime
    times: int = 0
    people: set[str] = field(default_factory=set)


class Replay:
    """Collects the differences of many entries, under the rules that decided them and those of a draft."""

    def __init__(self, draft: Decisions) -> None:
        self._draft = draft
        self._known: dict[tuple[int, Question], tuple[Difference, ...]] = {}
        self.differences: dict[Difference, Occurrence] = {}
        self.decisions = 0

    def add(self, entry: Entry, at: datetime, then: Decisions) -> None:
        """Asks again what `entry`, recorded `at`, was answered under the rules `then`."""
        for question in questions(entry, then):
            self.decisions += 1
            key = (then.rule_set.version, question)
            if key not in self._known:
                self._known[key] = tuple(self._compare(question, then))
            for difference in self._known[key]:
                seen = self.differences.setdefault(difference, Occurrence(at, at))
                seen.times += 1
                seen.people.add(entry["username"])
                seen.first, seen.last = min(seen.first, at), max(seen.last, at)

    def _compare(self, question: Question, then: Decisions) -> Iterator[Difference]:
        roles, kind, purpose = question.roles, question.kind, question.purpose
        both = (*then.relevant(roles, kind, purpose), *self._draft.relevant(roles, kind, purpose))
        names = [name for name, _ in question.answered]
        if question.action is Action.FILTER:
            yield from self._conditions(question, then, scope_sets(both))
            return
        sets = [
            scopes for scopes in scope_sets(both) if _answers(then, question, scopes, names) == dict(question.answered)
        ]
        answers = [_served(self._draft, question, scopes, names) for scopes in sets]
        for name, before in question.answered:
            found = {answer[name] for answer in answers}
            if others := found - {before}:
                yield Difference(kind, purpose, question.action, name, before, min(others), before not in found)

    def _conditions(self, question: Question, then: Decisions, sets: Collection[ScopeSet]) -> Iterator[Difference]:
        """A condition narrows the rows to those in which it may be asked: it differs where none or some are left."""
        for name, _ in question.answered:
            before, after = (
                max((_answers(decisions, question, scopes, [name])[name] for scopes in sets), default=Level.DENIED)
                for decisions in (then, self._draft)
            )
            if before is not after:
                yield Difference(question.kind, question.purpose, Action.FILTER, name, before, after, True)


def questions(entry: Entry, then: Decisions) -> Iterator[Question]:
    """The decisions that an entry records. What was sought and not found, or failed otherwise, records none."""
    if "purpose" not in entry:
        return
    roles, purpose = frozenset(entry["roles"]), Purpose(entry["purpose"])
    kinds: list[Kind] = []
    for touch in entry.get("touches", ()):
        if touch["kind"] not in _KINDS:  # an account, a department: no rule speaks of them
            continue
        kind = Kind(touch["kind"])
        declared = then.catalogue.by_kind.get(kind, {})
        if touch["act"] in _READS:
            kinds.append(kind)
            levels = (("plain", Level.PLAIN), ("masked", Level.MASKED), ("denied", Level.DENIED))
            answered = _sorted((name, level) for key, level in levels for name in touch.get(key, ()))
            action = Action.READ
        elif touch["act"] == _REVEAL and "code" not in touch:
            action, answered = Action.REVEAL, _sorted((name, Level.PLAIN) for name in touch.get("plain", ()))
        elif touch["act"] in _CHANGES:
            action, answered = _CHANGES[touch["act"]], _of_change(touch, declared)
        else:
            continue
        if answered := tuple(pair for pair in answered if pair[0] in declared):
            yield Question(roles, purpose, kind, action, answered)
    looked_for = {name for key in ("filtered", "sorted") for name in entry.get(key, ())}
    for kind in dict.fromkeys(kinds):
        if named := looked_for & then.catalogue.by_kind.get(kind, {}).keys():
            yield Question(roles, purpose, kind, Action.FILTER, _sorted((name, Level.PLAIN) for name in named))


def _of_change(touch: Mapping[str, Any], declared: Iterable[str]) -> Levels:
    if touch.get("code") == REFUSED:
        return _sorted((name, Level.DENIED) for name in touch.get("refused", ()))
    if touch.get("code") is not None:
        return ()
    names = declared if touch["act"] == "delete" else touch.get("written", ())
    return _sorted((name, Level.PLAIN) for name in names)


def _sorted(pairs: Iterable[tuple[str, Level]]) -> Levels:
    return tuple(sorted(pairs))


def _served(decisions: Decisions, question: Question, scopes: ScopeSet, names: Collection[str]) -> Mapping[str, Level]:
    """The answers; what may be read in full need not be revealed, and is served to whoever asks for that."""
    answers = _answers(decisions, question, scopes, names)
    if question.action is not Action.REVEAL:
        return answers
    levels = decisions.levels(Asking(question.roles, question.kind, question.purpose, scopes), names)
    return {name: Level.PLAIN if levels[name] is Level.PLAIN else answer for name, answer in answers.items()}


def _answers(decisions: Decisions, question: Question, scopes: ScopeSet, names: Collection[str]) -> Mapping[str, Level]:
    roles, kind, purpose = question.roles, question.kind, question.purpose
    if question.action is Action.READ:
        return decisions.levels(Asking(roles, kind, purpose, scopes), names)
    granted = decisions.granted(Asking(roles, kind, purpose, scopes), question.action, names)
    return {name: Level.PLAIN if name in granted else Level.DENIED for name in names}
