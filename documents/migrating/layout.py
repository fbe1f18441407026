"""The layout of a database, and the mark in it that says which one it has.

Owns what opening a database looks at: one document. A database is opened where its mark names the layout of this
program and the indexes that this program declares; an empty one is made; every other one is refused in one sentence.

    layout  {_id: "layout", version: number of the last step done, fingerprints: [hex], new: true while it is made,
             run: {token, until, step, checkpoint, done, total} while a migration runs}

`fingerprints` are of all declared sets of indexes that the database has. An index is never dropped for being unknown,
so that two programs of one layout, of which one declares more, can be open at the same time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from pymongo import IndexModel
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from documents.errors import LayoutError
from documents.migrating.step import Step
from documents.storing.indexes import make_indexes

Database = AsyncDatabase[dict[str, Any]]
Mark = Mapping[str, Any]

MARK: Final = "layout"
"""The collection of the mark, and the `_id` of it there."""

_FIRST_WRITTEN: Final = ("vault_keys", "data_keys", "accounts", "customers", "rule_sets")
"""Where one of these has a document, the database is not empty."""


@dataclass(frozen=True, eq=False)
class Layout:
    """One layout: the steps that lead to it, and the declared indexes by collection."""

    steps: Sequence[Step]
    indexes: Mapping[str, Sequence[IndexModel]]

    @property
    def version(self) -> int:
        """The number of the last step."""
        return len(self.steps)

    @cached_property
    def fingerprint(self) -> str:
        """Tells this layout with these indexes from every other: 32 hexadecimal digits."""
        declared = sorted(
            (collection, model.document["name"], json.dumps(model.document, default=str))
            for collection, models in self.indexes.items()
            for model in models
        )
        return hashlib.sha256(json.dumps([self.version, declared]).encode()).hexdigest()[:32]

    def is_that_of(self, mark: Mark) -> bool:
        """Whether a database with this mark can be opened as it is. Raises LayoutError where it is a newer one."""
        if mark["version"] > self.version:
            raise LayoutError(
                f"the database has layout {mark['version']}, and this version of Dossier reads layout {self.version}: "
                "start the version that wrote it, or a newer one"
            )
        return mark["version"] == self.version and self.fingerprint in mark["fingerprints"]


def mark_collection(database: Database) -> AsyncCollection[dict[str, Any]]:
    """The collection of the mark."""
    return database[MARK]


async def require(database: Database, layout: Layout) -> None:
    """Looks whether the database has this layout; makes an empty one. LayoutError where it has another one.

    Costs one read where all is well."""
    if not layout.is_that_of(await mark_of(database, layout)):
        raise LayoutError(
            f"the database `{database.name}` was last used by an older version of Dossier: stop every process that "
            "uses it, make a backup, and run `dossier migrate`"
        )


async def mark_of(database: Database, layout: Layout) -> Mark:
    """The mark; an empty database is made first, of this layout. Several processes may find it empty at one time."""
    marks = mark_collection(database)
    mark = await marks.find_one({"_id": MARK}) or await _mark_of_new(database, layout)
    if mark.get("new") and mark["version"] == layout.version:
        await make_indexes(database, layout.indexes)
        await marks.update_one(
            {"_id": MARK}, {"$addToSet": {"fingerprints": layout.fingerprint}, "$unset": {"new": ""}}
        )
        mark = await marks.find_one({"_id": MARK}) or mark
    return mark


async def _mark_of_new(database: Database, layout: Layout) -> Mark:
    """The mark of a database that had none. What is empty begins with one; what holds anything is of layout 0."""
    empty = True
    for name in _FIRST_WRITTEN:
        empty = empty and await database[name].find_one({}, {"_id": 1}) is None
    mark: dict[str, Any] = {"_id": MARK, "version": layout.version, "fingerprints": [], "new": True}
    if empty:
        try:
            await mark_collection(database).insert_one(mark)
        except DuplicateKeyError:
            empty = False  # another process was first
        else:
            return mark
    return await mark_collection(database).find_one({"_id": MARK}) or {"version": 0, "fingerprints": []}
