"""Row scope as database filter and projection expression: exact for every set of decisions, denials included."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain, combinations, product
from typing import Any

from bson import ObjectId
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.asynchronous.database import AsyncDatabase

from documents.access.plan import AccessPlan, FieldGrants, KindGrants, Purpose, RowScope, Scope, ScopeSet
from documents.declaring.kind import CUSTOMER_KINDS, Kind
from documents.storing.row_scope import admit, members, row_expression, row_filter, scope_set

ME = RowScope("li.na", "sales", "0123456789abcdef01234567")
SCOPES = (Scope.OWN, Scope.DEPARTMENT, Scope.SELF)


def rows() -> list[dict[str, Any]]:
    """One row of each kind in every combination of scopes; only one row can be the caller's own record."""
    found: list[dict[str, Any]] = []
    for kind, manager, department in product(CUSTOMER_KINDS, ("li.na", "other"), ("sales", "other", None)):
        found.append({"_id": ObjectId(), "kind": kind.value, "account_manager": manager, "department": department})
    found.append({**found[0], "_id": ObjectId(ME.customer_id)})
    return found


def scope_sets(scopes: frozenset[Scope]) -> list[ScopeSet]:
    subsets = chain.from_iterable(combinations(sorted(scopes), size) for size in range(len(scopes) + 1))
    return [frozenset({Scope.ALL, *subset}) for subset in subsets]


@st.composite
def plans(draw: st.DrawFn) -> AccessPlan:
    """Any decisions at all, monotone or not, over any of the scopes."""
    kinds: dict[Kind, KindGrants] = {}
    for kind in CUSTOMER_KINDS:
        scopes = draw(st.frozensets(st.sampled_from(SCOPES)))
        by_scope_set = {
            scopes_of_row: FieldGrants(plain=frozenset({"name"}) if draw(st.booleans()) else frozenset())
            for scopes_of_row in scope_sets(scopes)
        }
        kinds[kind] = KindGrants(scopes, by_scope_set)
    return AccessPlan(ME, Purpose.CUSTOMER_SERVICE, 1, kinds)


def expected(plan: AccessPlan, row: Mapping[str, Any]) -> bool:
    return plan.grants(Kind(row["kind"]), scope_set(members(plan.row_scope), row)).is_visible


async def test_filter_and_expression_admit_exactly_the_granted_rows(database: AsyncDatabase[dict[str, Any]]) -> None:
    """Random decisions, asked of the database itself in both forms."""
    collection = database["rows"]
    stored = rows()
    await collection.insert_many(stored)
    examples: list[AccessPlan] = []

    @settings(max_examples=120, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(plans())
    def collect(plan: AccessPlan) -> None:
        examples.append(plan)

    collect()
    for plan in examples:
        caller = members(plan.row_scope)
        admissions = {
            kind: admit(grants, caller, lambda grants: grants.is_visible) for kind, grants in plan.kinds.items()
        }
        wanted = {row["_id"] for row in stored if expected(plan, row)}
        condition = row_filter(plan, admissions)
        found = set() if condition is None else {row["_id"] async for row in collection.find(condition)}
        assert found == wanted, plan.kinds
        marked = collection.find({}, {"shown": {"$cond": [row_expression(plan, admissions), True, False]}})
        assert {row["_id"] async for row in marked if row["shown"]} == wanted, plan.kinds


def test_a_caller_without_department_is_in_nobodys_department() -> None:
    """A row without a department is not of the department of a caller who has none."""
    nobody = members(RowScope("li.na", None, None))
    row = {"_id": ObjectId(), "kind": "individual", "account_manager": "x", "department": None}
    assert scope_set(nobody, row) == {Scope.ALL}
    assert Scope.DEPARTMENT not in nobody
    assert Scope.SELF not in nobody


def test_without_denials_the_filter_is_as_short_as_the_rules() -> None:
    """Own rows or the department's: two plain conditions, each of which an index answers."""
    grants = {
        scopes: FieldGrants(plain=frozenset({"name"}) if len(scopes) > 1 else frozenset())
        for scopes in scope_sets(frozenset({Scope.OWN, Scope.DEPARTMENT}))
    }
    kinds = {kind: KindGrants(frozenset({Scope.OWN, Scope.DEPARTMENT}), grants) for kind in CUSTOMER_KINDS}
    plan = AccessPlan(ME, Purpose.CUSTOMER_SERVICE, 1, kinds)
    admissions = {kind: admit(kinds[kind], members(ME), lambda grants: grants.is_visible) for kind in CUSTOMER_KINDS}
    condition = row_filter(plan, admissions)
    assert condition is not None
    assert sorted(condition["$or"], key=str) == [{"account_manager": "li.na"}, {"department": "sales"}]
