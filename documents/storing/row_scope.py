"""The single place where row scope becomes a database filter or projection expression.

A row satisfies a set of scopes; the plan grants per set. What this module builds is exact: it admits the rows whose
scope set passes the test given, and no other. INVARIANT: a scope whose attribute the caller lacks matches no row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from documents.access.plan import AccessPlan, FieldGrants, KindGrants, RowScope, Scope, ScopeSet
from documents.declaring.kind import Kind
from documents.storing.layout import CUSTOMER_LAYOUT, RowLayout

Filter = dict[str, Any]
Members = Mapping[Scope, tuple[str, Any]]
"""How a row shows that it is in a scope: (stored field, value)."""

ALL_ROWS: frozenset[Scope] = frozenset({Scope.ALL})


def members(scope: RowScope, scope_fields: Mapping[Scope, str] = CUSTOMER_LAYOUT.scope_fields) -> Members:
    """The scopes that this caller can be in at all, and how a row of each is known."""
    values: dict[Scope, Any] = {Scope.OWN: scope.username}
    if scope.department is not None:
        values[Scope.DEPARTMENT] = scope.department
    if scope.customer_id is not None:
        values[Scope.SELF] = ObjectId(scope.customer_id)
    return {known: (scope_fields[known], value) for known, value in values.items() if known in scope_fields}


def memberships(plan: AccessPlan, layout: RowLayout = CUSTOMER_LAYOUT) -> tuple[tuple[str, Any], ...]:
    """What of a row decides its grants: (stored field, the caller's value) of each scope that a rule names."""
    decisive = frozenset[Scope]().union(*(grants.scopes for grants in plan.kinds.values()))
    return tuple(member for scope, member in members(plan.row_scope, layout.scope_fields).items() if scope in decisive)


def scope_set(caller: Members, row: Mapping[str, Any]) -> ScopeSet:
    """The scopes that `row` (with its membership fields) satisfies for the caller."""
    return frozenset({Scope.ALL, *(scope for scope, (field, value) in caller.items() if row.get(field) == value)})


@dataclass(frozen=True, slots=True)
class Conjunction:
    """Rows that are in all of `inside` and in none of `outside`."""

    inside: frozenset[Scope]
    outside: frozenset[Scope]


EVERYTHING = (Conjunction(frozenset(), frozenset()),)
Admission = tuple[Conjunction, ...]
"""A disjunction of conjunctions; empty: no row."""


def reachable(grants: KindGrants, caller: Members) -> list[ScopeSet]:
    """The scope sets that some row can satisfy for this caller."""
    return [scopes for scopes in grants.by_scope_set if scopes - ALL_ROWS <= caller.keys()]


def admit(grants: KindGrants, caller: Members, passes: Callable[[FieldGrants], bool]) -> Admission:
    """The rows of one kind whose grants pass the test, in the shortest exact form."""
    candidates = reachable(grants, caller)
    good = [scopes for scopes in candidates if passes(grants.by_scope_set[scopes])]
    if len(good) == len(candidates):
        return EVERYTHING if good else ()
    minimal = [scopes for scopes in good if not any(other < scopes for other in good)]
    # Without denials more scopes never grant less, so the minimal sets say it all; with them the sets are listed.
    if all(any(low <= scopes for low in minimal) == (scopes in good) for scopes in candidates):
        return tuple(Conjunction(scopes - ALL_ROWS, frozenset()) for scopes in minimal)
    named = frozenset[Scope]().union(*candidates) - ALL_ROWS
    return tuple(Conjunction(scopes - ALL_ROWS, named - scopes) for scopes in good)


def row_filter(
    plan: AccessPlan, admissions: Mapping[Kind, Admission], layout: RowLayout = CUSTOMER_LAYOUT
) -> Filter | None:
    """The database filter of the admitted rows over several kinds; None when there can be none."""
    caller = members(plan.row_scope, layout.scope_fields)
    groups: dict[Admission, list[Kind]] = {}
    for kind, admission in admissions.items():
        if admission:
            groups.setdefault(admission, []).append(kind)
    branches = [
        _branch(_kinds_filter(kinds, len(layout.kinds)), admission, caller) for admission, kinds in groups.items()
    ]
    flat = [condition for branch in branches for condition in branch]
    if not flat:
        return None
    return flat[0] if len(flat) == 1 else {"$or": flat}


def _branch(kinds: Filter, admission: Admission, caller: Members) -> list[Filter]:
    return [{**kinds, **_conjunction_filter(conjunction, caller)} for conjunction in admission]


def _kinds_filter(kinds: Iterable[Kind], total: int) -> Filter:
    names = [kind.value for kind in kinds]
    if len(names) == total:
        return {}
    return {"kind": names[0]} if len(names) == 1 else {"kind": {"$in": names}}


def _conjunction_filter(conjunction: Conjunction, caller: Members) -> Filter:
    found: Filter = {caller[scope][0]: caller[scope][1] for scope in sorted(conjunction.inside)}
    if conjunction.outside:
        found["$nor"] = [{caller[scope][0]: caller[scope][1]} for scope in sorted(conjunction.outside)]
    return found


def row_expression(plan: AccessPlan, admissions: Mapping[Kind, Admission], layout: RowLayout = CUSTOMER_LAYOUT) -> Any:
    """The same as an aggregation expression, for a projection; True and False are literal."""
    caller = members(plan.row_scope, layout.scope_fields)
    branches: list[Any] = []
    for kind, admission in admissions.items():
        for conjunction in admission:
            terms: list[Any] = [{"$eq": ["$kind", kind.value]}]
            terms += [_equals(caller[scope]) for scope in sorted(conjunction.inside)]
            terms += [{"$not": [_equals(caller[scope])]} for scope in sorted(conjunction.outside)]
            branches.append({"$and": terms} if len(terms) > 1 else terms[0])
    return {"$or": branches} if len(branches) > 1 else branches[0] if branches else False


def _equals(member: tuple[str, Any]) -> Any:
    # $literal: a user name that begins with a dollar sign must not be read as a path.
    return {"$eq": [f"${member[0]}", {"$literal": member[1]}]}
