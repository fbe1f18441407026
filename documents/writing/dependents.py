"""What hangs on customers: their records follow their owner, and go with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection

from documents.declaring.record import CompanyRecord, CustomerRecord, StoredRecord
from documents.encryption.row_bindings import BINDING, RowBindings
from documents.storing.row_store import Storage

COPIES: Mapping[str, str] = {"_owner": "account_manager", "_department": "department"}
"""Where a record keeps its copy of a field of its customer by which scopes go."""


@dataclass(frozen=True, slots=True)
class _Hanging:
    """Rows that hang on customers: by which stored field, and which of their fields are copies of the customer's."""

    rows: AsyncCollection[dict[str, Any]]
    by: str
    copies: Mapping[str, str]
    bindings: RowBindings | None = None
    """Where each row proves its scopes by itself."""


class Dependents:
    """The records that hang on customers, of whichever of the classes do, across their collections."""

    def __init__(self, storage: Storage, classes: Iterable[type[StoredRecord]]) -> None:
        self._hanging = [hanging for record in classes if (hanging := _hanging(storage, record)) is not None]

    async def follow(self, customer_id: ObjectId, changed: Mapping[str, Any], session: AsyncClientSession) -> None:
        """Carries a new account manager or department over to what hangs on the customer.

        In the transaction of the change: else somebody would see records of a customer who is no longer theirs. It
        makes no version of a record, whose last change entry stays the same: the customer's entry tells of it."""
        for hanging in self._hanging:
            copies = {copy: changed[name] for copy, name in hanging.copies.items() if name in changed}
            if not copies:
                continue
            await hanging.rows.update_many({hanging.by: customer_id}, {"$set": copies}, session=session)
            if hanging.bindings is not None:
                await _bind(hanging.rows, {hanging.by: customer_id}, hanging.bindings, session)

    async def delete(self, customer_id: ObjectId, session: AsyncClientSession) -> None:
        """Deletes what hangs on the customer."""
        for hanging in self._hanging:
            await hanging.rows.delete_many({hanging.by: customer_id}, session=session)


async def _bind(
    rows: AsyncCollection[dict[str, Any]],
    condition: Mapping[str, Any],
    bindings: RowBindings,
    session: AsyncClientSession,
) -> None:
    """Binds rows of the company to the scopes that they have now."""
    for row in await rows.find(condition, {"_owner": 1, "_department": 1}, session=session).to_list():
        binding = bindings.of_scope(row["_id"], row.get("_owner"), row.get("_department"))
        await rows.update_one({"_id": row["_id"]}, {"$set": {BINDING: binding}}, session=session)


def _hanging(storage: Storage, record: type[StoredRecord]) -> _Hanging | None:
    rows = storage.database[record.collection]
    if issubclass(record, CustomerRecord):
        return _Hanging(rows, "customer_id", COPIES)
    if issubclass(record, CompanyRecord) and record.hangs_on is not None:
        bindings = storage.bindings.within(record.collection)
        return _Hanging(rows, record.hangs_on, {**COPIES, **record.follows}, bindings)
    return None
