"""Rule sets as values: read from Casbin's `policy.csv` or from stored rows, and written back.

Reading refuses every name that does not exist, so that a rule set at hand is a valid one. A line is
`p, role, scope, kind, field, action, purpose, effect` or `g, role, parent`; `#` opens a comment line. A role is
declared by the `g` line on whose left it stands; all descend from `everyone`, which is built in.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NamedTuple

from documents.access.plan import Action, Purpose, Scope
from documents.declaring.catalogue import Catalogue
from documents.declaring.fields import Sensitivity
from documents.declaring.kind import Kind
from policies.errors import RuleError
from policies.rules.matching import ALLOW, ANY, DENY, EVERYONE, RECORDS, SYSTEM_ROLE, FieldPatterns, covers_kind

MAX_DEPTH = 9  # steps from a role to `everyone`; Casbin's role manager looks no further than ten levels
_ROLE = re.compile(r"[a-z][a-z0-9_]{0,62}")  # no comma: role names travel comma-joined
_FIELD = re.compile(r"[a-z0-9_*.]+")  # `*` is the only wildcard

Line = tuple[int, Sequence[object]]
"""A line's number, counted from 1, and its tokens. Stored tokens may be anything: a database can be tampered with."""


class Rule(NamedTuple):
    """One `p` line."""

    role: str
    scope: str
    kind: str
    field: str
    action: str
    purpose: str
    effect: str


class Inheritance(NamedTuple):
    """One `g` line: `role` has every rule of `parent`, its denials included."""

    role: str
    parent: str


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules in force together, under one version number (0: not stored yet)."""

    rules: tuple[Rule, ...]
    inheritance: tuple[Inheritance, ...]
    version: int = 0

    @property
    def roles(self) -> frozenset[str]:
        """Every declared role, and `everyone`."""
        return frozenset(link.role for link in self.inheritance) | {EVERYONE}

    @property
    def digest(self) -> bytes:
        """What the audit trail knows the rules by: the SHA-256 of `to_csv()` in UTF-8, whatever their version.

        Takes milliseconds for thousands of rules."""
        return hashlib.sha256(self.to_csv().encode()).digest()

    def to_csv(self) -> str:
        """Casbin's `policy.csv`."""
        lines = [("g", *link) for link in self.inheritance] + [("p", *rule) for rule in self.rules]
        return "".join(f"{', '.join(line)}\n" for line in lines)


def parse_csv(text: str, catalogue: Catalogue) -> RuleSet:
    """Reads a `policy.csv`. Raises RuleError, which names the line."""
    return read_lines(csv_lines(text), catalogue)


def csv_lines(text: str) -> list[Line]:
    """The lines of a `policy.csv` that are neither empty nor comments, with their numbers and tokens."""
    numbered = ((number, line.strip()) for number, line in enumerate(text.splitlines(), start=1))
    return [
        (number, [token.strip() for token in line.split(",")])
        for number, line in numbered
        if line and not line.startswith("#")
    ]


def read_stored(rules: object, roles: object, version: int, catalogue: Catalogue) -> RuleSet:
    """Reads rows as the database has them. Raises RuleError; a line is counted through `roles`, then `rules`."""
    rows = [("g", row) for row in _rows(roles)] + [("p", row) for row in _rows(rules)]
    lines = [(number, [mark, *_rows(row)]) for number, (mark, row) in enumerate(rows, start=1)]
    return read_lines(lines, catalogue, version)


def _rows(value: object) -> Sequence[object]:
    if not isinstance(value, (list, tuple)):
        raise RuleError(1, "a stored rule set holds lists of lists of names", reason="rows")
    return value


def read_lines(lines: Sequence[Line], catalogue: Catalogue, version: int = 0) -> RuleSet:
    """Reads tokenised lines, in any order. Raises RuleError at the first that does not hold."""
    texts = [(number, _texts(number, tokens)) for number, tokens in lines]
    inheritance = [(number, _inheritance(number, tokens)) for number, tokens in texts if tokens[0] == "g"]
    _check_inheritance(inheritance)
    roles = {link.role for _, link in inheritance} | {EVERYONE}
    reader = _RuleReader(catalogue, roles)
    rules = tuple(reader.read(number, tokens) for number, tokens in texts if tokens[0] == "p")
    return RuleSet(rules, tuple(link for _, link in inheritance), version)


def rejected_lines(lines: Sequence[Line], catalogue: Catalogue) -> list[RuleError]:
    """Every line that does not hold, in order; empty for lines that `read_lines` takes."""
    rejected: list[RuleError] = []
    texts: list[tuple[int, list[str]]] = []
    for number, tokens in lines:
        with _collected(rejected):
            texts.append((number, _texts(number, tokens)))
    links: list[tuple[int, Inheritance]] = []
    for number, tokens in texts:
        if tokens[0] == "g":
            with _collected(rejected):
                links.append((number, _inheritance(number, tokens)))
    parents = _parents(links)
    for link in links:
        with _collected(rejected):
            _check_link(*link, parents)
    # A role whose own line is rejected is not rejected again in every rule of it.
    roles = {tokens[1] for _, tokens in texts if tokens[0] == "g" and len(tokens) > 1} | {EVERYONE}
    reader = _RuleReader(catalogue, roles)
    for number, tokens in texts:
        if tokens[0] == "p":
            with _collected(rejected):
                reader.read(number, tokens)
    return sorted(rejected, key=lambda error: error.line)


