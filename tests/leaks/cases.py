"""The callers of the matrix: every role of the rules under every purpose that opens anything to it, and some in two."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from documents.access.plan import Purpose
from documents.declaring.names import SYSTEM
from documents.registry import CATALOGUE, FULL_CATALOGUE
from policies.default import rules_text
from policies.judging.compiler import CUSTOMERS, Compiler
from policies.rules.rule_set import RuleSet, parse_csv
from tests.leaks.matrix import FULL
from tests.leaks.worlds import OWNERSHIP, ROWS_PER_OWNERSHIP, Case

DEFAULT, SYNTHETIC = "default", "synthetic"

SYNTHETIC_CSV = """
g, mixed, everyone
g, denier, everyone
g, masker, everyone
g, blind, everyone
g, reader, everyone
g, tunnel, everyone
g, namesake, everyone

p, mixed, all, *, name, read_masked, *, allow
p, mixed, all, *, status, read, *, allow
p, mixed, all, *, status, filter, *, allow
p, mixed, all, *, telephone, filter, *, allow
p, mixed, department, *, @contact, read, *, allow
p, mixed, department, *, @identity, read_masked, *, allow
p, mixed, department, *, @identity, filter, *, allow
p, mixed, own, *, *, read, *, allow
p, mixed, own, *, *, filter, *, allow
p, mixed, own, *, *, write, *, allow
p, mixed, own, *, *, create, *, allow
p, mixed, self, *, @financial, read, *, allow
p, mixed, department, *, @financial, *, *, deny

p, denier, all, *, *, read, *, allow
p, denier, all, *, *, filter, *, allow
p, denier, all, *, @contact, write, *, allow
p, denier, own, *, @contact, read_masked, *, deny
p, denier, own, *, @identity, read, *, deny
p, denier, department, *, name, filter, *, deny
p, denier, department, *, @identity, filter, *, deny
p, denier, self, *, *, read_masked, *, deny

p, masker, all, *, *, read_masked, *, allow
p, masker, all, *, *, create, *, allow
p, masker, all, *, @contact, write, *, allow

p, blind, all, *, status, read, *, allow
p, blind, all, *, *, filter, *, allow
p, blind, all, *, *, write, *, allow
p, blind, all, *, *, create, *, allow
p, blind, all, *, *, delete, *, allow

p, reader, all, individual, *, read, *, allow
p, reader, own, enterprise, *, read, *, allow
p, reader, own, enterprise, *, create, *, allow
p, reader, department, institution, @business, read, *, allow
p, reader, all, *, name, filter, *, allow

p, tunnel, all, *, *, filter, *, allow
p, tunnel, all, *, *, create, *, allow
p, tunnel, own, *, status, read, *, allow
p, tunnel, own, *, @identity, write, *, allow
p, tunnel, department, enterprise, registered_capital, read, *, allow

p, namesake, all, *, name, read, *, allow
p, namesake, own, *, *, read, *, allow
p, namesake, own, *, *, filter, *, allow
p, namesake, own, *, *, write, *, allow
p, namesake, own, *, *, create, *, allow
"""
"""Rules that no office would write: scopes mixed within a page, denials within scopes, fields that are masked only,
found without being read, and read without being found."""


def rules_of(rule_set: str) -> RuleSet:
    text = SYNTHETIC_CSV if rule_set == SYNTHETIC else rules_text()
    return parse_csv(text, FULL_CATALOGUE)


def cases() -> list[Case]:
    """Default rules first, then the synthetic ones."""
    return [*_of(DEFAULT, list(Purpose)), *_of(SYNTHETIC, [Purpose.CUSTOMER_SERVICE])]


def _of(rule_set: str, purposes: list[Purpose]) -> Iterator[Case]:
    rules = rules_of(rule_set)
    compiler = Compiler(FULL_CATALOGUE, rules)
    known: set[frozenset[tuple[str, ...]]] = set()
    for roles in _callers(rules, rule_set):
        opened = [purpose for purpose in purposes if compiler.is_open((frozenset(roles), purpose), CUSTOMERS)]
        if len(roles) > 1 and not FULL:
            opened = opened[-1:]
        for purpose in opened or purposes[:1]:  # who may do nothing is asked once whether that is so
            relevant = [
                rule for kind in CATALOGUE.by_kind for rule in compiler._judge.relevant(frozenset(roles), kind, purpose)
            ]
            decisive = frozenset((rule.scope, rule.kind, rule.field, rule.action, rule.effect) for rule in relevant)
            if decisive in known and not FULL:
                continue  # the same decisions about customers under another name
            known.add(decisive)
            for own_row in _own_rows(roles[0], any(rule.scope == "self" for rule in relevant)):
                yield Case(rule_set, roles, purpose, own_row)


def _callers(rules: RuleSet, rule_set: str) -> Iterator[tuple[str, ...]]:
    roles = sorted(rules.roles - {SYSTEM})  # no account has that
    yield from ((role,) for role in roles)
    if FULL:
        yield from combinations(roles, 2)
    elif rule_set == DEFAULT:
        yield ("account_manager", "service_agent")
        yield ("policy_administrator", "sales_manager")


def _own_rows(role: str, matters: bool) -> list[int]:
    """The customer whose own login this is: one, or in turn of all relations to the caller, of all kinds."""
    if not matters:
        return [0]
    per_kind = len(OWNERSHIP) * ROWS_PER_OWNERSHIP
    if FULL:
        return [kind * per_kind + place for kind in range(len(CATALOGUE.by_kind)) for place in range(len(OWNERSHIP))]
    # Drawn so that over the matrix all four relations occur.
    return {"customer": [3, per_kind], "mixed": [per_kind + 1]}.get(role, [2 * per_kind + 2])
