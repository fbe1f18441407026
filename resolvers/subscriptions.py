"""What one subscriber may know of a change: everything that others did not let them know stays unsaid.

Each event is decided when it is told, under a fresh plan: the record is read as any request would read it. INVARIANT:
whether an event is told depends on nothing but what the subscriber could read by asking again and again.

- A row out of scope tells nothing. A row that goes tells so only to whom it was told before, under the decisions that
  let it be told, unless it left the scope in between.
- A change of fields that the subscriber may not read in that row tells nothing, nor do its names.
- What is no new version of the record (a new key, a copied scope) tells nothing.
- A changed handling of a customer is a change of it for whoever may read of its handling, and for nobody else.
- That a row is new tells when it was created: it tells so only where that may be read.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from documents.access.plan import AccessPlan, Level
from documents.chapters.handling.kinds import HANDLING_MARK
from documents.declaring.fields import FieldSpec
from documents.declaring.kind import Kind
from documents.opening import OpenDatabase
from documents.plain_records import Record
from documents.reading.list_query import Selection
from documents.reading.typed_rows import Known
from documents.reading.where import Where
from documents.registry import FULL_CATALOGUE
from documents.storing.change_feed import ChangeQueue, Matches, Operation, RecordChange
from documents.storing.layout import CUSTOMER_LAYOUT
from policies.authorize import READ, PolicyEngine
from resolvers.caller import Caller
from resolvers.errors import NothingVisibleError
from resolvers.reads import RecordReads, read_actions

UNCOUNTED = frozenset({"version", "updated_at", "created_at"})
"""Fields that change with every other one: they alone are no change worth telling."""

NOTHING_WANTED: Mapping[str, Any] = MappingProxyType({})

REMEMBERED = 1_000
"""Records whose deletion one subscription can still be told of; those told longest ago are forgotten first."""

SHOWN = frozenset({Level.PLAIN.name, Level.MASKED.name})

Read = Callable[[], Awaitable[Record | None]]


class Seen:
    """Which records one subscription was told of: by which decisions, and under which public id."""

    def __init__(self, size: int = REMEMBERED) -> None:
        self._size = size
        self._told: OrderedDict[Any, tuple[object, str]] = OrderedDict()

    def add(self, record_id: Any, plan: AccessPlan, public_id: str) -> None:
        """Notes that the record is in the scope of `plan`."""
        self._told[record_id] = ((plan.key, plan.row_scope), public_id)
        self._told.move_to_end(record_id)
        while len(self._told) > self._size:
            self._told.popitem(last=False)

    def forget(self, record_id: Any) -> bool:
        """Forgets the record; whether it was known."""
        return self._told.pop(record_id, None) is not None

    def public_id(self, record_id: Any, plan: AccessPlan) -> str | None:
        """The public id, if the record was told of under the decisions of `plan`."""
        told = self._told.get(record_id)
        return told[1] if told is not None and plan.key and told[0] == (plan.key, plan.row_scope) else None


@dataclass(frozen=True, slots=True)
class Event:
    """A change on its way to one subscription; `seen` is the subscription's memory."""

    change: RecordChange
    seen: Seen


async def shown(
    event: Event, plan: AccessPlan, fields: Mapping[str, FieldSpec], membership: Collection[str], read: Read
) -> Record | None:
    """The event as the subscriber may know it, or None: `operation`, `id`, and the `record` unless it was deleted.

    `fields` are those of the record's kind, `membership` the stored ones that decide scopes. `read` reads the record
    under `plan`, with its `id` and its `access` view; it is not called where nothing can come of it."""
    change, seen = event.change, event.seen
    may_have_moved = not change.fields.isdisjoint(membership)
    if change.operation is Operation.DELETED:
        public_id = None if may_have_moved else seen.public_id(change.record_id, plan)
        return Record(operation=change.operation.value, id=public_id, record=None) if public_id is not None else None
    was_known = may_have_moved and seen.forget(change.record_id)
    created = change.operation is Operation.CREATED
    changed = fields.keys() - UNCOUNTED if created else _counted(change, fields)
    if not changed and not was_known:
        return None
    record = await read()
    if record is None:
        return None
    readable = {access["field"] for access in record["access"] if access["level"] in SHOWN}
    is_told = any(fields[name].public_name in readable for name in changed)
    if is_told or was_known:
        seen.add(change.record_id, plan, record["id"])
    if not is_told:
        return None
    is_told_new = created and "createdAt" in readable
    operation = Operation.UPDATED if created and not is_told_new else change.operation
    return Record(operation=operation.value, id=record["id"], record=record)


