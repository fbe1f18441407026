"""The customers whom a partner is shown (I7).

INVARIANT: only where a consent and an agreement are in force at that moment, and of each only the fields consented to.
"""

from __future__ import annotations

from dataclasses import replace

from bson import ObjectId

from documents.access.plan import Action
from documents.chapters.information.shared_customers import SharedCustomer, SharedPage, SharingRepository
from documents.encryption.cursors import CursorSealer, cursor_context
from documents.errors import FieldAccessError
from documents.plain_records import Record, Records
from documents.reading.customers import CustomerReader
from documents.reading.list_query import ListQuery, Page, Selection
from documents.storing.public_ids import parse_customer_id
from policies.authorize import PolicyEngine
from policies.principal import Principal
from resolvers.caller import Caller
from resolvers.chapters.information.sharing import _declared, _now, _row_id
from resolvers.pages import Wanted, connection
from resolvers.reads import CUSTOMER_FIELDS, RecordReads


class SharedCustomers:
    """What a partner's login sees of customers."""

    def __init__(
        self,
        engine: PolicyEngine,
        sharing: SharingRepository,
        customers: CustomerReader,
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
        shared = await self._sharing.one(principal.partner, _now(), parsed[1])
        if shared is None or shared.kind is not parsed[0]:
            return None
        found = await self._read(caller, principal, [shared], selection)
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
        after = self._cursors.open(query.cursor, context)[1] if query.cursor is not None else None
        asked = SharedPage(query.limit + 1, kinds, after, query.backward)
        shared = await self._sharing.shared_with(principal.partner, at, asked)
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
