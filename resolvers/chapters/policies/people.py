"""Whom a change of rules concerns: the people who have the roles, and on how many customers.

Pure arithmetic over what the policy layer and the counts say; it asks nothing and decides nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from documents.access.plan import Scope, ScopeSet
from documents.chapters.accounts.directory import StoredAccount
from documents.chapters.customers.counts import Place
from documents.declaring.kind import CUSTOMER_KINDS, Kind
from policies.changing.effects import AccessChange


@dataclass(frozen=True, slots=True)
class AffectedPerson:
    """An account, what changes for it, and on how many customers that are there today."""

    account: StoredAccount
    changes: tuple[AccessChange, ...]
    customers: int


class CustomerScopes:
    """How many customers of each kind are in which scopes of somebody."""

    def __init__(self, counts: Mapping[Place, int], places: Mapping[str, Place]) -> None:
        """`places` of the customers whose own logins there are, by id."""
        self._places = places
        self._all: Counter[Kind] = Counter()
        self._owned: Counter[tuple[Kind, str | None]] = Counter()
        self._department: Counter[tuple[Kind, str | None]] = Counter()
        self._both: Counter[tuple[Kind, str | None, str | None]] = Counter()
        for place, count in counts.items():
            self._all[place.kind] += count
            self._owned[place.kind, place.account_manager] += count
            self._department[place.kind, place.department] += count
            self._both[place.kind, place.account_manager, place.department] += count

    def of(self, account: StoredAccount) -> Counter[tuple[Kind, ScopeSet]]:
        """The number of customers by kind and the scopes that they satisfy for the account."""
        found: Counter[tuple[Kind, ScopeSet]] = Counter()
        for kind in CUSTOMER_KINDS:
            owned = self._owned[kind, account.username]
            inside = self._department[kind, account.department] if account.department is not None else 0
            both = self._both[kind, account.username, account.department] if account.department is not None else 0
            found[kind, _set(Scope.OWN, Scope.DEPARTMENT)] = both
            found[kind, _set(Scope.OWN)] = owned - both
            found[kind, _set(Scope.DEPARTMENT)] = inside - both
            found[kind, _set()] = self._all[kind] - owned - inside + both
        own = self._places.get(account.customer_id or "")
        if own is not None:
            scopes = scopes_of(account, own, is_own=False)
            found[own.kind, scopes] -= 1
            found[own.kind, scopes | {Scope.SELF}] += 1
        return +found


def scopes_of(account: StoredAccount, place: Place, *, is_own: bool) -> ScopeSet:
    """The scopes that a customer in `place` satisfies for the account; `is_own`: it is the account's own data."""
    scopes = {Scope.ALL}
    if place.account_manager == account.username:
        scopes.add(Scope.OWN)
    if account.department is not None and place.department == account.department:
        scopes.add(Scope.DEPARTMENT)
    if is_own:
        scopes.add(Scope.SELF)
    return frozenset(scopes)


def possible_scopes(account: StoredAccount) -> ScopeSet:
    """The scopes that some row can satisfy for the account."""
    scopes = {Scope.ALL, Scope.OWN}
    if account.department is not None:
        scopes.add(Scope.DEPARTMENT)
    if account.customer_id is not None:
        scopes.add(Scope.SELF)
    if account.partner is not None:
        scopes.add(Scope.SHARED)
    return frozenset(scopes)


class AffectedPeople:
    """Accounts and what changes for each. Those who have the same roles, purposes and scopes share an answer."""

    def __init__(self, changes_of: Callable[[frozenset[str]], Iterable[AccessChange]], scopes: CustomerScopes) -> None:
        """`changes_of` roles that somebody has together."""
        self._changes_of = changes_of
        self._scopes = scopes
        self._known: dict[tuple[object, ...], _Concerned] = {}

    def affected(self, account: StoredAccount) -> AffectedPerson | None:
        """What changes for the account; None where nothing does."""
        possible = possible_scopes(account)
        key = (account.roles, account.purposes, possible)
        if key not in self._known:
            self._known[key] = _Concerned(tuple(_concerning(account, possible, self._changes_of(account.roles))))
        concerned = self._known[key]
        if not concerned.changes:
            return None
        return AffectedPerson(account, concerned.changes, concerned.customers(self._scopes.of(account)))


class _Concerned:
    """Changes that several accounts share, and which customers they are about: found once for all of them."""

    def __init__(self, changes: tuple[AccessChange, ...]) -> None:
        self.changes = changes
        self._known: dict[tuple[Kind, ScopeSet], bool] = {}

    def customers(self, counts: Mapping[tuple[Kind, ScopeSet], int]) -> int:
        """How many of the customers counted by kind and scopes some change is about."""
        return sum(count for place, count in counts.items() if self._is_about(place))

    def _is_about(self, place: tuple[Kind, ScopeSet]) -> bool:
        if place not in self._known:
            kind, scopes = place
            self._known[place] = any(change.kind is kind and change.holds_in(scopes) for change in self.changes)
        return self._known[place]


def _concerning(account: StoredAccount, possible: ScopeSet, changes: Iterable[AccessChange]) -> Iterator[AccessChange]:
    for change in changes:
        sets = tuple(one for one in change.scope_sets if one <= possible)
        if sets and change.purpose in account.purposes:
            yield replace(change, scope_sets=sets)


def _set(*scopes: Scope) -> ScopeSet:
    return frozenset({Scope.ALL, *scopes})
