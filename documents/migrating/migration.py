"""Brings a database to the layout of this program: the steps that are not done yet, then the missing indexes.

Owns that each step is taken by one process at a time, and taken up where a killed one left it. It must never go back: a
newer layout is refused. Whoever runs it sees to it that nothing else uses the database meanwhile.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any, Final

from pymongo import ReturnDocument

from documents.encryption.keyring import Keyring
from documents.errors import MigrationLostError
from documents.migrating.layout import MARK, Database, Layout, Mark, mark_collection
from documents.migrating.step import Checkpoint, Report, Step
from documents.storing.indexes import make_indexes

LEASE: Final = timedelta(seconds=20)
"""How long a run that says nothing more is waited for."""

_WAIT_SECONDS: Final = 0.5
_INDEXES: Final = "indexes"


class Migration:
    """One run over one database. `report` is told how far it is, or how far the run is that is waited for."""

    def __init__(
        self, database: Database, keyring: Keyring, layout: Layout, report: Report, lease: timedelta = LEASE
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._layout = layout
        self._report = report
        self._lease = lease
        self._token = secrets.token_hex(12)
        self._marks = mark_collection(database)

    async def run(self) -> bool:
        """Whether anything was to be done. Raises LayoutError, and what a step raises: it is run again next time."""
        unmarked: dict[str, Any] = {"version": 0, "fingerprints": []}
        await self._marks.update_one({"_id": MARK}, {"$setOnInsert": unmarked}, upsert=True)
        was_there = True
        while not self._layout.is_that_of(mark := await self._marks.find_one({"_id": MARK}) or unmarked):
            was_there = False
            if (taken := await self._take()) is not None:
                async with self._held():
                    with suppress(MigrationLostError):  # then it is waited for like every other
                        await self._finish(taken)
            else:
                if run := mark.get("run"):
                    self._report(f"another process: {run['step']}", run["done"], run["total"])
                await asyncio.sleep(_WAIT_SECONDS)
        return not was_there

    async def _finish(self, mark: Mark) -> None:
        """The steps after the mark's, then the indexes."""
        for step in self._layout.steps[mark["version"] :]:
            kept = mark["run"].get("checkpoint") if mark["version"] + 1 == step.number else None
            await self._begin(step.name)
            await step.run(self._database, self._keyring, _Kept(self, step, kept))
            # Indexes of the layout before say nothing of this one's.
            done = {"$set": {"version": step.number, "fingerprints": []}, "$unset": {"run.checkpoint": ""}}
            await self.write(done)
        await self._begin(_INDEXES)
        await make_indexes(self._database, self._layout.indexes)
        await self.write({"$addToSet": {"fingerprints": self._layout.fingerprint}, "$unset": {"run": "", "new": ""}})

    async def _begin(self, name: str) -> None:
        self._report(name, 0, 0)
        await self.write({"$set": {"run.step": name, "run.done": 0, "run.total": 0}})

    async def keep(self, step: Step, checkpoint: Checkpoint, done: int, total: int) -> None:
        """For `Progress`."""
        await self.write({"$set": {"run.checkpoint": dict(checkpoint), "run.done": done, "run.total": total}})
        self._report(step.name, done, total)

    async def write(self, change: dict[str, Any]) -> None:
        """Changes the mark as long as this run has the lease. Raises MigrationLostError."""
        written = await self._marks.update_one({"_id": MARK, "run.token": self._token}, change)
        if written.matched_count == 0:
            raise MigrationLostError

    async def _take(self) -> Mark | None:
        """The mark, of which this run has the lease now; None where another one has it. The clock is the database's."""
        free = {"$or": [{"run": {"$exists": False}}, {"$expr": {"$lt": ["$run.until", "$$NOW"]}}]}
        first = {"step": "", "done": 0, "total": 0}
        return await self._marks.find_one_and_update(
            {"_id": MARK, **free},
            [{"$set": {"run": {"$mergeObjects": [first, "$run", {"token": self._token, "until": self._until()}]}}}],
            return_document=ReturnDocument.AFTER,
        )

    def _until(self) -> dict[str, Any]:
        return {"$add": ["$$NOW", round(self._lease.total_seconds() * 1000)]}

    @asynccontextmanager
    async def _held(self) -> AsyncIterator[None]:
        """Renews the lease meanwhile, and gives it up at once where the work ends early; what was kept stays."""
        renewing = asyncio.create_task(self._renew())
        try:
            yield
        finally:
            renewing.cancel()
            await asyncio.wait([renewing])
            await self._marks.update_one({"_id": MARK, "run.token": self._token}, [{"$set": {"run.until": "$$NOW"}}])

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._lease.total_seconds() / 4)
            await self._marks.update_one(
                {"_id": MARK, "run.token": self._token}, [{"$set": {"run.until": self._until()}}]
            )


class _Kept:
    """The `Progress` of one step."""

    def __init__(self, migration: Migration, step: Step, checkpoint: Checkpoint | None) -> None:
        self._migration = migration
        self._step = step
        self.checkpoint = checkpoint

    async def keep(self, checkpoint: Checkpoint, done: int, total: int) -> None:
        await self._migration.keep(self._step, checkpoint, done, total)
        self.checkpoint = checkpoint
