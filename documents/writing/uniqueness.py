"""Uniqueness of identifiers over all customers, held by a collection whose `_id` is the blind index of the value.

A uniqueness error is a read: it tells that somebody has the value. Whoever may not find that customer by it is not
told; the record is then kept beside the first as contested, for those to resolve who may see both.
INVARIANT: whether `claim` fails depends on nothing that the caller may not filter by.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase

from documents.errors import DuplicateValueError

MayFind = Callable[[ObjectId, str], Awaitable[bool]]
"""Whether the caller can find the given customer by the given field."""


class IdentifierRepository:
    """Claims and releases of unique values. `token` is the value's equality token."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._collection = database["identifiers"]

    async def claim(
        self, field: str, token: bytes, customer_id: ObjectId, may_find: MayFind, session: AsyncClientSession
    ) -> None:
        """Takes the value for the customer. Raises DuplicateValueError where another has it and the caller may know."""
        holder = await self._collection.find_one_and_update(
            {"_id": token},
            {"$setOnInsert": {"customer_id": customer_id, "field": field}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
            session=session,
        )
        if holder is None:  # never: upserted
            return
        # Whoever contests it counts too: that a value given twice is refused at once, or not before somebody hidden
        # gives it up, would tell that somebody hidden has it.
        claimants = (holder["customer_id"], *holder.get("contested_by", ()))
        for other in claimants:
            if other != customer_id and await may_find(other, field):
                raise DuplicateValueError(field)
        if holder["customer_id"] == customer_id:
            return
        await self._collection.update_one({"_id": token}, {"$addToSet": {"contested_by": customer_id}}, session=session)

    async def release(self, tokens: list[bytes], customer_id: ObjectId, session: AsyncClientSession) -> None:
        """Gives the values back; the first who contested one becomes its holder."""
        for holder in await self._collection.find({"_id": {"$in": tokens}}, session=session).to_list():
            others = [other for other in holder.get("contested_by", []) if other != customer_id]
            if holder["customer_id"] != customer_id:
                change: dict[str, Any] = {"$set": {"contested_by": others}}
            elif others:
                change = {"$set": {"customer_id": others[0], "contested_by": others[1:]}}
            else:
                await self._collection.delete_one({"_id": holder["_id"]}, session=session)
                continue
            await self._collection.update_one({"_id": holder["_id"]}, change, session=session)

    async def claim_new(self, claims: list[tuple[str, bytes, ObjectId]], session: AsyncClientSession) -> None:
        """Claims many values that are known to be free, as on an import into an empty database."""
        if claims:
            documents = [{"_id": token, "field": field, "customer_id": owner} for field, token, owner in claims]
            await self._collection.insert_many(documents, session=session)
