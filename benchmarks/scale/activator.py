"""A process that puts rule sets in force when told to, as an administrator's program beside a running server does.

Reads `1` (the reader may read the telephone) or `0` a line, activates that rule set through `PolicyStore`, and answers
with three times of the monotonic clock in nanoseconds: before, committed, done.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from benchmarks.scale.rules import rules_of_size
from documents.chapters.policies.rule_sets import RuleSetRepository
from documents.encryption.key_providers import LocalKeyProvider
from documents.encryption.keyring import Keyring
from documents.encryption.seals import SECRET_NAME, Seals
from documents.registry import FULL_CATALOGUE
from documents.writing.idempotency import IdempotencyRepository
from documents.writing.unit_of_work import Units
from policies.in_force import PolicyStore


class _TimedRepository(RuleSetRepository):
    """Notes when a change is committed."""

    committed = 0

    async def activate(self, *arguments: Any, **named: Any) -> int:
        version = await super().activate(*arguments, **named)
        self.committed = time.monotonic_ns()
        return version


async def _run() -> None:
    environ = os.environ
    count = int(environ["BENCH_RULES"])
    rule_sets = {"1": rules_of_size(count), "0": rules_of_size(count, telephone=False)}
    client: AsyncMongoClient[dict[str, Any]]
    async with AsyncMongoClient(environ["BENCH_MONGODB_URI"], tz_aware=True, w="majority") as client:
        database: AsyncDatabase[dict[str, Any]] = client[environ["BENCH_DATABASE"]]
        keyring = Keyring(database, LocalKeyProvider(Path(environ["BENCH_ROOT_KEY"])))
        await keyring.open()
        units = Units(database, IdempotencyRepository(database, b""), None)
        repository = _TimedRepository(database, Seals(await keyring.secret(SECRET_NAME)), units)
        store = PolicyStore(repository, FULL_CATALOGUE)
        await store.open()
        print("ready", flush=True)
        while line := sys.stdin.readline():  # nothing else waits in this process
            before = time.monotonic_ns()
            await store.activate(rule_sets[line.strip()], by="benchmark")
            print(before, repository.committed, time.monotonic_ns(), flush=True)


if __name__ == "__main__":
    asyncio.run(_run())