def _counted(change: RecordChange, fields: Mapping[str, FieldSpec]) -> frozenset[str]:
    """The fields that an update changed, if it made a new version of the record."""
    return change.fields & fields.keys() - UNCOUNTED if "version" in change.fields else frozenset()


class Subscriptions:
    """The changes of customers and of the records of the regulation, for those who follow them."""

    def __init__(self, engine: PolicyEngine, storage: OpenDatabase, reads: RecordReads) -> None:
        self._engine = engine
        self._reader = storage.reader
        self._readers = storage.readers
        self._feed = storage.changes
        self._reads = reads

    async def follow(self, collection: str, matches: Matches) -> ChangeQueue:
        """The changes of `collection` from now on that `matches`, undecided."""
        return await self._feed.follow(collection, matches)

    async def check_customers(self, caller: Caller, kinds: Collection[Kind]) -> None:
        """Raises a PolicyError, or NothingVisibleError where no customer of `kinds` could be visible to the caller."""
        plan = await self._engine.authorize(caller.principal, caller.purpose, READ)
        if all(self._reader.visible_rows(plan, kind) is None for kind in kinds):
            raise NothingVisibleError

    async def check_records(self, caller: Caller, kind: Kind) -> None:
        """The same for the records of one kind."""
        plan = await self._reads.plan(caller, kind)
        if self._readers[kind].visible_rows(plan, kind) is None:
            raise NothingVisibleError

    async def customer(self, caller: Caller, event: Event, selection: Selection) -> Record | None:
        """The event of a customer: `operation`, `id` and `record`; None where there is none to tell."""
        change = event.change
        plan = await self._engine.authorize(caller.principal, caller.purpose, read_actions(selection))
        kind = Kind(change.kind) if change.kind is not None else None  # None: gone, maybe before it could be looked at
        fields = FULL_CATALOGUE.fields(kind) if kind is not None else {}

        async def read() -> Record | None:
            public_id = f"{change.kind}_{change.record_id}"
            return await self._reads.find_customer(caller, plan, public_id, _with_view(selection, kind))

        told = await shown(event, plan, fields, CUSTOMER_LAYOUT.membership_fields, read)
        if told is None and HANDLING_MARK in change.fields and await self._sees_handling(caller, change.record_id):
            told = await self._handled_otherwise(event, plan, read)
        return told

    async def _sees_handling(self, caller: Caller, row_id: Any) -> bool:
        """Whether the caller could read of the customer's changed handling by asking for it."""
        kind = Kind.HANDLING_CHANGE
        plan = await self._reads.plan(caller, kind)
        changes = await self._readers[kind].rows(plan, Where(customer=row_id), Known, caller.report)
        return bool(changes)

    @staticmethod
    async def _handled_otherwise(event: Event, plan: AccessPlan, read: Read) -> Record | None:
        record = await read()
        if record is None:
            return None
        event.seen.add(event.change.record_id, plan, record["id"])
        return Record(operation=Operation.UPDATED.value, id=record["id"], record=record)

    async def record(
        self,
        caller: Caller,
        kind: Kind,
        event: Event,
        selection: Selection,
        wanted: Mapping[str, Any] = NOTHING_WANTED,
    ) -> Record | None:
        """The same of a record of `kind`; of those alone whose fields the caller sees to be as `wanted` says."""
        reader = self._readers[kind]
        plan = await self._reads.plan(caller, kind, read_actions(selection))
        asked = _with_view(selection, kind, wanted)

        async def read() -> Record | None:
            found = await reader.find(plan, kind, event.change.record_id, asked, caller.report)
            if found is None or any(found.get(name) != value for name, value in wanted.items()):
                return None
            await self._reads.attach(caller, kind, [found], selection)
            return found

        membership = reader.store.layout.membership_fields
        return await shown(event, plan, FULL_CATALOGUE.fields(kind), membership, read)


def _with_view(selection: Selection, kind: Kind | None, more: Iterable[str] = ()) -> Selection:
    """What must be read of a record to decide an event, beside what was asked for."""
    if kind is None:
        return Selection()
    return Selection({kind: selection.get(kind, frozenset()) | {"access", "id", *more}}, selection.nested)
