"""Which of the rows that the database brought prove whose they are: no other one is served, changed, or acted on.

A customer's row proves itself by its data key, which opens only under the scope that it was bound to; a record of a
customer by its binding to the customer and by the scope of the customer's key; a record of the company by its binding.
Rows that decide access prove more (`believed_rows.py`).
Owns that judgement and its report on the log. It must never say why a row is not there: that is as if there were none.

INVARIANT: `GenuineRows` are made here alone, and readers take nothing else.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from operator import itemgetter
from typing import Any, Final, NewType, cast

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.encryption.ciphertext import KeyScope
from documents.encryption.row_bindings import BINDING, RowBindings
from documents.storing.forgery_report import ForgeryReport, Row
from documents.storing.layout import Belonging
from documents.storing.row_store import RowStore

GenuineRows = NewType("GenuineRows", list[Row])
"""Rows that proved whose they are."""

Again = Callable[[list[Any], AsyncClientSession], Awaitable[list[Row]]]
"""Reads the rows of these ids again, within the session: those that meet the condition by which they were found."""

_CUSTOMER: Final = itemgetter("kind", "account_manager", "department")
_RECORD: Final = itemgetter("_owner", "_department")
_OF_RECORDS: Final = itemgetter(1, 2)  # of a `KeyScope`


class BindingProof:
    """Judges rows of one collection by their binding to another row alone, which the field `to` names: what is read
    where that row itself was judged before."""

    def __init__(self, bindings: RowBindings, collection: str, to: str) -> None:
        self._bindings = bindings
        self._to = to
        self._report = ForgeryReport(collection)

    def genuine(self, rows: list[Row]) -> list[Row]:
        """Those of the rows that are bound to the row whose they say they are."""
        return self._report.without(rows, self._is_bound)

    def _is_bound(self, row: Row) -> bool:
        return self._bindings.binds_customer(row["_id"], row.get(self._to), row.get(BINDING))


class RowProof:
    """Judges the rows of one store."""

    def __init__(self, store: RowStore) -> None:
        self._layout = store.layout
        self._keyring = store.storage.keyring
        self._client = store.storage.database.client
        self._bindings = store.bindings
        self._believed = store.believed
        self._report = ForgeryReport(store.layout.collection)

    async def standing(self, rows: GenuineRows, session: AsyncClientSession | None = None) -> GenuineRows:
        """Those of the rows, read whole and within `session`, that may decide something: all of them where the class is
        not `believed`."""
        if self._believed is None:
            return rows
        return GenuineRows(await self._believed.standing(rows, session))

    async def genuine(self, rows: list[Row], again: Again, session: AsyncClientSession | None = None) -> GenuineRows:
        """Those of the rows (with their proof) that are whose they say they are, in their order.

        `session` is the one that they were read in. It costs one command where a customer's key is not at hand, and
        two more where a row and what is at hand differ: then `again` tells a row that changed hands from a forgery."""
        match self._layout.belonging:
            case Belonging.NOBODYS:
                return GenuineRows(rows)
            case Belonging.OF_COMPANY:
                return GenuineRows(self._report.without(rows, self._is_bound))
        return GenuineRows(rows if not rows or self._all_agree(rows) else await self._judged(rows, again, session))

    def _all_agree(self, rows: list[Row]) -> bool:
        """Whether all of them agree with keys that are at hand: what a page costs where nothing is wrong."""
        try:
            customer_ids = list(map(self._layout.customer_of, rows))
            scopes = self._keyring.scopes_at_hand(customer_ids)
            if scopes is None:
                return False
            if self._layout.belonging is Belonging.CUSTOMER:
                return list(map(_CUSTOMER, rows)) == scopes
            if list(map(_RECORD, rows)) != list(map(_OF_RECORDS, cast("list[KeyScope]", scopes))):
                return False
        except (KeyError, AttributeError, TypeError):  # something is missing, or is of another type
            return False
        return self._bindings.all_known(rows) or all(map(self._is_bound, rows))

    def _agrees(self, row: Row, scopes: Mapping[ObjectId, KeyScope | None]) -> bool:
        customer_id = row.get(self._layout.key_field)
        scope = scopes.get(customer_id) if isinstance(customer_id, ObjectId) else None
        if scope is None:
            return False
        if self._layout.belonging is Belonging.CUSTOMER:
            return (row.get("kind"), row.get("account_manager"), row.get("department")) == scope
        return (row.get("_owner"), row.get("_department")) == scope[1:] and self._is_bound(row)

    def _is_bound(self, row: Row) -> bool:
        if self._layout.belonging is Belonging.OF_CUSTOMER:
            return self._bindings.binds_customer(row["_id"], row.get("customer_id"), row.get(BINDING))
        return self._bindings.binds_scope(row["_id"], row.get("_owner"), row.get("_department"), row.get(BINDING))

    async def _judged(self, rows: list[Row], again: Again, session: AsyncClientSession | None) -> list[Row]:
        scopes = await self._keyring.scopes(self._customers(rows))
        doubtful = [row for row in rows if not self._agrees(row, scopes)]
        if not doubtful:
            return rows
        self._keyring.evict(self._customers(doubtful))  # what is at hand may be what the row was before
        settled = await self._settled([row["_id"] for row in doubtful], again, session)
        doubted = {id(row) for row in doubtful}
        found = [settled.get(row["_id"]) if id(row) in doubted else row for row in rows]
        return [row for row in found if row is not None]

    async def _settled(self, row_ids: list[Any], again: Again, session: AsyncClientSession | None) -> dict[Any, Row]:
        """Those of the rows, by id, that agree with their keys where both are read as of one moment."""
        async with self._moment(session) as moment:
            rows = await again(row_ids, moment)
            scopes = await self._keyring.scopes_within(self._customers(rows), moment)
        genuine = {row["_id"]: row for row in rows if self._agrees(row, scopes)}
        forged = [row for row in rows if row["_id"] not in genuine]
        if forged and session is not None:  # a transaction sees what was: the report is of what everybody sees
            await self._settled([row["_id"] for row in forged], again, None)
        elif forged:
            for row in forged:
                self._report.add(row)
        return genuine

    @asynccontextmanager
    async def _moment(self, session: AsyncClientSession | None) -> AsyncIterator[AsyncClientSession]:
        if session is not None:
            yield session
        else:
            async with self._client.start_session(snapshot=True) as snapshot:
                yield snapshot

    def _customers(self, rows: list[Row]) -> Collection[ObjectId]:
        found = (row.get(self._layout.key_field) for row in rows)
        return {customer_id for customer_id in found if isinstance(customer_id, ObjectId)}
