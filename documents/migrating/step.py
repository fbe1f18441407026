"""One step from a layout to the next, and what it is told and can keep while it runs.

INVARIANT of every step: it can be run again from any point, on rows that it has or has not changed, also while another
process runs it. Whatever was killed is taken up at the last checkpoint, and what came after that is done twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from pymongo.asynchronous.database import AsyncDatabase

from documents.encryption.keyring import Keyring

Checkpoint = Mapping[str, Any]
"""How far a step came, as it likes to know it: what BSON holds."""

Report = Callable[[str, int, int], None]
"""Told (what is done, done, total) now and then; total is 0 where it is not known."""


class Progress(Protocol):
    """What a running step has of its surroundings."""

    @property
    def checkpoint(self) -> Checkpoint | None:
        """What was kept last, by this run or by one that was killed; None at the first start."""
        ...

    async def keep(self, checkpoint: Checkpoint, done: int, total: int) -> None:
        """Keeps how far the step came, and shows it. MigrationLostError where another process goes on with it."""
        ...


@dataclass(frozen=True, slots=True)
class Step:
    """Brings a database from layout `number` - 1 to layout `number`. `name` tells an operator what is done."""

    number: int
    name: str
    run: Callable[[AsyncDatabase[Any], Keyring, Progress], Awaitable[None]]
