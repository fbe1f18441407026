"""Entries of requests that are alike in everything but rows: what they have in common is made once.

Making an entry costs as much as a small read. Most are reads of the same operation by the same account, under the same
rules; their form is kept, and filled with the ids of rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, cast

from bson import ObjectId

from documents.access.trace import Rows
from documents.audit.entries import Entry, ids_of
from documents.audit.leaves import context


class FilledEntry(dict[str, Any]):
    """An entry made from a form: not to be changed, for the hash of its context comes along."""

    __slots__ = ("context_hash",)

    def __init__(self, context_hash: bytes) -> None:
        super().__init__(id=ObjectId())
        self.context_hash = context_hash


class Form:
    """What is common to `entry` and all that differ from it in rows alone. Shared: not to be changed."""

    def __init__(self, entry: Entry) -> None:
        self._entry = {name: value for name, value in entry.items() if name != "id"}
        self._touches = [
            (
                {"act": touch["act"], "kind": touch["kind"]},
                {name: value for name, value in touch.items() if name not in ("act", "kind", "customers", "records")},
            )
            for touch in entry.get("touches", ())
        ]
        self._context_hash = hashlib.sha256(context(entry)).digest()

    def filled(self, rows: Iterable[Rows]) -> Entry:
        """An entry with an id of its own and these rows, those of each touch in their order."""
        entry = FilledEntry(self._context_hash)
        entry.update(self._entry)
        if self._touches:
            entry["touches"] = [
                {**said, **ids_of(of_touch), **levels}
                for (said, levels), of_touch in zip(self._touches, rows, strict=True)
            ]
        return cast("Entry", entry)
