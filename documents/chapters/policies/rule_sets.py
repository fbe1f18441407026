"""Every query on rule sets. They are not customer rows, so no access plan governs them; who may change them is not
decided here.

Versions are only ever added. The version in force changes by compare-and-set, in one transaction with the new version.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from pymongo import DESCENDING, WriteConcern
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError, PyMongoError
from pymongo.read_concern import ReadConcern

from documents.chapters.policies.stored import (
    ACTIVE,
    NewRuleSet,
    Rows,
    RuleSetDocument,
    RuleSetHead,
    RuleSetState,
    StoredRuleSet,
)
from documents.errors import StaleVersionError

RECONNECT_SECONDS = 0.25
_HEAD = ("created_at", "created_by", "comment", "draft", "approved_by")

_logger = logging.getLogger(__name__)


class RuleSetRepository:
    """Rule sets in MongoDB. Reads and writes are majority ones: no version in force is ever rolled back."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        concerns: dict[str, Any] = {
            "read_concern": ReadConcern("majority"),
            "write_concern": WriteConcern("majority"),
        }
        self._client = database.client
        self._sets = database.get_collection(RuleSetDocument.Settings.name, **concerns)
        self._state = database.get_collection(RuleSetState.Settings.name, **concerns)

    async def active(self) -> StoredRuleSet | None:
        """The rule set in force, without rules if the pointer leads nowhere; None if there is no pointer."""
        state = await self._state.find_one({"_id": ACTIVE})
        if state is None:
            return None
        stored = await self._sets.find_one({"_id": state["version"]}) or {}
        return StoredRuleSet(state["version"], stored.get("rules"), stored.get("roles"), stored.get("tests"))

    async def get(self, version: int, session: AsyncClientSession | None = None) -> StoredRuleSet | None:
        """That version, in force or not."""
        stored = await self._sets.find_one({"_id": version}, session=session)
        if stored is None:
            return None
        return StoredRuleSet(version, stored.get("rules"), stored.get("roles"), stored.get("tests"))

    async def heads(self, *, limit: int, before: int | None = None) -> list[RuleSetHead]:
        """The newest versions, or those before one, newest first."""
        condition = {"_id": {"$lt": before}} if before is not None else {}
        shown = {**dict.fromkeys(_HEAD, 1), "count": {"$size": {"$ifNull": ["$rules", []]}}}
        found = await self._sets.find(condition, shown).sort("_id", DESCENDING).limit(limit).to_list()
        return [
            RuleSetHead(
                version=stored["_id"],
                created_at=stored["created_at"].replace(tzinfo=UTC),
                created_by=stored["created_by"],
                comment=stored.get("comment", ""),
                draft=stored.get("draft"),
                approved_by=stored.get("approved_by"),
                rules=stored["count"],
            )
            for stored in found
        ]

    async def seed(self, rules: Rows, roles: Rows, *, by: str) -> None:
        """Makes version 1 and puts it in force, unless a version is in force. Any number of processes may race here."""
        if await self._state.find_one({"_id": ACTIVE}) is not None:
            return
        try:
            first = NewRuleSet(rules, roles, by, "the rules that the product comes with")
            await self._sets.insert_one(_document(1, first))
        except DuplicateKeyError:
            _logger.debug("another process stored the first rule set")
        try:
            await self._state.update_one({"_id": ACTIVE}, {"$setOnInsert": _state(1, by)}, upsert=True)
        except DuplicateKeyError:
            _logger.debug("another process activated the first rule set")

    async def activate(self, expected: int, new: NewRuleSet) -> int:
        """Stores a new version and puts it in force in place of version `expected`; returns its number.

        `expected` is 0 where no version is in force. Raises StaleVersionError, with nothing written, if another one is.
        """

        async def swap(session: AsyncClientSession) -> int:
            return await self.swap(session, expected, new)

        async with self._client.start_session() as session:
            return await session.with_transaction(
                swap, read_concern=ReadConcern("snapshot"), write_concern=WriteConcern("majority")
            )

    async def swap(self, session: AsyncClientSession, expected: int, new: NewRuleSet) -> int:
        """What `activate` does, within the transaction of `session`."""
        state = await self._state.find_one({"_id": ACTIVE}, session=session)
        current = state["version"] if state else 0
        if current != expected:
            raise StaleVersionError
        newest = await self._sets.find_one({}, {"_id": 1}, sort=[("_id", DESCENDING)], session=session)
        version = int(newest["_id"] if newest else 0) + 1
        tests = list(new.tests) if new.tests is not None else None
        origin = {"tests": tests, "draft": new.draft, "approved_by": new.approved_by}
        await self._sets.insert_one(_document(version, new) | origin, session=session)
        changed = await self._state.update_one(
            {"_id": ACTIVE, "version": expected}, {"$set": _state(version, new.by)}, upsert=not state, session=session
        )
        if state and changed.matched_count != 1:
            raise StaleVersionError
        return version

    async def watch(self) -> AsyncIterator[None]:
        """Yields once when it begins to listen, and again whenever the pointer may have changed. Never ends."""
        while True:
            try:
                async with await self._state.watch() as stream:
                    yield None  # a change made before the stream was open is not in it
                    async for _ in stream:
                        yield None
            except PyMongoError as error:
                _logger.warning("the rule set in force cannot be watched (%s), trying again", type(error).__name__)
            await asyncio.sleep(RECONNECT_SECONDS)


def _document(version: int, new: NewRuleSet) -> dict[str, Any]:
    return {
        "_id": version,
        "rules": [list(row) for row in new.rules],
        "roles": [list(row) for row in new.roles],
        "created_at": datetime.now(UTC),
        "created_by": new.by,
        "comment": new.comment,
    }


def _state(version: int, by: str) -> dict[str, Any]:
    return {"version": version, "activated_at": datetime.now(UTC), "activated_by": by}
