"""Whether the stored rows and the change entries of the trail agree, both ways: each row names the entry that tells of
its newest version, and each row that entries tell of is there, unless the newest tells of its deletion.

It needs neither a key nor the application, and never looks at a field for its value. Memory is bounded: rows beyond
`ROWS_AT_ONCE` are compared in as many passes. Somebody may be writing meanwhile: what does not agree is looked at once
more before it is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from zlib import crc32

import bson
from bson import ObjectId
from bson.errors import BSONError
from pymongo.asynchronous.database import AsyncDatabase

from documents.access.trace import Act
from documents.audit.blocks import HAS_CHANGE, block_collection
from documents.audit.pending import COLLECTION as PENDING
from documents.declaring.kind import CUSTOMER_KINDS
from documents.storing.layout import CUSTOMER_LAYOUT
from documents.storing.row_store import ENTRY

ROWS_AT_ONCE: Final = 1_000_000
"""Each takes some 300 bytes."""

LOOK_AGAIN_SECONDS: Final = 3.0
_SOON: Final = timedelta(minutes=1)
_NAME: Final = b"\x00name:"
_CUSTOMER_KINDS: Final = frozenset(kind.value for kind in CUSTOMER_KINDS)

Place = tuple[str, bytes]
"""A collection and the id of a row there, an `ObjectId` or a name, in bytes."""


class Disagreement(StrEnum):
    """How the rows and the trail disagree."""

    UNNAMED = "the row names no change entry"
    UNTOLD = "no change entry tells of the row"
    OTHER = "the row is not as the change entry tells that it names"
    OLDER = "the row is older than its newest change entry: an earlier state was put back"
    REMOVED = "the row is gone, and no change entry tells of its deletion"
    RETURNED = "the row is there, and its deletion was told"
    WAITS = "a change entry waits for the trail for longer than it should"


@dataclass(frozen=True, slots=True)
class RowFinding:
    """One row that does not agree, or one entry that waits."""

    what: Disagreement
    collection: str
    row: str
    entry: str = ""


@dataclass(frozen=True, slots=True)
class AuditedRows:
    """A collection whose rows change by units of work alone: of these kinds, each with a number at `version` that every
    change raises."""

    collection: str
    kinds: frozenset[str]
    version: str = "version"


CUSTOMER_ROWS: Final = AuditedRows(CUSTOMER_LAYOUT.collection, _CUSTOMER_KINDS)


@dataclass(slots=True)
class Compared:
    """How much was looked at, and what did not agree."""

    rows: int = 0
    changes: int = 0
    findings: list[RowFinding] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Told:
    """The newest that is told of a row: its version, by which entries, whether it was deleted, and whose row it is."""

    version: int
    entries: frozenset[ObjectId]
    is_deleted: bool
    customer: ObjectId | None

    def and_then(self, other: _Told) -> _Told:
        if other.version == self.version:
            is_deleted = self.is_deleted or other.is_deleted
            return _Told(self.version, self.entries | other.entries, is_deleted, self.customer or other.customer)
        return other if other.version > self.version else self


class Agreement:
    """Compares the rows of `audited` with the trail of one database."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]], audited: Iterable[AuditedRows]) -> None:
        self._database = database
        self._blocks = block_collection(database)
        self._audited = tuple(audited)
        self._collections = {kind: rows.collection for rows in self._audited for kind in rows.kinds}

    async def compare(
        self, *, rows_at_once: int = ROWS_AT_ONCE, look_again_seconds: float = LOOK_AGAIN_SECONDS
    ) -> Compared:
        """Everything, once; and once more where something does not agree."""
        compared = await self._look(rows_at_once)
        if compared.findings:
            await asyncio.sleep(look_again_seconds)
            seen = {(finding.what, finding.collection, finding.row) for finding in compared.findings}
            compared = await self._look(rows_at_once)
            compared.findings = [
                finding for finding in compared.findings if (finding.what, finding.collection, finding.row) in seen
            ]
        return compared

    async def _look(self, rows_at_once: int) -> Compared:
        compared = Compared(findings=await self._waiting_too_long())
        counts = [await self._database[rows.collection].estimated_document_count() for rows in self._audited]
        passes = sum(counts) // rows_at_once + 1
        for number in range(passes):
            # Entries come first: a row that is written later is newer than they tell, and is looked at once more.
            told, erased = await self._told(passes, number, compared)
            for rows in self._audited:
                async for row in self._rows(rows):
                    if crc32(_bytes(row["_id"])) % passes == number:
                        compared.rows += 1
                        known = told.pop((rows.collection, _bytes(row["_id"])), None)
                        what = _judged(row.get(ENTRY), _version(rows, row), known)
                        if what is not None:
                            finding = RowFinding(what, rows.collection, str(row["_id"]), str(row.get(ENTRY) or ""))
                            compared.findings.append(finding)
            for (collection, row_id), last in told.items():
                if not last.is_deleted and last.customer not in erased:
                    compared.findings.append(RowFinding(Disagreement.REMOVED, collection, _text(row_id)))
        return compared

    async def _told(self, passes: int, number: int, compared: Compared) -> tuple[dict[Place, _Told], set[ObjectId]]:
        """The newest of each row that belongs to the pass, and the customers that were erased with all that hung on
        them."""
        told: dict[Place, _Told] = {}
        erased: set[ObjectId] = set()
        async for entry in self._changes():
            compared.changes += number == 0
            for touch in entry.get("touches", ()):
                if touch["act"] == Act.DELETE and touch["kind"] in _CUSTOMER_KINDS:
                    erased.update(touch.get("customers", ()))
                for place, one in _of_touch(touch, entry["id"], self._collections):
                    if crc32(place[1]) % passes == number:
                        known = told.get(place)
                        told[place] = one if known is None else known.and_then(one)
        return told, erased

    async def _changes(self) -> AsyncIterator[Mapping[str, Any]]:
        """The change entries of the trail, and those that wait for it."""
        async for waiting in self._database[PENDING].find({}, {"entry": 1}):
            try:
                yield bson.decode(waiting["entry"])
            except (BSONError, KeyError, TypeError):
                continue  # no entry: the sweep of the trail says so
        async for block in self._blocks.find(HAS_CHANGE, {"body.entries": 1}).sort("_id", 1):
            for entry in block["body"]["entries"]:
                if entry.get("change"):
                    yield entry

    async def _waiting_too_long(self) -> list[RowFinding]:
        now = datetime.now(UTC)
        ids = [row["_id"] async for row in self._database[PENDING].find({}, {"_id": 1})]
        late = [one for one in ids if not isinstance(one, ObjectId) or abs(now - one.generation_time) > _SOON]
        return [RowFinding(Disagreement.WAITS, PENDING, str(one), str(one)) for one in late]

    async def _rows(self, rows: AuditedRows) -> AsyncIterator[Mapping[str, Any]]:
        async for row in self._database[rows.collection].find({}, {ENTRY: 1, rows.version: 1}).sort("_id", 1):
            yield row


