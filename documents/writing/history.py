"""What a customer was, field by field, kept with every change and encrypted like the field itself (I2).

Owns how a change is written down; what of it is shown is read in documents/reading/history.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase

from documents.declaring.catalogue import Catalogue
from documents.declaring.fields import is_important
from documents.declaring.kind import Kind
from documents.encryption.row_bindings import BINDING, RowBindings
from documents.reading.history import COLLECTION


@dataclass(frozen=True, slots=True)
class Written:
    """One write of a customer: the version that it made, by whom, when, and how the values came."""

    customer_id: ObjectId
    kind: Kind
    version: int
    by: str
    at: datetime
    channel: str


class HistoryKeeper:
    """The write side: rows of the changes of one customer, in the transaction of the change."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]], catalogue: Catalogue, bindings: RowBindings) -> None:
        self._collection = database[COLLECTION]
        self._catalogue = catalogue
        self._bindings = bindings.within(COLLECTION)

    async def keep(
        self,
        written: Written,
        before: Mapping[str, Any],
        after: Mapping[str, Any],
        same: frozenset[str],
        session: AsyncClientSession,
    ) -> None:
        """Keeps what `written` changed: stored values by declared name. `same` are known to be as they were, though
        sealed anew."""
        fields = self._catalogue.fields(written.kind)
        rows = [
            {
                "_id": (row_id := ObjectId()),
                BINDING: self._bindings.of_customer(row_id, written.customer_id),
                "customer_id": written.customer_id,
                "kind": written.kind.value,
                "field": name,
                "version": written.version,
                "at": written.at,
                "by": written.by,
                "channel": written.channel,
                "important": is_important(fields[name]),
                **{
                    side: value
                    for side, value in (("before", before.get(name)), ("after", stored))
                    if value is not None
                },
            }
            for name, stored in after.items()
            if name not in same and before.get(name) != stored
        ]
        if rows:
            await self._collection.insert_many(rows, session=session)

    async def delete(self, customer_id: ObjectId, session: AsyncClientSession) -> None:
        """Deletes the customer's history."""
        await self._collection.delete_many({"customer_id": customer_id}, session=session)
