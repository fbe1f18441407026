"""Which rule sets the newest part of the trail was decided by: what a process learns of the rules from outside the
collections of the rules.

It believes signed blocks only, and says nothing where there are none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from cryptography.exceptions import InvalidSignature
from pymongo.asynchronous.collection import AsyncCollection

from documents.audit.blocks import NEWEST_FIRST
from documents.audit.chain import Head, TrailKey

BELIEVED: Final = 20
"""How many signed blocks are asked."""
LOOKED_AT: Final = 200
"""After how many blocks, signed or not, nobody looks any further."""


async def newest_rule_set(blocks: AsyncCollection[dict[str, Any]], key: TrailKey) -> int:
    """The highest version that the newest signed blocks name; 0 where they name none."""
    raw: AsyncCollection[RawBSONDocument] = blocks.with_options(
        CodecOptions(document_class=RawBSONDocument, tz_aware=True)
    )
    newest = believed = 0
    async for block in raw.find(sort=NEWEST_FIRST, limit=LOOKED_AT):
        if _is_signed(block, key):
            believed += 1
            newest = max(newest, *_versions(block["body"]))
        if believed == BELIEVED:
            break
    return newest


def _is_signed(block: Mapping[str, Any], key: TrailKey) -> bool:
    try:
        body = block["body"]
        digest = hashlib.sha256(body.raw).digest()
        last = body["first"] + len(body["entries"]) - 1
        head = Head(body["chain"], body["number"], last, body["at"], digest, body["key"])
        key.public.verify(block["signature"], head.signed_bytes())
    except (InvalidSignature, AttributeError, KeyError, TypeError, ValueError, OverflowError):
        return False
    return True


def _versions(body: Mapping[str, Any]) -> Iterator[int]:
    """Of format 1, whose entries name versions, and of those that name each with its hash."""
    yield 0
    for entry in body["entries"]:
        for named in entry["rules"]:
            yield named["version"] if isinstance(named, Mapping) else named
