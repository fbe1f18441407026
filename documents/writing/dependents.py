"""What customers and their records owe each other: records follow their customer's owner and go with it, and some of
them keep a field of the customer true.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase

from documents.declaring.record import CustomerRecord
from documents.registry import RECORD_CLASSES
from documents.storing.layout import CUSTOMER_LAYOUT

COPIES: Mapping[str, str] = {"account_manager": "_owner", "department": "_department"}
"""Fields of a customer by which scopes go, and where a record keeps its copy."""


class Dependents:
    """All records that hang on customers, across their collections."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._customers = database[CUSTOMER_LAYOUT.collection]
        classes = [cls for cls in RECORD_CLASSES if issubclass(cls, CustomerRecord)]
        self._collections = [database[cls.collection] for cls in classes]

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

    async def set_review(self, customer_id: ObjectId, next_review_on: str, session: AsyncClientSession) -> None:
        """Keeps the day of the next review with the customer, where lists of what is due find it.

        The system's own field: the version that callers see stays as it is."""
        change = {"$set": {"next_review_on": next_review_on}}
        await self._customers.update_one({"_id": customer_id}, change, session=session)