def _of_touch(
    touch: Mapping[str, Any], entry: ObjectId, collections: Mapping[str, str]
) -> Iterable[tuple[Place, _Told]]:
    collection, versions = collections.get(touch["kind"]), touch.get("versions", ())
    if collection is None:
        return
    customers = touch.get("customers", ())
    ids = touch.get("records") or touch.get("names") or customers
    for index, (row_id, version) in enumerate(zip(ids, versions, strict=False)):
        customer = customers[index] if customers else None
        yield (collection, _bytes(row_id)), _Told(version, frozenset({entry}), touch["act"] == Act.DELETE, customer)


def _judged(entry: Any, version: int, told: _Told | None) -> Disagreement | None:
    if entry is None:
        return Disagreement.UNNAMED
    if told is None:
        return Disagreement.UNTOLD
    if told.is_deleted:
        return Disagreement.RETURNED
    if version < told.version:
        return Disagreement.OLDER
    return None if version == told.version and entry in told.entries else Disagreement.OTHER


def _version(rows: AuditedRows, row: Mapping[str, Any]) -> int:
    found: Any = row
    for part in rows.version.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found if isinstance(found, int) else -1


def _bytes(row_id: Any) -> bytes:
    return row_id.binary if isinstance(row_id, ObjectId) else _NAME + str(row_id).encode()


def _text(row_id: bytes) -> str:
    return row_id.removeprefix(_NAME).decode() if row_id.startswith(_NAME) else str(ObjectId(row_id))
