"""What the log is told of rows that the product did not write as they are: once of each, by its id alone."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from bson import ObjectId

Row: TypeAlias = dict[str, Any]

REPORTED: Final = 100_000
"""Of how many rows is remembered that they were reported."""

NOBODYS: Final = "does not prove whose it is, and is shown to nobody"
UNBELIEVED: Final = "was not written by Dossier as it is, or is not its newest state: nothing is decided by it"

log = logging.getLogger(__name__)


class ForgeryReport:
    """Says of each row of one collection once what becomes of it."""

    def __init__(self, collection: str, verdict: str = NOBODYS) -> None:
        self._collection = collection
        self._verdict = verdict
        self._reported: dict[str, None] = {}

    def without(self, rows: list[Row], is_genuine: Callable[[Row], bool]) -> list[Row]:
        """The genuine ones; the others are reported."""
        genuine = list(filter(is_genuine, rows))
        if len(genuine) < len(rows):
            for row in rows:
                if not is_genuine(row):
                    self.add(row)
        return genuine

    def add(self, row: Row) -> None:
        """Ids alone: whoever wrote the row chose all else in it."""
        row_id = row["_id"]
        name = str(row_id) if isinstance(row_id, ObjectId) else f"an id of type {type(row_id).__name__}"
        if name in self._reported:
            return
        if len(self._reported) >= REPORTED:
            del self._reported[next(iter(self._reported))]
        self._reported[name] = None
        log.critical("a row of %s %s: %s", self._collection, self._verdict, name)
