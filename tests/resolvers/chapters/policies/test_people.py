"""Whom a change concerns: counts by scope are those of the rows, counted one by one."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from documents.access.plan import Action, Level, Purpose, Scope, ScopeSet
from documents.chapters.accounts.directory import StoredAccount
from documents.chapters.customers.counts import Place
from documents.declaring.kind import Kind
from policies.changing.effects import AccessChange
from resolvers.chapters.policies.people import AffectedPeople, CustomerScopes, scopes_of

PLACES = st.builds(
    Place,
    st.sampled_from([Kind.INDIVIDUAL, Kind.ENTERPRISE]),
    st.sampled_from([None, "wang", "li"]),
    st.sampled_from([None, "east", "west"]),
)
ALL, OWN = frozenset({Scope.ALL}), frozenset({Scope.ALL, Scope.OWN})


def account(department: str | None = "east", customer_id: str | None = None, *purposes: Purpose) -> StoredAccount:
    roles = frozenset({"clerk"})
    return StoredAccount(
        username="wang",
        display_name="Wang",
        roles=roles,
        lasting_roles=roles,
        base_roles=roles,
        department=department,
        customer_id=customer_id,
        purposes=frozenset(purposes or Purpose),
        disabled=False,
        demo=False,
        oidc_subject=None,
        cleared_until=None,
        partner=None,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


@given(st.lists(PLACES, max_size=12), st.sampled_from([None, "east"]), st.booleans())
def test_customers_are_counted_in_exactly_the_scopes_that_they_satisfy(
    rows: list[Place], department: str | None, has_own: bool
) -> None:
    """Also the one whose own login it is, which is counted once."""
    own = rows[0] if rows and has_own else None
    somebody = account(department, "0" * 24 if own is not None else None)
    expected: Counter[tuple[Kind, ScopeSet]] = Counter(
        (place.kind, scopes_of(somebody, place, is_own=own is not None and number == 0))
        for number, place in enumerate(rows)
    )
    counted = CustomerScopes(Counter(rows), {"0" * 24: own} if own is not None else {})
    assert counted.of(somebody) == expected


def change(purpose: Purpose, *sets: ScopeSet) -> AccessChange:
    decisive = frozenset[Scope]().union(*sets)
    return AccessChange(
        Kind.INDIVIDUAL, purpose, Action.READ, Level.PLAIN, Level.DENIED, ("name",), tuple(sets), decisive
    )


def test_only_what_an_account_can_state_and_satisfy_concerns_it() -> None:
    """Not another purpose, not the scope of a department that it has none of; a customer counts once."""
    rows = [
        Place(Kind.INDIVIDUAL, "wang", None),
        Place(Kind.INDIVIDUAL, "li", None),
        Place(Kind.ENTERPRISE, "wang", None),
    ]
    scopes = CustomerScopes(Counter(rows), {})
    department = frozenset({Scope.ALL, Scope.DEPARTMENT})
    changes = [
        change(Purpose.CUSTOMER_SERVICE, OWN),
        change(Purpose.CUSTOMER_SERVICE, OWN, ALL),
        change(Purpose.SUPERVISION, ALL),
        change(Purpose.CUSTOMER_SERVICE, department),
    ]
    somebody = account(None, None, Purpose.CUSTOMER_SERVICE)
    found = AffectedPeople(lambda _roles: changes, scopes).affected(somebody)
    assert found is not None
    assert [one.scope_sets for one in found.changes] == [(OWN,), (OWN, ALL)]
    assert found.customers == 2
    assert AffectedPeople(lambda _roles: changes[2:], scopes).affected(somebody) is None
