"""A worker that rewraps keys, slowly enough to be killed in the middle: here, or in a process of its own.

`python -m tests.jobs.key_worker URI DATABASE ROOT_KEY LEASE_SECONDS` works until it is killed.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from pymongo import AsyncMongoClient

from documents.chapters.encryption.rotation import INDEXES, CustomerKeys, KeyRotation
from documents.chapters.jobs.ledger import JobLedger
from documents.encryption.key_providers import LocalKeyProvider
from documents.encryption.keyring import Keyring
from documents.encryption.seals import SECRET_NAME, Seals
from documents.storing.indexes import make_indexes
from documents.writing.unit_of_work import UnitOfWork
from jobs.chapters import encryption as keys
from jobs.engine import JobEngine
from jobs.runner import JobRunner, Worker
from tests.jobs.workshop import POLL, ROOT, Database
from tests.units import units_of


class SlowRotation(KeyRotation):
    """Every batch takes `pause` seconds longer; nobody else has to be waited for."""

    pause = 0.0

    async def rewrap(self, unit: UnitOfWork, customers: Sequence[CustomerKeys]) -> None:
        await super().rewrap(unit, customers)
        await asyncio.sleep(self.pause)

    async def unsettled_seconds(self) -> float:
        return 0.0


@dataclass(frozen=True)
class _Resources:
    keys: SlowRotation


async def key_engine(
    database: Database, root_key: Path, name: str, lease: float, pause: float
) -> tuple[JobEngine, SlowRotation]:
    """A worker that knows the one job."""
    keyring = Keyring(database, LocalKeyProvider(root_key))
    await keyring.open()
    units = units_of(database)
    rotation = SlowRotation(database, keyring.vault, units)
    ledger = JobLedger(database, Seals(await keyring.secret(SECRET_NAME)), units)
    rotation.pause = pause
    await make_indexes(database, INDEXES)
    # Without its schedule: the daily pass would do the work of the job that is looked at.
    once = [replace(keys.rewrap_keys, schedule=None, first_delay=timedelta(milliseconds=20))]
    runner = JobRunner(ledger, once, _Resources(rotation), Worker(name, tuple), timedelta(seconds=lease))
    return JobEngine(runner, poll_seconds=POLL), rotation


@contextmanager
def key_process(uri: str, database: str, root_key: Path, lease: float) -> Iterator[subprocess.Popen[str]]:
    """A worker in a process of its own, once it works."""
    command = [sys.executable, "-m", "tests.jobs.key_worker", uri, database, str(root_key), str(lease)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "working\n"
        yield process
    finally:
        process.kill()
        process.communicate()


async def _work(uri: str, database: str, root_key: str, lease: str) -> None:
    client: AsyncMongoClient[dict[str, Any]]
    async with AsyncMongoClient(uri, tz_aware=True) as client:
        engine, _ = await key_engine(client[database], Path(root_key), "process", float(lease), 0.05)
        async with engine.running():
            print("working", flush=True)
            await asyncio.Event().wait()


if __name__ == "__main__":
    keys.BATCH = 5  # type: ignore[misc]
    asyncio.run(_work(*sys.argv[1:]))
