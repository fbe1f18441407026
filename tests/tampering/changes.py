"""What somebody who may write to the database, and has no key, can do to a stored row: generated, field by field."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase

Database = AsyncDatabase[dict[str, Any]]
Collection = AsyncCollection[dict[str, Any]]


@dataclass(frozen=True)
class Change:
    """An edit of one field, given as its path, or its removal."""

    path: str
    removes: bool

    def __str__(self) -> str:
        return f"{self.path} {'removed' if self.removes else 'edited'}"

    async def make(self, rows: Collection, row_id: object) -> None:
        """Does it; fails the test where the row is as before."""
        row = await rows.find_one({"_id": row_id}) or {}
        value = _at(row, self.path)
        update = {"$unset": {self.path: ""}} if self.removes else {"$set": {self.path: other_than(value)}}
        assert (await rows.update_one({"_id": row_id}, update)).modified_count == 1


def changes(fields: Iterable[str]) -> list[Change]:
    """Every edit and removal."""
    return [Change(field, removes) for field in fields for removes in (False, True)]


def other_than(value: Any) -> Any:
    """Another value of the same type."""
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case str():
            return f"{value}x"
        case bytes():
            return bytes([value[0] ^ 1]) + value[1:] if value else b"x"
        case datetime():
            return value + timedelta(days=365)
        case list():
            return value[1:] if value else ["x"]
        case dict():
            return {} if value else {"x": "x"}
        case _:
            return "x"


def _at(row: Mapping[str, Any], path: str) -> Any:
    value: Any = row
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


async def put(rows: Collection, row: Mapping[str, Any]) -> None:
    """The row as it is given, whatever stands there."""
    await rows.replace_one({"_id": row["_id"]}, row, upsert=True)


def numbered(name: str) -> Iterator[str]:
    """`name.0`, `name.1` and so on."""
    number = 0
    while True:
        yield f"{name}.{number}"
        number += 1
