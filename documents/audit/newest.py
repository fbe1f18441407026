"""What the trail says is the newest: of the rules, and of what changes by units of work. So a process that starts
learns that an older state was put back into the collections that hold it.

It believes signed blocks only, and says nothing where there are none.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from bson import ObjectId
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from cryptography.exceptions import InvalidSignature
from pymongo.asynchronous.collection import AsyncCollection

from documents.audit.blocks import HAS_CHANGE, NAMES, NEWEST_FIRST, RECORDS
from documents.audit.chain import TrailKey
from documents.audit.stored_blocks import StoredBlock, read_block

BELIEVED: Final = 20
"""How many signed blocks are asked."""
LOOKED_AT: Final = 200
"""After how many blocks nobody looks any further: signed or not for a name, signed ones for a record."""
_TOGETHER: Final = 50
"""Of how many records is asked in one query."""


class NewestVersions:
    """Asks the blocks, of which those count that are signed with `key`."""

    def __init__(self, blocks: AsyncCollection[dict[str, Any]], key: TrailKey) -> None:
        self._blocks = blocks.with_options(CodecOptions(document_class=RawBSONDocument, tz_aware=True))
        self._key = key

    async def of_rules(self) -> int:
        """The highest version of the rules that the newest blocks name as having decided; 0 where they name none."""
        found = [0]
        async for block in self._signed({}):
            found += [version for entry in block.entries for version in _decided(entry)]
        return max(found)

    async def of_name(self, kind: str, name: str) -> int:
        """The highest version that change entries tell of the row of the kind with the name; 0 where none does."""
        found = [0]
        async for block in self._signed({NAMES: name, **HAS_CHANGE}):
            for entry in block.entries:
                for touch in entry.get("touches", ()) if entry.get("change") else ():
                    if touch["kind"] == kind:
                        told = zip(touch.get("names", ()), touch.get("versions", ()), strict=False)
                        found += [version for of, version in told if of == name]
        return max(found)

    async def of_records(self, record_ids: Collection[ObjectId], since: datetime | None = None) -> dict[ObjectId, int]:
        """The highest version that change entries tell of each of the records, in blocks since then or in all; nothing
        of those that none tells of."""
        found: dict[ObjectId, int] = {}
        ids = list(record_ids)
        for start in range(0, len(ids), _TOGETHER):
            left = set(ids[start : start + _TOGETHER])
            while left:
                told = await self._of_records(left, since)
                found |= told
                if not told:
                    break
                left -= told.keys()  # blocks of the others took the place of theirs
        return found

    async def _of_records(self, record_ids: Collection[ObjectId], since: datetime | None) -> dict[ObjectId, int]:
        found: dict[ObjectId, int] = {}
        async for block in self._signed(changes_of(record_ids, since), LOOKED_AT, looked_at=0):
            for entry in block.entries:
                for touch in entry.get("touches", ()) if entry.get("change") else ():
                    for of, version in zip(touch.get("records", ()), touch.get("versions", ()), strict=False):
                        if of in record_ids:
                            found[of] = max(version, found.get(of, 0))
        return found

    async def _signed(
        self, condition: Mapping[str, Any], most: int = BELIEVED, *, looked_at: int = LOOKED_AT
    ) -> AsyncIterator[StoredBlock]:
        believed = 0
        async for raw in self._blocks.find(condition, sort=NEWEST_FIRST, limit=looked_at):
            block = read_block(bytes(raw.raw))
            if block is None or not self._is_signed(block):
                continue
            yield block
            believed += 1
            if believed == most:
                return

    def _is_signed(self, block: StoredBlock) -> bool:
        try:
            self._key.public.verify(block.head.signature, block.head.signed_bytes())
        except InvalidSignature:
            return False
        return block.is_intact


def changes_of(record_ids: Collection[ObjectId], since: datetime | None) -> dict[str, Any]:
    """The blocks in which a change entry tells of one of the records; not those in which they were merely read, beside
    the change of something else."""
    these = {"$in": list(record_ids)}
    told = {"$elemMatch": {"change": True, "touches.records": these}}
    condition: dict[str, Any] = {RECORDS: these, **HAS_CHANGE, "body.entries": told}
    return condition if since is None else {**condition, "body.at": {"$gte": since}}


def _decided(entry: Mapping[str, Any]) -> Iterator[int]:
    """Of format 1, whose entries name versions, and of those that name each with its hash."""
    for named in entry["rules"]:
        yield named["version"] if isinstance(named, Mapping) else named
