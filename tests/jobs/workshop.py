"""Jobs to try the engine on, and a worker with them: in this process, or in one of its own that can be killed.

`python -m tests.jobs.workshop URI DATABASE LEASE_SECONDS [BROKER]` works until SIGTERM.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from documents.chapters.jobs.kinds import JobRecord
from documents.chapters.jobs.ledger import INDEXES, JobLedger
from documents.chapters.jobs.views import JobViews
from documents.encryption.seals import Seals
from documents.storing.indexes import make_indexes
from documents.writing.unit_of_work import UnitOfWork
from jobs.context import JobContext
from jobs.definition import JobDefinition, job
from jobs.engine import JobEngine
from jobs.runner import JobRunner, Worker
from tests.patience import patience
from tests.units import units_of

ROOT = Path(__file__).parent.parent.parent
POLL = 0.02

KEY = bytes(32)
Database = AsyncDatabase[dict[str, Any]]


@dataclass(frozen=True)
class Unit:
    """One unit of work."""

    id: str


class Workshop:
    """The jobs, over one database. Each unit that is done leaves one document in `effects`."""

    def __init__(self, database: Database, key: bytes = KEY) -> None:
        """`key`: that of the seals, where others work at the same database."""
        self.database = database
        self.units = units_of(database)
        self.ledger = JobLedger(database, Seals(key), self.units)
        self.views = JobViews(database)
        self.definitions: list[JobDefinition[None]] = [
            job("test.units")(self._units),
            job("test.refused", attempts=3, first_delay=timedelta(milliseconds=40))(self._refused),
            job("test.note")(self._note),
        ]

    async def prepare(self) -> None:
        """Makes the indexes."""
        await make_indexes(self.database, INDEXES)

    async def end_orphaned_transactions(self) -> None:
        """Ends what killed processes left open now, not after the minute that the server gives it."""
        admin = self.database.client.admin
        idle: list[dict[str, Any]] = [
            {"$currentOp": {"allUsers": True, "idleSessions": True}},
            {"$match": {"type": "idleSession"}},
        ]
        sessions = [operation["lsid"] async for operation in await admin.aggregate(idle)]
        await admin.command("killSessions", [{"id": session["id"]} for session in sessions])

    def engine(self, worker: str = "here", *, lease: float = 60, **options: Any) -> JobEngine:
        """A worker."""
        runner = JobRunner(self.ledger, self.definitions, None, Worker(worker, tuple), timedelta(seconds=lease))
        return JobEngine(runner, poll_seconds=POLL, **options)

    async def _units(self, context: JobContext[None]) -> None:
        """`count` units of work of `pause` milliseconds, in batches of 5."""
        count, pause = int(context.arguments["count"]), int(context.arguments["pause"])

        async def pages(after: str | None, limit: int) -> Sequence[Unit]:
            start = 0 if after is None else int(after) + 1
            return [Unit(f"{number:06}") for number in range(start, min(count, start + limit))]

        await context.progress(context.done, count)
        async for batch in context.batches(pages, size=5):

            async def work(unit: UnitOfWork, ids: tuple[str, ...] = tuple(u.id for u in batch.items)) -> None:
                for done in ids:
                    effect = {"job": context.id, "unit": done}
                    await self.database["effects"].insert_one(effect, session=unit.session)
                    await asyncio.sleep(pause / 1000)

            await batch.commit(work)

    async def _refused(self, _: JobContext[None]) -> None:
        raise RuntimeError("the telephone of Zhang San is 13800138000")

    async def _note(self, context: JobContext[None]) -> None:
        await self.database["notes"].insert_one({"job": context.id, "number": context.arguments.get("number")})

    async def finished(self, job_id: str) -> JobRecord:
        """The job, once it is finished."""
        async with patience():
            async for record in self.views.watch(job_id):
                if record.state.is_finished:
                    return record
        raise AssertionError("the job was not followed to its end")

    async def effects(self, job_id: str) -> list[str]:
        """The units that were done, in order."""
        return sorted([row["unit"] async for row in self.database["effects"].find({"job": job_id})])


@contextmanager
def worker_process(uri: str, database: str, *options: str, lease: float = 5.0) -> Iterator[subprocess.Popen[str]]:
    """A worker in a process of its own, once it works."""
    command = [sys.executable, "-m", "tests.jobs.workshop", uri, database, str(lease), *options]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "working\n"
        yield process
    finally:
        process.kill()
        process.communicate()


@asynccontextmanager
async def _opened(uri: str, database: str) -> AsyncIterator[Workshop]:
    client: AsyncMongoClient[dict[str, Any]]
    async with AsyncMongoClient(uri, tz_aware=True) as client:
        yield Workshop(client[database])


async def _work(uri: str, database: str, lease: str, broker: str | None = None) -> None:
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    async with _opened(uri, database) as workshop:
        engine = workshop.engine(f"process-{lease}", lease=float(lease), broker_url=broker)
        async with engine.running():
            print("working", flush=True)
            await stopped.wait()


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    asyncio.run(_work(*sys.argv[1:]))
