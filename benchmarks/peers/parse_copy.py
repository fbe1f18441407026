"""Parse Server's copy of the enterprises: it reads only a database in its own layout.

Texts where Parse has no type of its own (enumerations, dates, decimals, ciphertexts in base64); everything else as it
is stored. Made anew for each run: it takes two seconds.
"""

from __future__ import annotations

import base64
from typing import Any

from bson import Binary, Decimal128
from pymongo import DESCENDING

from benchmarks.dataset import ROLE
from benchmarks.peers.secrets_file import connected
from benchmarks.workloads import DENIED_FIELDS, PLAIN_FIELDS, READABLE_FIELD, public_name

CLASS = "Enterprise"
_CHOICES = frozenset({"status", "legal_form", "size"})
_NAMES = (*PLAIN_FIELDS, READABLE_FIELD, *DENIED_FIELDS)
_BATCH = 2_000


def parse_document(row: dict[str, Any]) -> dict[str, Any]:
    """A row of `customers` as Parse stores an object."""
    document: dict[str, Any] = {
        "_id": f"{row['kind']}_{row['_id']}",
        "_created_at": row["created_at"],
        "_updated_at": row["updated_at"],
        "_rperm": [f"role:{ROLE}"],
        "_wperm": [],
    }
    for name in _NAMES:
        value = row.get(name)
        if value is not None and name != "created_at":
            document[public_name(name)] = _stored(name, value)
    return document


def _stored(name: str, value: Any) -> Any:
    if name in _CHOICES:
        return value.upper()
    if isinstance(value, bytes | Binary):
        return base64.b64encode(value).decode()
    return str(value) if isinstance(value, Decimal128) else value


async def copy_for_parse(uri: str, database: str, copy: str) -> int:
    """Copies all enterprises from `database` to `copy`; returns how many."""
    async with connected(uri, database) as source:
        await source.client.drop_database(copy)
        target = source.client[copy][CLASS]
        await target.create_index([("_created_at", DESCENDING), ("_id", DESCENDING)])
        copied = 0
        batch: list[dict[str, Any]] = []
        async for row in source["customers"].find({"kind": "enterprise"}):
            batch.append(parse_document(row))
            copied += 1
            if len(batch) == _BATCH:
                await target.insert_many(batch)
                batch = []
        if batch:
            await target.insert_many(batch)
        return copied