@contextmanager
def _collected(rejected: list[RuleError]) -> Iterator[None]:
    try:
        yield
    except RuleError as error:
        rejected.append(error)


def _texts(number: int, tokens: Sequence[object]) -> list[str]:
    texts = [token for token in tokens if isinstance(token, str) and token]
    if len(texts) != len(tokens) or not texts:
        raise RuleError(number, "an empty name means nothing; write `*` for all", reason="empty")
    if texts[0] not in ("p", "g"):
        raise RuleError(number, "a line begins with `p` or `g`", reason="mark")
    return texts


def _inheritance(number: int, tokens: list[str]) -> Inheritance:
    if len(tokens) != 3:  # g, role, parent
        raise RuleError(number, "expected `g, role, parent`", reason="columns")
    if not _ROLE.fullmatch(tokens[1]) or tokens[1] == EVERYONE:
        problem = "a role is named in small letters, digits and underscores, and is not `everyone`"
        raise RuleError(number, problem, reason="role_name")
    return Inheritance(tokens[1], tokens[2])


def _check_inheritance(links: list[tuple[int, Inheritance]]) -> None:
    """INVARIANT: every role reaches `everyone` within Casbin's reach; else a denial might not be inherited."""
    parents = _parents(links)
    for number, link in links:
        _check_link(number, link, parents)


def _parents(links: list[tuple[int, Inheritance]]) -> dict[str, set[str]]:
    parents: dict[str, set[str]] = {EVERYONE: set()}
    for _, link in links:
        parents.setdefault(link.role, set()).add(link.parent)
    return parents


def _check_link(number: int, link: Inheritance, parents: Mapping[str, set[str]]) -> None:
    _known(number, "role", link.parent, parents)
    if link.parent == SYSTEM_ROLE:  # by any other name its rights would be anybody's
        raise RuleError(
            number, f"`{SYSTEM_ROLE}` is the product itself: no role inherits from it", reason="system_role"
        )
    if _depth(link.role, parents) > MAX_DEPTH:
        problem = f"`{link.role}` inherits from itself, or over more than {MAX_DEPTH} steps"
        raise RuleError(number, problem, reason="circle", name=link.role)


def _depth(role: str, parents: Mapping[str, set[str]]) -> int:
    """The steps from `role` to the furthest ancestor, counted no further than one beyond the allowed."""
    level, reached = 0, {role}
    while level <= MAX_DEPTH:
        reached = set().union(*(parents.get(name, set()) for name in reached))
        if not reached:
            return level
        level += 1
    return level


_SCOPES = frozenset(scope.value for scope in Scope)
_ACTIONS = frozenset(action.value for action in Action) | {ANY}
_PURPOSES = frozenset(purpose.value for purpose in Purpose) | {ANY}
_CLASSES = frozenset(item.value for item in Sensitivity)


def _known(number: int, what: str, name: str, names: Collection[str], *, prefix: str = "") -> str:
    if name in names:
        return name
    nearest = get_close_matches(name, sorted(names), n=1, cutoff=0.5)
    problem, suggestion = f"unknown {what} `{prefix}{name[:64]}`", prefix + nearest[0] if nearest else None
    raise RuleError(number, problem, suggestion, reason=what, name=prefix + name[:64])


class _RuleReader:
    """Checks `p` lines against the names that exist."""

    def __init__(self, catalogue: Catalogue, roles: set[str]) -> None:
        self._catalogue = catalogue
        self._patterns = FieldPatterns(catalogue)
        self._roles = roles
        self._kinds = {kind.value for kind in catalogue.by_kind}
        self._kinds_or_any = self._kinds | {ANY, RECORDS}

    def read(self, number: int, tokens: list[str]) -> Rule:
        if len(tokens) != 1 + len(Rule._fields):
            raise RuleError(number, f"expected `p, {', '.join(Rule._fields)}`", reason="columns")
        rule = Rule(*tokens[1:])
        _known(number, "role", rule.role, self._roles)
        _known(number, "scope", rule.scope, _SCOPES)
        _known(number, "kind", rule.kind, self._kinds_or_any)
        self._check_field(number, rule)
        _known(number, "action", rule.action, _ACTIONS)
        _known(number, "purpose", rule.purpose, _PURPOSES)
        _known(number, "effect", rule.effect, (ALLOW, DENY))
        return rule

    def _check_field(self, number: int, rule: Rule) -> None:
        if rule.field.startswith("@"):
            _known(number, "class", rule.field[1:], _CLASSES, prefix="@")
            return
        kinds = {kind for kind in self._kinds if covers_kind(kind, rule.kind)}
        if not _FIELD.fullmatch(rule.field):
            problem = "a field is named by name, `kind.name`, a glob with `*`, or `@class`"
            raise RuleError(number, problem, reason="field_form")
        if any(self._patterns.named(kind, rule.kind, rule.field) for kind in kinds):
            return
        names = {name for kind in kinds for name in self._catalogue.fields(Kind(kind))}
        if "." in rule.field:
            names = {f"{kind}.{name}" for kind in kinds for name in self._catalogue.fields(Kind(kind))}
        _known(number, "field", rule.field, names)
