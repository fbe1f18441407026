"""What hangs on customers: their records follow their owner, and go with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase

from documents.declaring.record import CustomerRecord, StoredRecord

COPIES: Mapping[str, str] = {"account_manager": "_owner", "department": "_department"}
"""Fields of a customer by which scopes go, and where a record keeps its copy."""


class Dependents:
    """The records that hang on customers, of whichever of the classes do, across their collections."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]], classes: Iterable[type[StoredRecord]]) -> None:
        self._collections = [database[cls.collection] for cls in classes if issubclass(cls, CustomerRecord)]

    async def follow(self, customer_id: ObjectId, changed: Mapping[str, Any], session: AsyncClientSession) -> None:
        """Carries a new account manager or department over to the customer's records.

        In the transaction of the change: else somebody would see records of a customer who is no longer theirs."""
        copies = {COPIES[name]: value for name, value in changed.items() if name in COPIES}
        if copies:
            for collection in self._collections:
                await collection.update_many({"customer_id": customer_id}, {"$set": copies}, session=session)

    async def delete(self, customer_id: ObjectId, session: AsyncClientSession) -> None:
        """Deletes the customer's records."""
        for collection in self._collections:
            await collection.delete_many({"customer_id": customer_id}, session=session)
