"""What killed processes leave open on the server: ended soon, and nothing of the living with it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any, Final

import pytest
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.server_api import ServerApi

from documents.database.dead_processes import DeadProcesses, process_name
from documents.opening import Place, open_storage
from documents.writing.idempotency import IdempotentRequest
from documents.writing.records import RecordWrites
from tests.command import ROOT
from tests.patience import PATIENCE_SECONDS, patience, until
from tests.units import AUTHOR

LIFETIME_LIMIT: Final = 60
"""Seconds after which the server itself ends a transaction, unless it is told otherwise."""

HOLDS_A_KEY: Final = """
import sys
from pymongo import MongoClient
from documents.database.dead_processes import process_name
client = MongoClient(sys.argv[1], appname=process_name())
with client.start_session() as session, session.start_transaction():
    client[sys.argv[2]]["keys"].insert_one({"_id": "the key"}, session=session)
    print("held", flush=True)
    sys.stdin.readline()
print("committed", flush=True)
"""

KEEPS_AN_OUTCOME: Final = """
import asyncio, sys
from pathlib import Path
from documents.opening import Place, open_storage
from documents.writing.idempotency import IdempotentRequest

async def main():
    async with open_storage(Place(sys.argv[1], sys.argv[2], Path(sys.argv[3]))) as storage:
        async with storage.database.client.start_session() as session, await session.start_transaction():
            request = IdempotentRequest("li.na", "once", b"{}")
            await storage.units._idempotency.keep(request, "of the dead", None, session)
            print("held", flush=True)
            await asyncio.sleep(600)

asyncio.run(main())
"""


@contextmanager
def _process(code: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A process in the middle of its transaction; killed in the end."""
    with subprocess.Popen(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


async def _look_in_vain(dead: DeadProcesses) -> None:
    """For longer than a transaction rests before it is looked at."""
    for _ in range(8):
        await asyncio.sleep(0.15)
        assert await dead.look() == 0


@pytest.fixture
async def keys(database: AsyncDatabase[dict[str, Any]]) -> AsyncDatabase[dict[str, Any]]:
    """A database with a collection for keys, which stays locked by nobody when the test ends."""
    return (await database.create_collection("keys")).database


async def test_what_a_killed_process_holds_is_free_soon_and_not_at_the_first_look(
    keys: AsyncDatabase[dict[str, Any]], mongodb_uri: str
) -> None:
    """The key can be inserted by another one: nothing of the dead transaction is left."""
    dead, looks = DeadProcesses(keys.client), 0
    with _process(HOLDS_A_KEY, mongodb_uri, keys.name) as process:
        process.kill()
        process.wait()

    async def ended() -> bool:
        nonlocal looks
        looks += 1
        return await dead.look() == 1

    await until(ended)
    assert looks > 1
    await keys["keys"].insert_one({"_id": "the key"})


async def test_a_living_process_is_left_alone_however_long_it_rests(
    keys: AsyncDatabase[dict[str, Any]], mongodb_uri: str
) -> None:
    """Its transaction is committed after many looks; another process that is dead changes nothing of it."""
    dead = DeadProcesses(keys.client)
    with _process(HOLDS_A_KEY, mongodb_uri, keys.name) as process:
        await _look_in_vain(dead)
        out, _ = process.communicate("go on\n", timeout=PATIENCE_SECONDS)
        assert out == "committed\n"
    assert await keys["keys"].find_one() == {"_id": "the key"}


async def test_the_transactions_of_other_programs_are_none_of_our_business(
    keys: AsyncDatabase[dict[str, Any]], mongodb_uri: str
) -> None:
    """A dead process without a name of ours keeps what it has: its owner knows why."""
    dead, code = DeadProcesses(keys.client), HOLDS_A_KEY.replace("=process_name()", "='another/0123'")
    with _process(code, mongodb_uri, keys.name) as process:
        process.kill()
        process.wait()
    await _look_in_vain(dead)
    sessions = await (await keys.client.admin.aggregate([{"$currentOp": {"idleSessions": True}}])).to_list()
    left = [found for found in sessions if found.get("appName") == "another/0123"]
    assert len(left) == 1
    await keys.client.admin.command("killSessions", [{"id": left[0]["lsid"]["id"]}])


def test_names_are_told_apart_and_fit() -> None:
    """MongoDB takes 128 bytes."""
    names = {process_name() for _ in range(1_000)}
    assert len(names) == 1_000
    assert max(len(name.encode()) for name in names) <= 128


async def test_a_database_that_refuses_is_asked_once(mongodb_uri: str, caplog: pytest.LogCaptureFixture) -> None:
    """One that takes stable commands alone, in this case: the task ends and says what that means."""
    client: AsyncMongoClient[dict[str, Any]]
    async with AsyncMongoClient(mongodb_uri, server_api=ServerApi("1", strict=True)) as client, patience():
        await DeadProcesses(client).run()
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "transactionLifetimeLimitSeconds" in caplog.text


@pytest.mark.slow
async def test_a_retry_after_a_kill_has_its_outcome_well_before_the_server_ends_the_transaction(
    database: AsyncDatabase[dict[str, Any]], mongodb_uri: str, tmp_path: Path
) -> None:
    """A process of the product is killed while its transaction holds an idempotency key; the client asks another."""
    place, request = Place(mongodb_uri, database.name, tmp_path), IdempotentRequest("li.na", "once", b"{}")

    async def work(_: RecordWrites) -> str:
        return "of the living"

    async with open_storage(place) as storage:
        with _process(KEEPS_AN_OUTCOME, mongodb_uri, database.name, str(tmp_path)) as process:
            process.kill()
            process.wait()
        began = monotonic()
        assert await storage.record_writer.run(AUTHOR, work, request) == "of the living"
        assert monotonic() - began < LIFETIME_LIMIT / 2
        assert await storage.units.known(request) == "of the living"
