"""One unit of work: everything that one change writes, in one transaction, together with the entry that names it.

Owns the transaction, the locks, and what is told of the change. Every write that changes what anybody may see or do
goes through a unit; what is merely staged, and visible to nobody until a unit names it, is a closed list
(`tests/documents/writing/test_only_way_to_write.py`). INVARIANT: a row is written only under the lock of its customer,
and only with a `ChangedRow` that says which fields were written, never with which values. Each row names its last
change entry (`_entry`). What is committed is shown to nobody before the trail has the entry.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bson import ObjectId
from pymongo import ReturnDocument, WriteConcern
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.read_concern import ReadConcern

from documents.access.trace import Act
from documents.audit.entries import Author, ChangedRow, change_entry
from documents.audit.pending import PendingEntry
from documents.audit.takeover import Takeover
from documents.declaring.kind import Kind
from documents.errors import IdempotencyConflictError, RecordNotFoundError
from documents.storing.layout import CUSTOMER_LAYOUT, CustomerReference, customer_reference
from documents.storing.row_store import ENTRY
from documents.writing.idempotency import IdempotencyRepository, IdempotentRequest

KIND_LOCKS: Final = "company_turns"
"""The collection of the locks of kinds."""

_LOCK: Final = {"$inc": {"_turn": 1}}
_LOCKED: Final = {"kind": 1, "account_manager": 1, "department": 1, "version": 1}

Rows = AsyncCollection[dict[str, Any]]


Prove = Callable[[list[dict[str, Any]], AsyncClientSession], Awaitable[Sequence[dict[str, Any]]]]


async def _as_they_are(rows: list[dict[str, Any]], _: AsyncClientSession) -> Sequence[dict[str, Any]]:
    return rows


@dataclass(frozen=True, slots=True)
class _Locked:
    customer: CustomerReference
    version: int


class UnitOfWork:
    """The writes of one change. They are done together or not at all."""

    def __init__(
        self, database: AsyncDatabase[dict[str, Any]], session: AsyncClientSession, author: Author, prove: Prove
    ) -> None:
        self.session = session
        self.author = author
        self._prove = prove
        self.entry_id = ObjectId()
        self.changed: list[ChangedRow] = []
        self._database = database
        self._customers = database[CUSTOMER_LAYOUT.collection]
        self._locked: dict[ObjectId, _Locked] = {}
        self.committed: list[Callable[[], None]] = []
        """What is done once everything is committed, and not at all otherwise: what the process remembers of it."""

    async def lock(self, customer_id: ObjectId) -> CustomerReference:
        """The customer as it is in this transaction; nobody else changes anything of it until the end. Raises
        RecordNotFoundError where there is none."""
        locked = (await self.lock_many([customer_id])).get(customer_id)
        if locked is None:
            raise RecordNotFoundError
        return locked

    async def lock_many(self, customer_ids: Collection[ObjectId]) -> Mapping[ObjectId, CustomerReference]:
        """The same of those of the customers that there are, in few commands."""
        found: Sequence[dict[str, Any] | None] = ()
        missing = [customer_id for customer_id in customer_ids if customer_id not in self._locked]
        if len(missing) == 1:
            found = [
                await self._customers.find_one_and_update(
                    {"_id": missing[0]}, _LOCK, _LOCKED, return_document=ReturnDocument.AFTER, session=self.session
                )
            ]
        elif missing:
            of_them = {"_id": {"$in": missing}}
            await self._customers.update_many(of_them, _LOCK, session=self.session)
            found = await self._customers.find(of_them, _LOCKED, session=self.session).to_list()
        for row in await self._prove([row for row in found if row is not None], self.session):
            self._locked[row["_id"]] = _Locked(customer_reference(row), row["version"])
        return {one: self._locked[one].customer for one in customer_ids if one in self._locked}

    async def set_on_customer(self, customer_id: ObjectId, name: str, value: Any) -> None:
        """Sets a field of the system's own in the row of the customer, of which that makes no new version. Raises
        RecordNotFoundError."""
        kind, version = (await self.lock(customer_id)).kind.value, self._locked[customer_id].version
        changed = ChangedRow(Act.WRITE, kind, version, (name,), customer=customer_id)
        await self.update(self._customers, {"_id": customer_id}, {"$set": {name: value}}, changed)

    async def lock_kind(self, kind: Kind) -> None:
        """Locks the kind: one operation at a time on what is derived from several of its records."""
        rows = self._database[KIND_LOCKS]
        await rows.update_one({"_id": kind.value}, {"$inc": {"turn": 1}}, upsert=True, session=self.session)

    async def insert(self, rows: Rows, row: Mapping[str, Any], changed: ChangedRow) -> None:
        """Inserts a row."""
        await self.insert_many(rows, [row], [changed])

    async def insert_many(
        self, rows: Rows, new: Sequence[Mapping[str, Any]], changed: Iterable[ChangedRow], *, ordered: bool = True
    ) -> None:
        """Inserts rows; `changed` tells of each."""
        documents = [{**row, ENTRY: self.entry_id} for row in new]
        if len(documents) == 1:
            await rows.insert_one(documents[0], session=self.session)
        elif documents:
            await rows.insert_many(documents, ordered=ordered, session=self.session)
        self.changed += changed

    async def update(
        self, rows: Rows, condition: Mapping[str, Any], change: Mapping[str, Any], changed: ChangedRow
    ) -> bool:
        """Changes the row that meets the condition; False, and nothing is told, where none does."""
        named = {**change, "$set": {**change.get("$set", {}), ENTRY: self.entry_id}}
        done = await rows.update_one(condition, named, session=self.session)
        if done.matched_count:
            self.changed.append(changed)
        return bool(done.matched_count)

    async def put(self, rows: Rows, row: Mapping[str, Any], changed: ChangedRow) -> None:
        """Stores a row whole, new or in the place of the one with its id. It names the unit's entry by itself, because
        a seal covers that too."""
        if row[ENTRY] != self.entry_id:
            raise ValueError("the row names another entry than that of its unit of work")
        await rows.replace_one({"_id": row["_id"]}, row, upsert=True, session=self.session)
        self.changed.append(changed)

    async def delete(self, rows: Rows, condition: Mapping[str, Any], changed: ChangedRow) -> bool:
        """Deletes the row that meets the condition; False, and nothing is told, where none does."""
        done = await rows.delete_one(condition, session=self.session)
        if done.deleted_count:
            self.changed.append(changed)
        return bool(done.deleted_count)

    def tell(self, changed: ChangedRow) -> None:
        """Has the entry name what is written beside rows: keys, versions of what is authenticated as a set."""
        self.changed.append(changed)


Work = Callable[[UnitOfWork], Awaitable[str]]
"""What an operation writes; returns the public id of its main record. May be called again when the database asks."""


@dataclass(frozen=True, slots=True)
class _Done:
    outcome: str
    pending: PendingEntry | None
    unit: UnitOfWork


class Units:
    """Carries units of work out, each once per idempotency key. Without a `trail` no entry is written: for measurements
    of what the trail costs."""

    def __init__(
        self,
        database: AsyncDatabase[dict[str, Any]],
        idempotency: IdempotencyRepository,
        trail: Takeover | None,
        prove: Prove = _as_they_are,
    ) -> None:
        """`prove` gives those of some rows of customers that are whose they say they are."""
        self._prove = prove
        self._database = database
        self._idempotency = idempotency
        self._trail = trail

    async def run(self, author: Author, work: Work, request: IdempotentRequest | None = None) -> str:
        """Does `work` in one transaction, unless `request` was carried out before; returns its outcome either way, once
        the trail has the entry.

        Raises what `work` raises, and IdempotencyConflictError; nothing is written then. TrailUnavailableError: it may
        be written, and a retry with the same key tells."""
        if request is not None and (known := await self.known(request)) is not None:
            return known
        try:
            done = await self._transaction(author, work, request)
        except IdempotencyConflictError as conflict:
            known = await self.known(request) if request is not None and conflict.in_progress else None
            if known is None:
                raise
            return known
        if done.pending is not None and self._trail is not None:
            await self._trail.take_over(done.pending)
        return done.outcome

    async def known(self, request: IdempotentRequest) -> str | None:
        """The outcome of an earlier try, whose entry the trail has by now; None where there was none. Raises
        IdempotencyConflictError, TrailUnavailableError."""
        earlier = await self._idempotency.earlier(request)
        if earlier is None:
            return None
        if earlier.entry is not None and self._trail is not None:
            await self._trail.complete(earlier.entry)
        return earlier.outcome

    async def _transaction(self, author: Author, work: Work, request: IdempotentRequest | None) -> _Done:
        async def write(session: AsyncClientSession) -> _Done:
            unit = UnitOfWork(self._database, session, author, self._prove)
            outcome = await work(unit)
            entry_id = unit.entry_id if unit.changed else None
            if request is not None:
                await self._idempotency.keep(request, outcome, entry_id, session)
            if entry_id is None or self._trail is None:
                return _Done(outcome, None, unit)
            entry = change_entry(entry_id, author, unit.changed)
            return _Done(outcome, await self._trail.pending.keep(entry, session), unit)

        async with self._database.client.start_session() as session:
            done = await session.with_transaction(
                write, read_concern=ReadConcern("snapshot"), write_concern=WriteConcern("majority")
            )
        for remember in done.unit.committed:
            remember()
        return done
