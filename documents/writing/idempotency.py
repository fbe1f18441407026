"""Idempotency keys: a retried mutation finds the outcome of the first try instead of doing it twice.

What is kept is the outcome's identity (which record), never its content: the answer is read again under the caller's
plan, so that a retry never shows more than the policy allows now. The request is kept as a keyed digest, because a
plain one of few possible telephone numbers could be searched.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bson import ObjectId
from pymongo import IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from documents.errors import IdempotencyConflictError

COLLECTION = "idempotency_keys"
INDEXES = {COLLECTION: [IndexModel("expires_at", expireAfterSeconds=0)]}
LIFETIME = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class IdempotentRequest:
    """One mutation of one caller under one key. `content` is the canonical request."""

    username: str
    key: str
    content: bytes


@dataclass(frozen=True, slots=True)
class EarlierTry:
    """What came of the first try: the public id of its main record, and its change entry, if it changed anything."""

    outcome: str
    entry: ObjectId | None


class IdempotencyRepository:
    """Outcomes by (caller, key), for 24 hours."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]], secret: bytes) -> None:
        self._collection = database[COLLECTION]
        self._secret = secret

    async def earlier(self, request: IdempotentRequest) -> EarlierTry | None:
        """What came of the first try; None when there was none. Raises IdempotencyConflictError."""
        known = await self._collection.find_one({"_id": self._id(request)})
        if known is None:
            return None
        if not hmac.compare_digest(known["request"], self._digest(request.content)):
            raise IdempotencyConflictError(in_progress=False)
        return EarlierTry(str(known["outcome"]), known.get("entry"))

    async def keep(
        self, request: IdempotentRequest, outcome: str, entry: ObjectId | None, session: AsyncClientSession
    ) -> None:
        """Keeps the outcome in the same transaction as the write. Raises IdempotencyConflictError when another try
        got there first."""
        try:
            await self._collection.insert_one(
                {
                    "_id": self._id(request),
                    "request": self._digest(request.content),
                    "outcome": outcome,
                    "entry": entry,
                    "expires_at": datetime.now(UTC) + LIFETIME,
                },
                session=session,
            )
        except DuplicateKeyError as error:
            raise IdempotencyConflictError(in_progress=True) from error

    def _id(self, request: IdempotentRequest) -> bytes:
        return self._digest(request.username.encode() + b"\x00" + request.key.encode())

    def _digest(self, content: bytes) -> bytes:
        return hmac.digest(self._secret, content, "sha256")
