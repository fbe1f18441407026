"""Reading from the trail what is to be proven to an outsider.

Needs the database alone: neither the root key nor a server. A block that was altered is proven to nobody.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from bson import ObjectId
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import ASCENDING, AsyncMongoClient
from pymongo.asynchronous.collection import AsyncCollection

from documents.audit.blocks import INDEXED, block_collection
from documents.audit.proofs import Asked, ProvenBlock, proof_json, prove_block
from documents.audit.stored_blocks import StoredBlock, read_block


class AlteredBlockError(Exception):
    """A block that is asked for is not as it was written."""


@dataclass(slots=True)
class Proving:
    """How many entries a proof has, and how many it cannot have, because they stand in blocks of format 1."""

    blocks: int = 0
    entries: int = 0
    unprovable: int = 0


async def write_proof(uri: str, database: str, asked: Asked, write: Callable[[str], object]) -> Proving:
    """Writes the proof, part by part, and counts what is in it. Raises AlteredBlockError: then it is not whole."""
    counted = Proving()
    client: AsyncMongoClient[dict[str, Any]]
    async with AsyncMongoClient(uri, tz_aware=True) as client:
        async for part in proof_json(asked, _proven(block_collection(client[database]), asked, counted)):
            write(part)
    return counted


async def _proven(
    blocks: AsyncCollection[dict[str, Any]], asked: Asked, counted: Proving
) -> AsyncIterator[ProvenBlock]:
    """What there is to prove, in the order of time; counts it in `counted`."""
    raw: AsyncCollection[RawBSONDocument] = blocks.with_options(CodecOptions(document_class=RawBSONDocument))
    customer = ObjectId(asked.customer) if asked.customer is not None else None
    async for found in raw.find(_condition(asked, customer)).sort([("body.at", ASCENDING), ("_id", ASCENDING)]):
        block = read_block(bytes(found.raw))
        if block is None or block.is_misplaced or not (block.is_intact and block.is_rooted):
            raise AlteredBlockError
        if block.frame is None:
            counted.unprovable += sum(_has(block, number, customer) for number in range(len(block.entries)))
            continue
        if (proven := prove_block(block, customer)) is not None:
            counted.blocks += 1
            counted.entries += len(proven.entries)
            yield proven


def _condition(asked: Asked, customer: ObjectId | None) -> dict[str, Any]:
    condition: dict[str, Any] = {INDEXED["customer"]: customer} if customer is not None else {}
    bounds = {"$gte": asked.since, "$lt": asked.until}
    within = {operator: bound for operator, bound in bounds.items() if bound is not None}
    return condition | ({"body.at": within} if within else {})


def _has(block: StoredBlock, number: int, customer: ObjectId | None) -> bool:
    touches = block.entries[number].get("touches", ())
    return customer is None or any(customer in touch.get("customers", ()) for touch in touches)
