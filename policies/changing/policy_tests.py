"""Policy tests: sentences kept with the rules that say what must never be, or must stay possible.

    ROLE [and ROLE …] | nobody [but ROLE [and ROLE …]]   never | may   VERB   KIND.FIELD   [for PURPOSE]   [in SCOPE]

`never`: no field that is named, under no purpose and in no scope set that has the scope, unless one is stated. Roles
joined by `and` are had at once; `nobody` is every role by itself. `may`: each named field, under some purpose in some
scope. The answers are Casbin's; a test never changes one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from documents.access.plan import Action, Level, Purpose, Scope, ScopeSet
from documents.declaring.catalogue import Catalogue
from documents.declaring.fields import Sensitivity
from documents.declaring.kind import Kind
from policies.default import tests_text
from policies.errors import PolicyTestError
from policies.judging.decisions import EVERYWHERE, Decisions, scope_sets
from policies.judging.judge import Asking
from policies.rules.matching import ANY, DENY, EVERYONE, RECORDS, FieldPatterns, covers_kind
from policies.rules.rule_set import Rule, RuleSet

NOBODY = "nobody"
_VERBS = {
    "read": Action.READ,
    "see": Action.READ_MASKED,
    "filter": Action.FILTER,
    "write": Action.WRITE,
    "create": Action.CREATE,
    "delete": Action.DELETE,
    "export": Action.EXPORT,
    "reveal": Action.REVEAL,
}
VERBS = _VERBS | {f"{verb}s": action for verb, action in _VERBS.items()}
_SENTENCE = re.compile(
    r"(?P<subject>\w+(?: (?:and|but) \w+)*) (?P<mode>never|may) (?P<verb>\w+) (?P<kind>[\w*]+)\.(?P<field>[\w*@]+)"
    r"(?: for (?P<purpose>\w+))?(?: in (?P<scope>\w+))?"
)


@dataclass(frozen=True, slots=True)
class PolicyTest:
    """A sentence, read. `roles` are had at once; for `nobody` they are those that are excepted."""

    text: str
    roles: frozenset[str]
    is_of_nobody: bool
    is_never: bool
    action: Action
    kind: str
    field: str
    purpose: Purpose | None
    scope: Scope | None


@dataclass(frozen=True, slots=True)
class Violation:
    """Where a test fails: the first cell that is other than it says, and the rule that makes it so, if one does."""

    test: str
    roles: tuple[str, ...]
    kind: Kind
    field: str
    purpose: Purpose | None
    scopes: ScopeSet
    rule: Rule | None


def default_tests() -> tuple[str, ...]:
    """The sentences that the product comes with."""
    return sentences(tests_text())


def sentences(text: str) -> tuple[str, ...]:
    """The tests of a text: one a line, without empty lines and comments."""
    lines = (" ".join(line.split()) for line in text.splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


def read_tests(texts: Sequence[str], catalogue: Catalogue, roles: Collection[str]) -> list[PolicyTest]:
    """The sentences, read against the names that exist. Raises PolicyTestError for the first that does not hold."""
    return [_read(number, text, catalogue, roles) for number, text in enumerate(texts, start=1)]


def run_tests(tests: Iterable[PolicyTest], catalogue: Catalogue, rule_set: RuleSet) -> list[Violation]:
    """What fails under `rule_set`: one violation for each test that does. Use it off the event loop."""
    runner = _Runner(catalogue, rule_set)
    found = (runner.first_violation(test) for test in tests)
    return [violation for violation in found if violation is not None]


class _Runner:
    def __init__(self, catalogue: Catalogue, rule_set: RuleSet) -> None:
        self._catalogue = catalogue
        self._decisions = Decisions(catalogue, rule_set)
        self._roles = rule_set.roles

    def first_violation(self, test: PolicyTest) -> Violation | None:
        for roles in self._subjects(test):
            found = self._allowed_cell(test, roles) if test.is_never else self._missing_cell(test, roles)
            if found is not None:
                return found
        return None

    def _subjects(self, test: PolicyTest) -> list[frozenset[str]]:
        if not test.is_of_nobody:
            return [test.roles]
        return [frozenset({role}) for role in sorted(self._roles - test.roles)]

    def _allowed_cell(self, test: PolicyTest, roles: frozenset[str]) -> Violation | None:
        for kind, fields in self._fields(test):
            for purpose, scopes in self._places(test, roles, kind):
                if granted := self._granted(test, Asking(roles, kind, purpose, scopes), fields):
                    field = min(granted)
                    rule = self._rule(test, Asking(roles, kind, purpose, scopes), field)
                    return Violation(test.text, tuple(sorted(roles)), kind, field, purpose, scopes, rule)
        return None

    def _missing_cell(self, test: PolicyTest, roles: frozenset[str]) -> Violation | None:
        for kind, fields in self._fields(test):
            missing = set(fields)
            for purpose, scopes in self._places(test, roles, kind):
                missing -= self._granted(test, Asking(roles, kind, purpose, scopes), fields)
            if missing:
                scopes = EVERYWHERE | ({test.scope} if test.scope is not None else set())
                field = min(missing)
                rule = self._denial(test, roles, kind, scopes, field)
                return Violation(test.text, tuple(sorted(roles)), kind, field, test.purpose, scopes, rule)
        return None

    def _fields(self, test: PolicyTest) -> Iterator[tuple[Kind, list[str]]]:
        for kind in self._catalogue.by_kind:
            if names := self._decisions.patterns.named(kind.value, test.kind, test.field):
                yield kind, sorted(names)

    def _places(self, test: PolicyTest, roles: frozenset[str], kind: Kind) -> Iterator[tuple[Purpose, ScopeSet]]:
        """Where the test looks: `in all` is where no other scope is satisfied."""
        for purpose in (test.purpose,) if test.purpose is not None else Purpose:
            for scopes in scope_sets(self._decisions.relevant(roles, kind, purpose)):
                is_meant = scopes == EVERYWHERE if test.scope is Scope.ALL else test.scope in scopes
                if test.scope is None or is_meant:
                    yield purpose, scopes

    def _granted(self, test: PolicyTest, asking: Asking, fields: list[str]) -> frozenset[str]:
        if test.action is Action.READ_MASKED:
            levels = self._decisions.levels(asking, fields)
            return frozenset(name for name, level in levels.items() if level > Level.DENIED)
        return self._decisions.granted(asking, test.action, fields)

    def _denial(self, test: PolicyTest, roles: frozenset[str], kind: Kind, scopes: ScopeSet, field: str) -> Rule | None:
        """The rule that denies it; None where none does, and where the test does not say for which purpose."""
        if test.purpose is None:
            return None
        rule = self._decisions.deciding_rule(Asking(roles, kind, test.purpose, scopes), test.action, field)
        return rule if rule is not None and rule.effect == DENY else None

    def _rule(self, test: PolicyTest, asking: Asking, field: str) -> Rule | None:
        """Whoever reads a field sees it: the rule may be of either action."""
        actions = (Action.READ, Action.READ_MASKED) if test.action is Action.READ_MASKED else (test.action,)
        for action in actions:
            if self._decisions.granted(asking, action, (field,)):
                return self._decisions.deciding_rule(asking, action, field)
        return None


def _read(number: int, text: str, catalogue: Catalogue, declared: Collection[str]) -> PolicyTest:
    found = _SENTENCE.fullmatch(text)
    if found is None:
        raise PolicyTestError(number, text, "sentence", text)
    head, *others = re.split(r" (?:and|but) ", found["subject"])
    is_of_nobody = head == NOBODY
    if is_of_nobody != (" but " in found["subject"]) and (others or not is_of_nobody):
        raise PolicyTestError(number, text, "sentence", text)
    roles = others if is_of_nobody else [head, *others]
    for role in roles:
        _known(number, text, "role", role, {*declared, EVERYONE})
    kinds = {kind.value for kind in catalogue.by_kind}
    _known(number, text, "verb", found["verb"], VERBS)
    _known(number, text, "kind", found["kind"], {*kinds, ANY, RECORDS})
    _check_field(number, text, catalogue, found["kind"], found["field"])
    purpose, scope = found["purpose"], found["scope"]
    if purpose is not None:
        _known(number, text, "purpose", purpose, [known.value for known in Purpose])
    if scope is not None:
        _known(number, text, "scope", scope, [known.value for known in Scope])
    return PolicyTest(
        text=text,
        roles=frozenset(roles),
        is_of_nobody=is_of_nobody,
        is_never=found["mode"] == "never",
        action=VERBS[found["verb"]],
        kind=found["kind"],
        field=found["field"],
        purpose=Purpose(purpose) if purpose is not None else None,
        scope=Scope(scope) if scope is not None else None,
    )


def _check_field(number: int, text: str, catalogue: Catalogue, rule_kind: str, field: str) -> None:
    """A test of a field that does not exist would hold for ever."""
    patterns = FieldPatterns(catalogue)
    kinds = [kind for kind in catalogue.by_kind if covers_kind(kind.value, rule_kind)]
    if any(patterns.named(kind.value, rule_kind, field) for kind in kinds):
        return
    classes = {f"@{item.value}" for item in Sensitivity}
    _known(number, text, "field", field, {*classes, *(name for kind in kinds for name in catalogue.fields(kind))})
    raise PolicyTestError(number, text, "field", field)


def _known(number: int, text: str, what: str, name: str, names: Collection[str]) -> None:
    if name not in names:
        nearest = get_close_matches(name, sorted(names), n=1, cutoff=0.5)
        raise PolicyTestError(number, text, what, name, nearest[0] if nearest else None)
