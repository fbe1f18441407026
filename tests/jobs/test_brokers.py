"""Brokers that bring jobs to workers: the real Redis and NATS of Debian's packages, and what is refused."""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from documents.chapters.jobs.kinds import JobState
from jobs.brokers import QUEUE, external_broker
from jobs.errors import BrokerError
from tests.jobs.workshop import Database, Workshop, worker_process
from tests.patience import patience
from tests.ports import unused_port

REDIS, NATS = shutil.which("redis-server"), shutil.which("nats-server")
needs_redis = pytest.mark.skipif(REDIS is None, reason="redis-server is not on PATH (Debian: apt install redis-server)")
needs_nats = pytest.mark.skipif(NATS is None, reason="nats-server is not on PATH (Debian: apt install nats-server)")


@pytest.fixture
async def workshop(database: Database) -> AsyncIterator[Workshop]:
    """The jobs to try, on an empty ledger."""
    workshop = Workshop(database)
    await workshop.prepare()
    yield workshop
    await workshop.end_orphaned_transactions()


@contextmanager
def _redis_server(folder: Path, port: int) -> Iterator[str]:
    options = ("--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder), "--save", "")
    process = subprocess.Popen([str(REDIS), *options], stdout=subprocess.DEVNULL)
    try:
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.kill()
        process.wait()


@pytest.fixture
async def redis_url(tmp_path: Path) -> AsyncIterator[str]:
    """A Redis server of this test."""
    with _redis_server(tmp_path, unused_port()) as url:
        await _until_it_answers(url)
        yield url


async def _until_it_answers(url: str) -> None:
    async with Redis.from_url(url) as redis, patience():
        while True:
            try:
                await redis.ping()
            except RedisConnectionError:
                await asyncio.sleep(0.05)
            else:
                return


@contextmanager
def _nats_server(folder: Path, port: int) -> Iterator[str]:
    options = ("-a", "127.0.0.1", "-p", str(port), "-js", "-sd", str(folder))
    with subprocess.Popen([str(NATS), *options], stderr=subprocess.DEVNULL) as process:
        yield f"nats://127.0.0.1:{port}"
        process.kill()


@pytest.fixture
def nats_url(tmp_path: Path) -> Iterator[str]:
    """A NATS server of this test, with JetStream."""
    with _nats_server(tmp_path, unused_port()) as url:
        yield url


@pytest.mark.slow
@needs_redis
async def test_workers_on_redis_share_the_work_and_nothing_is_done_twice(workshop: Workshop, redis_url: str) -> None:
    """Three workers, 60 jobs: each is run once, and the queue is empty afterwards."""
    await _share_the_work(workshop, redis_url)
    async with Redis.from_url(redis_url) as redis:
        assert await redis.exists(QUEUE) == 0


@pytest.mark.slow
@needs_nats
async def test_workers_on_nats_share_the_work_and_nothing_is_done_twice(workshop: Workshop, nats_url: str) -> None:
    """The same on JetStream."""
    await _share_the_work(workshop, nats_url)


async def _share_the_work(workshop: Workshop, url: str) -> None:
    ids = [await workshop.ledger.enqueue("test.note", {"number": number}) for number in range(60)]
    engines = [workshop.engine(f"worker-{number}", broker_url=url) for number in range(3)]
    async with AsyncExitStack() as stack:
        for engine in engines:
            await stack.enter_async_context(engine.running())
        for job_id in ids:
            await workshop.finished(job_id)
    notes = [note["job"] async for note in workshop.database["notes"].find()]
    assert sorted(notes) == sorted(ids)
    assert sum(engine.counts.run for engine in engines) == 60
    assert max(engine.counts.run for engine in engines) < 60


@pytest.mark.slow
@needs_redis
async def test_a_worker_on_redis_killed_in_the_middle_of_a_job_loses_nothing_and_does_nothing_twice(
    workshop: Workshop, redis_url: str, mongodb_uri: str
) -> None:
    """Its message is gone from Redis; the ledger sends it again when the lease ends."""
    job_id = await workshop.ledger.enqueue("test.units", {"count": 60, "pause": 50})
    with worker_process(mongodb_uri, workshop.database.name, redis_url) as first:
        async with patience():
            while len(await workshop.effects(job_id)) < 15:  # noqa: ASYNC110 - another process makes it true
                await asyncio.sleep(0.02)
        first.send_signal(signal.SIGKILL)
        first.wait()
    async with workshop.engine(broker_url=redis_url).running():
        record = await workshop.finished(job_id)
    assert await workshop.effects(job_id) == [f"{unit:06}" for unit in range(60)]
    assert (record.state, record.attempts) == (JobState.SUCCEEDED, 2)


@pytest.mark.slow
@needs_nats
async def test_a_nats_that_is_killed_and_started_again_is_used_again(workshop: Workshop, tmp_path: Path) -> None:
    """The worker asks the new server for messages, which knows nothing of what the old one was asked."""
    port = unused_port()
    async with workshop.engine(broker_url=f"nats://127.0.0.1:{port}").running():
        for _ in range(2):
            with _nats_server(tmp_path, port):
                job_id = await workshop.ledger.enqueue("test.note")
                assert (await workshop.finished(job_id)).state is JobState.SUCCEEDED


@needs_redis
async def test_a_redis_that_starts_late_is_waited_for(workshop: Workshop, tmp_path: Path) -> None:
    """The engine neither ends nor forgets."""
    port = unused_port()
    job_id = await workshop.ledger.enqueue("test.note")
    async with workshop.engine(broker_url=f"redis://127.0.0.1:{port}/0").running():
        await asyncio.sleep(0.3)
        with _redis_server(tmp_path, port):
            assert (await workshop.finished(job_id)).state is JobState.SUCCEEDED


def test_a_broker_whose_package_is_missing_is_refused_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence, before anything starts."""
    monkeypatch.setitem(sys.modules, "taskiq_redis", None)
    with pytest.raises(BrokerError, match=r"install dossier\[redis\]"):
        external_broker("redis://127.0.0.1")
