"""The records of the regulation, read: one of them, a page of them, the newest of many customers; and what hangs on a
record by reference (customers, staff, departments), fetched once for all records of an answer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from typing import Any

from bson import ObjectId

from documents.access.plan import AccessPlan, Action
from documents.declaring.fields import FieldSpec, ValueType
from documents.declaring.kind import CUSTOMER_KINDS, Kind
from documents.declaring.record import CustomerRecord, plural
from documents.opening import OpenDatabase
from documents.plain_records import Record, Records
from documents.reading.list_query import ListQuery, Selection
from documents.reading.typed_rows import Row, row_fields, typed
from documents.registry import FULL_CATALOGUE, RECORD_CLASSES
from documents.storing.public_ids import parse_customer_id, parse_id
from policies.authorize import ACCESS, READ, PolicyEngine
from policies.errors import PurposeNotAllowedError
from resolvers.caller import Caller
from resolvers.pages import Wanted, connection, read_page

RECENT: Mapping[str, tuple[Kind, int]] = {
    f"recent_{plural(cls.kind)}": (cls.kind, cls.recent)
    for cls in RECORD_CLASSES
    if issubclass(cls, CustomerRecord) and cls.recent
}
"""What a customer carries of its newest records: field → (kind, how many)."""


CUSTOMER_FIELDS = {name: spec for kind in CUSTOMER_KINDS for name, spec in FULL_CATALOGUE.fields(kind).items()}
REFERENCE_FIELDS = frozenset(RECENT) | {
    name for name, spec in CUSTOMER_FIELDS.items() if spec.value_type in (ValueType.STAFF, ValueType.DEPARTMENT)
}
"""The fields of customers that hold something from elsewhere."""


def read_actions(selection: Selection) -> frozenset[Action]:
    """A read decides reading and finding; the rights to write and reveal too where the caller asks what it may do."""
    return ACCESS if "access" in selection.names else READ


class RecordReads:
    """Reads records of every kind under policy."""

    def __init__(self, engine: PolicyEngine, storage: OpenDatabase) -> None:
        self._engine = engine
        self._customers = storage.reader
        self._readers = storage.readers
        self._accounts = storage.accounts

    async def plan(self, caller: Caller, kind: Kind, actions: frozenset[Action] = READ) -> AccessPlan:
        """The caller's plan for records of `kind`."""
        return await self._engine.authorize(caller.principal, caller.purpose, actions, kind.value)

    async def find(self, caller: Caller, record_id: str, selection: Selection) -> Record | None:
        """The record as the caller may see it; None where there is none for it."""
        parsed = parse_id(record_id, self._readers.keys())
        if parsed is None:
            return None
        kind, row_id = parsed
        plan = await self.plan(caller, kind, read_actions(selection))
        record = await self._readers[kind].find(plan, kind, row_id, selection, caller.report)
        if record is not None:
            await self.attach(caller, kind, [record], selection)
        return record

    async def find_customer(
        self, caller: Caller, plan: AccessPlan, customer_id: str, selection: Selection
    ) -> Record | None:
        """The customer under a plan that the caller was just given; None where there is none for it."""
        parsed = parse_customer_id(customer_id)
        if parsed is None:
            return None
        kind, row_id = parsed
        record = await self._customers.find(plan, kind, row_id, selection, caller.report)
        if record is not None:
            await self.attach_to_customers(caller, [record], selection)
        return record

    async def known(self, caller: Caller, kind: Kind, record_id: str, row: type[Row]) -> Row | None:
        """The record of `kind` with the fields that `row` names, for what is made of them; None where there is none.

        Raises FieldAccessError where the caller may not read one of them."""
        parsed = parse_id(record_id, (kind.value,))
        if parsed is None:
            return None
        plan, selection = await self.plan(caller, kind), Selection({kind: row_fields(FULL_CATALOGUE, kind, row).names})
        found = await self._readers[kind].find(plan, kind, parsed[1], selection, caller.report)
        return typed(FULL_CATALOGUE, kind, row, [found])[0] if found is not None else None

    async def find_page(self, caller: Caller, kind: Kind, query: ListQuery, *, ordered: bool, wanted: Wanted) -> Record:
        """A page as a connection record."""
        plan = await self.plan(caller, kind, read_actions(query.selection))
        reader = self._readers[kind]
        page, query = await read_page(reader, plan, query, caller, ordered=ordered)
        await self.attach(caller, kind, page.records, query.selection)
        return await connection(reader, plan, page, query, wanted)

    async def attach(self, caller: Caller, kind: Kind, records: Collection[Record], selection: Selection) -> None:
        """Puts in place of references what they refer to: one command per kind of reference, however many records."""
        if not records:
            return
        selected = selection.get(kind, frozenset())
        await self.attach_people(FULL_CATALOGUE.fields(kind), records, selected)
        if "customer" in selected:
            await self._attach_customers(caller, records, selection.nested.get("customer", Selection()))

    async def attach_to_customers(self, caller: Caller, customers: Collection[Record], selection: Selection) -> None:
        """People, departments and newest records: a number of commands that grows neither with the page nor with the
        kinds in it."""
        if REFERENCE_FIELDS.isdisjoint(selection.names):
            return
        await self.attach_people(CUSTOMER_FIELDS, customers, selection.names)
        await self._attach_recent(caller, customers, selection)

    async def attach_people(
        self, fields: Mapping[str, FieldSpec], records: Collection[Record], selected: frozenset[str]
    ) -> None:
        """Staff and departments that `fields` of the records name."""
        by_type: tuple[tuple[ValueType, Callable[[Any], Awaitable[Mapping[str, Record]]]], ...] = (
            (ValueType.STAFF, self._accounts.named),
            (ValueType.DEPARTMENT, self._accounts.departments),
        )
        for value_type, fetch in by_type:
            names = [name for name in selected if name in fields and fields[name].value_type is value_type]
            await _replace(records, names, fetch)

    async def _attach_recent(self, caller: Caller, customers: Iterable[Record], selection: Selection) -> None:
        """The newest records of each of the customers, of the kinds asked for: one command per kind."""
        by_id = {customer["_id"]: customer for customer in customers}
        for name in sorted(RECENT.keys() & selection.names):
            kind, count = RECENT[name]
            asked = selection.nested.get(name, Selection())
            plan = await self.plan(caller, kind, read_actions(asked))
            found = await self._readers[kind].recent(plan, by_id.keys(), count, asked, caller.report)
            await self.attach(caller, kind, [record for records in found.values() for record in records], asked)
            for row_id, customer in by_id.items():
                customer[name] = found.get(row_id, Records())

    async def _attach_customers(self, caller: Caller, records: Collection[Record], selection: Selection) -> None:
        ids: dict[str, ObjectId] = {}
        for record in records:
            parsed = parse_customer_id(record.get("customer") or "")
            if parsed is not None:
                ids[record["customer"]] = parsed[1]
        found = await self._visible(caller, set(ids.values()), selection)
        await self.attach_to_customers(caller, found.values(), selection)
        for record in records:
            row_id = ids.get(record.get("customer") or "")
            record["customer"] = found.get(row_id) if row_id is not None else None

    async def _visible(
        self, caller: Caller, row_ids: Collection[ObjectId], selection: Selection
    ) -> dict[ObjectId, Record]:
        """The customers of records, as far as they exist for the caller: whoever may see none still sees the record."""
        try:
            plan = await self._engine.authorize(caller.principal, caller.purpose, read_actions(selection))
        except PurposeNotAllowedError:
            return {}
        return await self._customers.find_many(plan, row_ids, selection, caller.report)


async def _replace(
    records: Collection[Record], names: Collection[str], fetch: Callable[[Any], Awaitable[Mapping[str, Record]]]
) -> None:
    wanted = {value for record in records for name in names for value in _each(record.get(name))}
    if not wanted:
        return
    found = await fetch(sorted(wanted))
    for record in records:
        for name in names:
            value = record.get(name)
            if isinstance(value, list):
                record[name] = Records(found[item] for item in value if item in found)
            elif value is not None:
                record[name] = found.get(value)


def _each(value: Any) -> list[str]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
