"""Sharing with partners (I7): agreements, consents, and what a partner's own login sees.

INVARIANT: a partner is shown a customer only where a consent and an agreement are in force at that moment, and of it
only the fields that both name and the rules allow.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bson import ObjectId

from documents.access_plan import Action
from documents.catalogue import FULL_CATALOGUE
from documents.cursors import CursorSealer, cursor_context
from documents.errors import FieldAccessError, RuleBrokenError
from documents.fields import CUSTOMER_KINDS, Kind
from documents.records import Record, Records
from documents.repositories.codec import parse_customer_id
from documents.repositories.customers import CustomerRepository
from documents.repositories.idempotency import IdempotentRequest
from documents.repositories.list_query import ListQuery, Page, Selection
from documents.repositories.record_writes import RecordWrites
from documents.repositories.sharing import SharedCustomer, SharingRepository
from policies.authorize import CREATE, WRITE, PolicyEngine
from policies.principal import Principal
from resolvers.caller import Caller
from resolvers.field_names import check_field_names
from resolvers.pages import Wanted, connection
from resolvers.record_operations import RecordOperations
from resolvers.records import CUSTOMER_FIELDS, RecordReads


class SharedCustomers:
    """What a partner's login sees of customers."""

    def __init__(
        self,
        engine: PolicyEngine,
        sharing: SharingRepository,
        customers: CustomerRepository,
        records: RecordReads,
        cursors: CursorSealer,
    ) -> None:
        self._engine = engine
        self._sharing = sharing
        self._customers = customers
        self._records = records
        self._cursors = cursors

    async def find(self, caller: Caller, principal: Principal, customer_id: str, selection: Selection) -> Record | None:
        """The customer, if it is shared with the partner now; None for every other."""
        parsed = parse_customer_id(customer_id)
        if parsed is None or principal.partner is None:
            return None
        shared = await self._sharing.shared_with(principal.partner, _now(), only=parsed[1])
        found = await self._read(caller, principal, [one for one in shared if one.kind is parsed[0]], selection)
        return found[0] if found else None

    async def find_page(self, caller: Caller, principal: Principal, query: ListQuery, wanted: Wanted) -> Record:
        """A page of the customers shared with the partner now, by id. Conditions and orders are not shared."""
        if query.filter is not None or query.search is not None:
            raise FieldAccessError(Action.FILTER if query.filter is not None else "search", ())
        if query.sort.field is not None:
            raise FieldAccessError("sort", [query.sort.field])
        if principal.partner is None:
            return Record()
        at, kinds = _now(), sorted(query.kinds)
        context = cursor_context(principal.username, principal.partner, caller.purpose, kinds)
        beyond = self._cursors.open(query.cursor, context)[1] if query.cursor is not None else None
        shared = await self._sharing.shared_with(
            principal.partner, at, kinds=kinds, beyond=beyond, descending=query.backward, limit=query.limit + 1
        )
        has_more, shared = len(shared) > query.limit, shared[: query.limit]
        if query.backward:
            shared.reverse()
        records = await self._read(caller, principal, shared, query.selection)
        positions = tuple((None, _row_id(record)) for record in records)
        page = Page(records, positions, context, has_more)
        plan = await self._engine.authorize_shared(principal, caller.purpose, ())
        found = await connection(self._customers, plan, page, query, replace(wanted, total=False))
        if wanted.total:
            found["total_count"] = await self._sharing.count(principal.partner, at, kinds)
        return found

    async def _read(
        self, caller: Caller, principal: Principal, shared: list[SharedCustomer], selection: Selection
    ) -> Records:
        """The customers in their order; one command per set of consented fields."""
        by_fields: dict[frozenset[str], list[ObjectId]] = {}
        for one in shared:
            by_fields.setdefault(_declared(one), []).append(one.row_id)
        found: dict[ObjectId, Record] = {}
        for fields, ids in by_fields.items():
            plan = await self._engine.authorize_shared(principal, caller.purpose, fields)
            found |= await self._customers.find_many(plan, ids, selection, caller.report)
        await self._records.attach_people(CUSTOMER_FIELDS, found.values(), selection.names)
        return Records(found[one.row_id] for one in shared if one.row_id in found)


class Sharing:
    """Partners, agreements and consents."""

    def __init__(self, operations: RecordOperations) -> None:
        self._operations = operations

    async def add_partner(self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None) -> str:
        plan = await self._operations.plan(caller, Kind.PARTNER, CREATE)

        async def work(writes: RecordWrites) -> str:
            return await writes.insert(plan, Kind.PARTNER, given, by=caller.username)

        return await self._operations.run(work, request)

    async def sign_agreement(self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None) -> str:
        """A confidentiality agreement with a partner; without `fields` it covers all."""
        plan = await self._operations.plan(caller, Kind.SHARING_AGREEMENT, CREATE)
        if given.get("fields") is not None:
            check_field_names(given["fields"], CUSTOMER_KINDS, "fields")
        _check_period(given, "signed_at")

        async def work(writes: RecordWrites) -> str:
            return await writes.insert(plan, Kind.SHARING_AGREEMENT, given, by=caller.username)

        return await self._operations.run(work, request)

    async def end_agreement(self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None) -> str:
        """Ends an agreement now: with it everything that is shared under it."""
        return await self._end(caller, given, request, Kind.SHARING_AGREEMENT, "ended_at")

    async def give_consent(self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None) -> str:
        """Records a customer's consent that a partner sees `fields` (public names)."""
        plan = await self._operations.plan(caller, Kind.CONSENT, CREATE)
        customer = await self._operations.customer(caller, given.pop("customer"))
        check_field_names(given["fields"], [customer.kind], "fields")
        _check_period(given, "given_at")

        async def work(writes: RecordWrites) -> str:
            return await writes.insert(plan, Kind.CONSENT, given, customer=customer, by=caller.username)

        return await self._operations.run(work, request)

    async def withdraw_consent(self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None) -> str:
        """Withdraws a consent now."""
        return await self._end(caller, given, request, Kind.CONSENT, "withdrawn_at")

    async def _end(
        self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None, kind: Kind, field: str
    ) -> str:
        plan = await self._operations.plan(caller, kind, WRITE)
        record_id, version = given["id"], given["version"]

        async def work(writes: RecordWrites) -> str:
            await writes.check(plan, kind, record_id, [field], version=version)
            known = await writes.load(plan, kind, record_id, field)
            if known.get(field) is not None:
                raise RuleBrokenError("sharing.ended_already", field)
            await writes.update(plan, kind, record_id, {field: _now()}, version=version)
            return str(record_id)

        return await self._operations.run(work, request)


def _check_period(given: dict[str, Any], begins: str) -> None:
    if given["expires_at"] <= given[begins]:
        raise RuleBrokenError("sharing.ends_before_it_begins", "expires_at")


def _declared(shared: SharedCustomer) -> frozenset[str]:
    specs = FULL_CATALOGUE.fields(shared.kind)
    return frozenset(name for name, spec in specs.items() if spec.public_name in shared.fields)


def _row_id(record: Record) -> ObjectId:
    row_id: ObjectId = record["_id"]
    return row_id


def _now() -> datetime:
    return datetime.now(UTC)
