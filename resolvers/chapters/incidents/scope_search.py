"""Whom an incident concerns, found from the audit trail (I5): who saw which field of whom, between two times.

A search is a read of the trail: whoever makes it needs the right to read and to find by everything that it looks at.
It is an entry of the trail itself. It must never be answered in part.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Final, NotRequired, TypedDict

from bson import ObjectId

from documents.access.plan import Action, Scope
from documents.access.trace import Served
from documents.audit.blocks import Chains
from documents.chapters.accounts.directory import AccountRepository
from documents.chapters.audit.queries import AuditQueries, FieldRead, TrailQuery
from documents.chapters.incidents.affected_customers import Seen
from documents.declaring.kind import Kind
from documents.errors import FieldAccessError, InvalidField, InvalidValueError, RuleBrokenError
from documents.registry import FULL_CATALOGUE
from policies.authorize import READ, PolicyEngine
from resolvers.caller import Caller

LARGEST_SCOPE: Final = 10_000
"""Customers of one search: what a transaction takes. A wider one is cut into shorter times, which add up."""

_LOOKED_AT: Final = ("customers", "fields", "time", "username")


@dataclass(frozen=True, slots=True)
class FoundScope:
    """What a search found in `entries` entries. `heads` say where the chains stood that may hold what was asked for:
    chain, last entry, hash."""

    query: TrailQuery
    seen: list[Seen]
    entries: int
    heads: list[str]


class SearchTrail(TypedDict):
    """What to search the trail by: whose accesses, to which field, of which kind, from `since` on, before `until`."""

    person: NotRequired[str | None]
    field: NotRequired[str | None]
    kind: NotRequired[str | None]
    since: datetime
    until: datetime


class TrailScopes:
    """Searches of the trail."""

    def __init__(
        self, engine: PolicyEngine, queries: AuditQueries, chains: Chains, accounts: AccountRepository
    ) -> None:
        self._engine = engine
        self._queries = queries
        self._chains = chains
        self._accounts = accounts

    async def search(self, caller: Caller, given: SearchTrail) -> FoundScope:
        """Whom the entries that were asked for concern.

        Raises FieldAccessError, InvalidValueError (an unknown person or field), RuleBrokenError."""
        await self._authorize(caller)
        query = await self._query(given)
        examined = await self._queries.examine(query)
        heads = [  # afterwards, so that they cover every entry that was examined
            f"{head.chain.hex()} {head.last} {head.hash.hex()}"
            for _, head in await self._chains.heads()
            if head.at >= given["since"]
        ]
        seen = _by_customer(examined.reads)
        if len(seen) > LARGEST_SCOPE:
            raise RuleBrokenError("incident.scope_too_wide", "scopes", maximum=str(LARGEST_SCOPE))
        return FoundScope(query, seen, examined.entries, heads)

    async def _authorize(self, caller: Caller) -> None:
        kind = Kind.AUDIT_ENTRY
        plan = await self._engine.authorize(caller.principal, caller.purpose, READ, kind.value)
        caller.report.trace.add_plan(plan)
        caller.report.trace.add_conditions(filtered=_LOOKED_AT)
        grants = plan.grants(kind, frozenset({Scope.ALL}))
        if not grants.plain & grants.filterable >= frozenset(_LOOKED_AT):
            raise FieldAccessError(Action.FILTER, ())
        caller.report.add_row(Served(kind, _LOOKED_AT, ()), None)

    async def _query(self, given: SearchTrail) -> TrailQuery:
        person, field = given.get("person"), given.get("field")
        if person is None and field is None:
            raise RuleBrokenError("incident.scope_unbounded", "scopes")
        if given["until"] <= given["since"]:
            raise RuleBrokenError("incident.scope_reversed", "scopes")
        if person is not None and person not in await self._accounts.staff({person}):
            raise InvalidValueError((InvalidField("suspect", "value.unknown_staff"),))
        kind_name = given.get("kind")
        kind = Kind(kind_name) if kind_name is not None else None
        declared = _declared(field, [kind] if kind is not None else FULL_CATALOGUE.by_kind) if field else None
        until = min(given["until"], datetime.now(UTC))  # of what is still to come nothing is known
        return TrailQuery(username=person, field=declared, kind=kind, since=given["since"], until=until)


def _declared(field: str, kinds: Iterable[Kind]) -> str:
    """The declared name of a field, given by it or by its public name."""
    known = {spec.public_name: name for kind in kinds for name, spec in FULL_CATALOGUE.fields(kind).items()}
    if field in known.values():
        return field
    if field not in known:
        nearest = get_close_matches(field, sorted(known), n=1, cutoff=0.5)
        parameters = (("nearest", nearest[0] if nearest else "name"),)
        raise InvalidValueError((InvalidField("scopes", "value.unknown_field", parameters),))
    return known[field]


def _by_customer(reads: Iterable[FieldRead]) -> list[Seen]:
    """Reads of a customer's records are reads of the customer."""
    found: dict[ObjectId, list[FieldRead]] = {}
    for read in reads:
        found.setdefault(read.customer, []).append(read)
    return [_seen(customer, each) for customer, each in found.items()]


def _seen(customer: ObjectId, reads: list[FieldRead]) -> Seen:
    first: datetime = min(read.first for read in reads)
    last: datetime = max(read.last for read in reads)
    in_full = any(read.plain for read in reads)
    return Seen(customer, in_full, sum(read.times for read in reads), first, last)
