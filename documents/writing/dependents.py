"""What hangs on customers: their records follow their owner, and go with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase

from documents.declaring.record import CompanyRecord, CustomerRecord, StoredRecord

COPIES: Mapping[str, str] = {"_owner": "account_manager", "_department": "department"}
"""Where a record keeps its copy of a field of its customer by which scopes go."""


@dataclass(frozen=True, slots=True)
class _Hanging:
    """Rows that hang on customers: by which stored field, and which of their fields are copies of the customer's."""

    rows: AsyncCollection[dict[str, Any]]
    by: str
    copies: Mapping[str, str]


class Dependents:
    """The records that hang on customers, of whichever of the classes do, across their collections."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]], classes: Iterable[type[StoredRecord]]) -> None:
        self._hanging = [
            hanging for record in classes if (hanging := _hanging(database[record.collection], record)) is not None
        ]

    async def follow(self, customer_id: ObjectId, changed: Mapping[str, Any], session: AsyncClientSession) -> None:
        """Carries a new account manager or department over to what hangs on the customer.

        In the transaction of the change: else somebody would see records of a customer who is no longer theirs. It
        makes no version of a record, whose last change entry stays the same: the customer's entry tells of it."""
        for hanging in self._hanging:
            copies = {copy: changed[name] for copy, name in hanging.copies.items() if name in changed}
            if copies:
                await hanging.rows.update_many({hanging.by: customer_id}, {"$set": copies}, session=session)

    async def delete(self, customer_id: ObjectId, session: AsyncClientSession) -> None:
        """Deletes what hangs on the customer."""
        for hanging in self._hanging:
            await hanging.rows.delete_many({hanging.by: customer_id}, session=session)


def _hanging(rows: AsyncCollection[dict[str, Any]], record: type[StoredRecord]) -> _Hanging | None:
    if issubclass(record, CustomerRecord):
        return _Hanging(rows, "customer_id", COPIES)
    if issubclass(record, CompanyRecord) and record.hangs_on is not None:
        return _Hanging(rows, record.hangs_on, {**COPIES, **record.follows})
    return None
