"""Examining the trail of a database from end to end, with the key and the heads that were kept outside it; and
comparing it with the rows that it tells of.

It needs neither the root key nor the application, so that an outside auditor can do it with read access to the
database, the public key and a file of heads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from documents.audit.blocks import all_blocks, block_collection, links
from documents.audit.chain import key_id
from documents.audit.heads import read_heads
from documents.chapters.audit.agreement import Agreement, AuditedRows, RowFinding
from documents.chapters.audit.verification import Claim, Finding, Verifier, claims_of_heads, claims_of_links

Keys = dict[bytes, Ed25519PublicKey]
REPORTED_EVERY = 100


@dataclass(slots=True)
class Examined:
    """What was looked at."""

    blocks: int = 0
    heads: int = 0
    rows: int = 0
    changes: int = 0
    findings: int = 0


@dataclass(frozen=True, slots=True)
class Kept:
    """What was kept outside the database: the public keys, and a file of heads if there is one."""

    keys: Keys
    heads: Path | None


@dataclass(frozen=True, slots=True)
class Stored:
    """The database, and which of its rows the trail tells of."""

    uri: str
    database: str
    audited: Sequence[AuditedRows]


async def examine(
    place: Stored, kept: Kept, found: Callable[[Finding | RowFinding], None], progress: Callable[[int, int], None]
) -> Examined:
    """Tells `found` whatever is wrong, as it comes; `progress` takes blocks done and blocks in all."""
    examined = Examined()

    def report(finding: Finding | RowFinding) -> None:
        examined.findings += 1
        found(finding)

    claims: list[Claim] = []
    for claim in claims_of_heads(read_heads(kept.heads), kept.keys) if kept.heads is not None else ():
        examined.heads += 1
        if isinstance(claim, Claim):
            claims.append(claim)
        else:
            report(claim)
    client: AsyncMongoClient[dict[str, Any]]
    async with AsyncMongoClient(place.uri, tz_aware=True) as client:
        database: AsyncDatabase[dict[str, Any]] = client[place.database]
        blocks = block_collection(database)
        # Heads were read before blocks: what was published by then is stored by now.
        verifier = Verifier([*claims, *claims_of_links(await links(blocks))], kept.keys)
        total = await blocks.estimated_document_count()
        async for block in all_blocks(blocks):
            for finding in verifier.block(block):
                report(finding)
            examined.blocks += 1
            if examined.blocks % REPORTED_EVERY == 0:
                progress(examined.blocks, max(total, examined.blocks))
        for finding in verifier.end():
            report(finding)
        compared = await Agreement(database, place.audited).compare()
        for row in compared.findings:
            report(row)
        examined.rows, examined.changes = compared.rows, compared.changes
    progress(examined.blocks, examined.blocks)
    return examined


def read_keys(path: Path) -> Keys:
    """The Ed25519 public keys of a PEM file, by their ids. Raises OSError; ValueError where it holds none."""
    keys = {key_id(key.public_bytes_raw()): key for key in _keys(path.read_bytes())}
    if not keys:
        raise ValueError("no public key")
    return keys


def _keys(content: bytes) -> Iterator[Ed25519PublicKey]:
    end = b"-----END PUBLIC KEY-----"
    for part in content.split(end)[:-1]:
        key = load_pem_public_key(part.strip() + b"\n" + end + b"\n")
        if not isinstance(key, Ed25519PublicKey):
            raise ValueError("no Ed25519 key")
        yield key
