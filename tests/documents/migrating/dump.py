"""A database as it was before there were layouts, with what a client was told of it then. Invented people alone.

    before/database.bson.gz    a document per collection: its name, its indexes and its documents
    before/root.key, audit-heads.ndjson, audit-key.pem    the files of the data directory; the key opens this dump alone
    before/answers.json        requests, with the data of their answers
Every login has `PASSWORD`.
"""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import bson
from pymongo import IndexModel
from pymongo.asynchronous.database import AsyncDatabase

from tests.passwords import quick_hash

Database = AsyncDatabase[dict[str, Any]]

PASSWORD: Final = "correct horse battery"
FOLDER: Final = Path(__file__).parent / "before"
FILES: Final = ("root.key", "audit-heads.ndjson", "audit-key.pem")


def collections() -> list[dict[str, Any]]:
    """What was dumped of each collection."""
    return bson.decode_all(gzip.decompress((FOLDER / "database.bson.gz").read_bytes()))


def answers() -> list[dict[str, Any]]:
    """`username`, `purpose`, `query` and the `data` that came."""
    answered: list[dict[str, Any]] = json.loads((FOLDER / "answers.json").read_text(encoding="utf-8"))
    return answered


async def restore(database: Database, data_dir: Path) -> None:
    """Puts the dump into an empty database, and its files into a directory."""
    for dumped in collections():
        collection = database[dumped["collection"]]
        if dumped["indexes"]:
            await collection.create_indexes([_model(index) for index in dumped["indexes"]])
        if dumped["documents"]:
            await collection.insert_many(dumped["documents"])
    # What time has ended since is no matter here, nor is how long a password is checked.
    still = {"cleared_until": datetime(9999, 1, 1, tzinfo=UTC), "password_hash": quick_hash(PASSWORD)}
    await database["accounts"].update_many({"cleared_until": {"$ne": None}}, {"$set": still})
    _put_files(data_dir)


def _put_files(data_dir: Path) -> None:
    for name in FILES:
        (data_dir / name).touch(mode=0o600)
        (data_dir / name).write_bytes((FOLDER / name).read_bytes())


def _model(index: dict[str, Any]) -> IndexModel:
    options = {name: value for name, value in index.items() if name not in {"v", "key"}}
    return IndexModel(list(index["key"].items()), **options)
