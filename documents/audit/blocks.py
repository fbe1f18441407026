"""The collection of blocks: its indexes, and the reads that are about the chains themselves.

A block is inserted once and never changed or removed by the product. Both writes and reads are of what a majority has.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from datetime import datetime
from typing import Any

from bson import ObjectId
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import ASCENDING, DESCENDING, IndexModel, WriteConcern
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.read_concern import ReadConcern

from documents.audit.chain import CHAIN_BYTES, Head, Link, block_id
from documents.audit.entries import Entry

COLLECTION = "audit_blocks"
NEWEST_FIRST = [("body.at", DESCENDING), ("_id", DESCENDING)]
INDEXED = {
    "username": "body.entries.username",
    "customer": "body.entries.touches.customers",
    "kind": "body.entries.touches.kind",
    "plain": "body.entries.touches.plain",
    "masked": "body.entries.touches.masked",
    "purpose": "body.entries.purpose",
    "outcome": "body.entries.outcome",
}
"""What the trail can be asked by, each in the order of time."""

CHANGES = "body.entries.id"
"""Ids of entries; in the blocks that hold a change entry there is an index."""

NAMES = "body.entries.touches.names"
"""Names of accounts and the like that change entries tell of, in the same blocks."""

RECORDS = "body.entries.touches.records"
"""Records that entries tell of, in the same blocks."""

HAS_CHANGE = {"body.entries.change": True}
_LAST_NUMBER = 2**64 - 1


def block_collection(database: AsyncDatabase[dict[str, Any]]) -> AsyncCollection[dict[str, Any]]:
    """The collection, with its concerns."""
    return database.get_collection(
        COLLECTION, read_concern=ReadConcern("majority"), write_concern=WriteConcern("majority")
    )


def block_indexes() -> list[IndexModel]:
    """One per question; and a small one that finds the beginnings of chains."""
    models = [IndexModel([(path, ASCENDING), *NEWEST_FIRST], name=f"by_{name}") for name, path in INDEXED.items()]
    beginnings = IndexModel([("body.number", ASCENDING)], name="beginnings", partialFilterExpression={"body.number": 0})
    changes = IndexModel([(CHANGES, ASCENDING)], name="by_change", partialFilterExpression=HAS_CHANGE)
    names = IndexModel([(NAMES, ASCENDING), *NEWEST_FIRST], name="by_name", partialFilterExpression=HAS_CHANGE)
    records = IndexModel([(RECORDS, ASCENDING), *NEWEST_FIRST], name="by_record", partialFilterExpression=HAS_CHANGE)
    return [IndexModel(NEWEST_FIRST, name="by_time"), *models, beginnings, changes, names, records]


async def ensure_block_indexes(database: AsyncDatabase[dict[str, Any]]) -> None:
    """Creates the missing indexes."""
    await database[COLLECTION].create_indexes(block_indexes())


async def links(blocks: AsyncCollection[dict[str, Any]]) -> list[tuple[bytes, list[Link]]]:
    """Of each chain, its id and the heads of others that its first block names."""
    beginnings = await blocks.find({"body.number": 0}, {"body.chain": 1, "body.links": 1}).to_list()
    return [
        (
            found["body"]["chain"],
            [Link(link["chain"], link["number"], link["hash"]) for link in found["body"].get("links", ())],
        )
        for found in beginnings
    ]


async def loose_ends(blocks: AsyncCollection[dict[str, Any]]) -> list[Link]:
    """The newest head of every chain that no other chain names yet: what a new chain has to name.

    Few commands, however many processes began a chain before: the last block is looked for only in those that went on
    behind the block that is named of them."""
    chains = await links(blocks)
    named: dict[bytes, int] = {}
    for link in (link for _, found in chains for link in found):
        named[link.chain] = max(link.number, named.get(link.chain, 0))
    following = [block_id(chain, number + 1) for chain, number in named.items()]
    gone_on = {row["_id"][:CHAIN_BYTES] async for row in blocks.find({"_id": {"$in": following}}, {"_id": 1})}
    ends = [await last_head(blocks, chain) for chain, _ in chains if chain not in named or chain in gone_on]
    return [end for end in ends if end is not None]


async def chained(blocks: AsyncCollection[dict[str, Any]], entry_ids: Collection[ObjectId]) -> set[ObjectId]:
    """Which of these change entries are in a block."""
    wanted = list(entry_ids)
    found = blocks.find({CHANGES: {"$in": wanted}, **HAS_CHANGE}, {CHANGES: 1})
    return {entry["id"] async for block in found for entry in block["body"]["entries"]}.intersection(wanted)


async def counts(blocks: AsyncCollection[dict[str, Any]], entry: Entry, block: bytes) -> bool:
    """Whether this copy of a change entry, which stands in `block`, is the one that counts: that of its author, else
    the one in the first block."""
    if not entry.get("again"):
        return True
    found = await blocks.find({CHANGES: entry["id"], **HAS_CHANGE}, {"body.entries": 1}).to_list()
    copies = [
        (bool(one.get("again")), held["_id"])
        for held in found
        for one in held["body"]["entries"]
        if one["id"] == entry["id"]
    ]
    return (True, block) <= min(copies)


class Chains:
    """The chains as they stand."""

    def __init__(self, blocks: AsyncCollection[dict[str, Any]]) -> None:
        self._blocks = blocks

    async def heads(self) -> list[tuple[datetime, Head]]:
        """When each chain began, and its newest head; the chain that began last comes first."""
        beginnings = await self._blocks.find({"body.number": 0}, {"body.chain": 1, "body.at": 1}).to_list()
        found = []
        for beginning in beginnings:
            chain = beginning["body"]["chain"]
            last = await self._blocks.find_one(_of_chain(chain), sort=[("_id", DESCENDING)])
            if last is not None:
                body = last["body"]
                ended = body["first"] + len(body["entries"]) - 1
                head = Head(chain, body["number"], ended, body["at"], last["hash"], body["key"], last["signature"])
                found.append((beginning["body"]["at"], head))
        return sorted(found, key=lambda chain: chain[0], reverse=True)


async def last_head(blocks: AsyncCollection[dict[str, Any]], chain: bytes) -> Link | None:
    """The newest head of a chain."""
    last = await blocks.find_one(_of_chain(chain), {"hash": 1, "body.number": 1}, sort=[("_id", DESCENDING)])
    return Link(chain, last["body"]["number"], last["hash"]) if last is not None else None


def _of_chain(chain: bytes) -> dict[str, Any]:
    return {"_id": {"$gte": block_id(chain, 0), "$lte": block_id(chain, _LAST_NUMBER)}}


async def all_blocks(blocks: AsyncCollection[dict[str, Any]]) -> AsyncIterator[bytes]:
    """Every block as stored, in the order of the chains."""
    raw: AsyncCollection[RawBSONDocument] = blocks.with_options(CodecOptions(document_class=RawBSONDocument))
    async for block in raw.find(sort=[("_id", ASCENDING)]):
        yield bytes(block.raw)
