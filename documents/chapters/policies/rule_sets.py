"""Every query on rule sets. They are not customer rows, so no access plan governs them; who may change them is not
decided here.

Versions are only ever added, and no number is used twice. The version in force changes by compare-and-set, in one
transaction with the new version. Each version and the pointer are sealed: what somebody else wrote is told apart here,
and never put in force by `policies`. The pointer's version is the number by which an older pointer is known.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from bson import ObjectId
from bson.codec_options import CodecOptions, DatetimeConversion
from pymongo import DESCENDING, WriteConcern
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError, PyMongoError
from pymongo.read_concern import ReadConcern

from documents.access.trace import Act
from documents.audit.entries import Asker, Author, ChangedRow, Performed
from documents.chapters.policies.stored import (
    ACTIVE,
    NewRuleSet,
    Rows,
    RuleSetDocument,
    RuleSetHead,
    RuleSetState,
    StoredRuleSet,
)
from documents.declaring.kind import Kind
from documents.encryption.seals import SEAL, Seals
from documents.errors import StaleVersionError
from documents.storing.row_store import ENTRY
from documents.writing.unit_of_work import UnitOfWork, Units

RECONNECT_SECONDS = 0.25
_SETS, _STATE = RuleSetDocument.Settings.name, RuleSetState.Settings.name
_T = TypeVar("_T")
RULE_SET: Final = Kind.RULE_SET.value
RULES_IN_FORCE: Final = "rules_in_force"
"""What the trail calls a version, and the pointer to the one in force."""
_WRITTEN: Final = ("inheritance", "rules", "tests")
_HEAD = ("created_at", "created_by", "comment", "draft", "approved_by")

_logger = logging.getLogger(__name__)


class RuleSetRepository:
    """Rule sets in MongoDB. Reads and writes are majority ones: no version in force is ever rolled back."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]], seals: Seals, units: Units) -> None:
        concerns: dict[str, Any] = {
            "read_concern": ReadConcern("majority"),
            "write_concern": WriteConcern("majority"),
            "codec_options": CodecOptions(tz_aware=True, datetime_conversion=DatetimeConversion.DATETIME_AUTO),
        }
        self._seals = seals
        self._units = units
        self._sets = database.get_collection(_SETS, **concerns)
        self._state = database.get_collection(_STATE, **concerns)

    async def active(self) -> StoredRuleSet | None:
        """The rule set in force, without a seal if the pointer leads nowhere, or either was not written by Dossier;
        None if there is no pointer."""
        state = await self._state.find_one({"_id": ACTIVE})
        if state is None:
            return None
        version = _version_of(state)
        stored = await self.get(version) if self._seals.is_sealed(_STATE, state) else None
        return stored or StoredRuleSet(version, None, None)

    async def get(self, version: int, session: AsyncClientSession | None = None) -> StoredRuleSet | None:
        """That version, in force or not; None where there is none that Dossier wrote."""
        stored = await self._sets.find_one({"_id": version}, session=session)
        if stored is None or not self._seals.is_sealed(_SETS, stored):
            return None
        return StoredRuleSet(version, stored["rules"], stored["roles"], stored.get("tests"), stored[SEAL])

    async def heads(self, *, limit: int, before: int | None = None) -> list[RuleSetHead]:
        """The newest versions, or those before one, newest first. For people to look at: nothing is put in force by
        what stands here, and rows are not verified."""
        condition = {"_id": {"$lt": before}} if before is not None else {}
        shown = {**dict.fromkeys(_HEAD, 1), "count": {"$size": {"$ifNull": ["$rules", []]}}}
        found = await self._sets.find(condition, shown).sort("_id", DESCENDING).limit(limit).to_list()
        return [
            RuleSetHead(
                version=stored["_id"],
                created_at=stored["created_at"],
                created_by=stored["created_by"],
                comment=stored.get("comment", ""),
                draft=stored.get("draft"),
                approved_by=stored.get("approved_by"),
                rules=stored["count"],
            )
            for stored in found
        ]

    async def seed(self, rules: Rows, roles: Rows, *, by: str) -> None:
        """Makes version 1 and puts it in force where there is no version at all. Any number of processes may race here.

        Where there are versions and no pointer somebody took it away: that is for an operator to mend."""
        first = NewRuleSet(rules, roles, by, "the rules that the product comes with")

        async def seed(unit: UnitOfWork) -> str:
            for collection in (self._state, self._sets):
                if await collection.find_one({}, {"_id": 1}, session=unit.session) is not None:
                    return ""
            await self._store(unit, 1, first)
            return "1"

        try:
            await self._units.run(_by(by, "install"), seed)
        except DuplicateKeyError:
            _logger.debug("another process stored the first rule set")

    async def activate(self, expected: int, new: NewRuleSet, *, above: int = 0) -> int:
        """Stores a new version and puts it in force in place of version `expected`; returns its number, which is above
        every one that is stored, and above `above`.

        `expected` is 0 where no version is in force. Raises StaleVersionError, with nothing written, if another one is.
        """

        async def swap(unit: UnitOfWork) -> str:
            return str(await self.swap(unit, expected, new, above=above))

        return int(await self._units.run(_by(new.by, "policy activate"), swap))

    async def swap(self, unit: UnitOfWork, expected: int, new: NewRuleSet, *, above: int = 0) -> int:
        """What `activate` does, within a unit of work."""
        state = await self._state.find_one({"_id": ACTIVE}, session=unit.session)
        current = _version_of(state) if state is not None else 0
        if current != expected:
            raise StaleVersionError
        newest = await self._sets.find_one({}, {"_id": 1}, sort=[("_id", DESCENDING)], session=unit.session)
        version = max(int(newest["_id"]) if newest else 0, current, above) + 1
        await self._store(unit, version, new)
        return version

    async def _store(self, unit: UnitOfWork, version: int, new: NewRuleSet) -> None:
        """The version, and the pointer to it."""
        made = ChangedRow(Act.CREATE, RULE_SET, version, _WRITTEN, name=str(version))
        await unit.put(self._sets, self._document(version, new, unit.entry_id), made)
        in_force = ChangedRow(Act.WRITE, RULES_IN_FORCE, version, ("version",), name=ACTIVE)
        await unit.put(self._state, self._pointer(version, new.by, unit.entry_id), in_force)

    async def seal_existing(self) -> int:
        """Seals the versions and the pointer that have no seal; returns how many. For a database of before there were
        seals: afterwards a row without one is a forgery."""
        done = 0
        for name, rows in ((_SETS, self._sets), (_STATE, self._state)):
            async for row in rows.find({SEAL: {"$exists": False}}):
                unsealed = {"_id": row["_id"], SEAL: {"$exists": False}}
                done += (await rows.replace_one(unsealed, self._seals.sealed(name, row))).modified_count
        return done

    def _document(self, version: int, new: NewRuleSet, entry: ObjectId) -> dict[str, Any]:
        row = {
            "_id": version,
            "rules": [list(row) for row in new.rules],
            "roles": [list(row) for row in new.roles],
            "created_at": datetime.now(UTC),
            "created_by": new.by,
            "comment": new.comment,
            "tests": list(new.tests) if new.tests is not None else None,
            "draft": new.draft,
            "approved_by": new.approved_by,
            ENTRY: entry,
        }
        return self._seals.sealed(_SETS, row)

    def _pointer(self, version: int, by: str, entry: ObjectId) -> dict[str, Any]:
        row = {"_id": ACTIVE, "version": version, "activated_at": datetime.now(UTC), "activated_by": by, ENTRY: entry}
        return self._seals.sealed(_STATE, row)

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


def _by(username: str, command: str) -> Author:
    return Author(Asker(username, frozenset()), Performed("command", command), ())


def _version_of(state: Mapping[str, Any]) -> int:
    """The version that a pointer names; 0 where it is none, which no version has."""
    version = state.get("version")
    return version if isinstance(version, int) and not isinstance(version, bool) else 0
