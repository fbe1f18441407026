"""Jobs are delivered at least once and have their effects exactly once, whoever dies meanwhile."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from documents.chapters.jobs.kinds import JobState
from documents.writing.unit_of_work import UnitOfWork
from jobs.context import JobContext
from jobs.definition import JobDefinition
from jobs.schedules import Every
from tests.jobs.workshop import Database, Workshop, worker_process
from tests.patience import PATIENCE_SECONDS, until
from tests.units import in_unit


@pytest.fixture
async def workshop(database: Database) -> AsyncIterator[Workshop]:
    """The jobs to try, on an empty ledger."""
    workshop = Workshop(database)
    await workshop.prepare()
    yield workshop
    await workshop.end_orphaned_transactions()


async def _until_units(workshop: Workshop, job_id: str, number: int) -> None:
    async def done() -> bool:
        return len(await workshop.effects(job_id)) >= number

    await until(done)


def _units(number: int) -> list[str]:
    return [f"{unit:06}" for unit in range(number)]


@pytest.mark.slow
async def test_a_worker_killed_in_the_middle_of_a_job_loses_nothing_and_does_nothing_twice(
    workshop: Workshop, mongodb_uri: str
) -> None:
    """SIGKILL between and within transactions; a second process takes over when the lease ends."""
    job_id = await workshop.ledger.enqueue("test.units", {"count": 60, "pause": 50})
    with worker_process(mongodb_uri, workshop.database.name) as first:
        await _until_units(workshop, job_id, 15)
        first.kill()
        first.wait()
    done = await workshop.effects(job_id)
    assert 15 <= len(done) < 60, "the worker was killed in the middle"
    with worker_process(mongodb_uri, workshop.database.name):
        record = await workshop.finished(job_id)
    assert await workshop.effects(job_id) == _units(60)
    assert (record.state, record.attempts, record.done, record.total) == (JobState.SUCCEEDED, 2, 60, 60)


async def test_a_worker_ended_by_sigterm_gives_its_job_back_at_once(workshop: Workshop, mongodb_uri: str) -> None:
    """Nobody waits for the lease of an hour, and the attempt does not count."""
    job_id = await workshop.ledger.enqueue("test.units", {"count": 40, "pause": 50})
    with worker_process(mongodb_uri, workshop.database.name, lease=3600) as first:
        await _until_units(workshop, job_id, 10)
        first.send_signal(signal.SIGTERM)
        assert first.wait(PATIENCE_SECONDS) == 0
    released = await workshop.views.get(job_id)
    assert (released.state, released.attempts, released.worker) == (JobState.QUEUED, 0, None)
    async with workshop.engine().running():
        assert (await workshop.finished(job_id)).attempts == 1
    assert await workshop.effects(job_id) == _units(40)


@pytest.mark.slow
async def test_a_worker_that_lost_its_lease_writes_nothing_more(workshop: Workshop, mongodb_uri: str) -> None:
    """A process stopped for longer than its lease wakes up while another has its job."""
    job_id = await workshop.ledger.enqueue("test.units", {"count": 60, "pause": 50})

    async def taken_over() -> bool:
        return (await workshop.views.get(job_id)).worker == "here"

    with worker_process(mongodb_uri, workshop.database.name) as first:
        await _until_units(workshop, job_id, 10)
        os.kill(first.pid, signal.SIGSTOP)
        async with workshop.engine().running():
            # A transaction that the stopped process left open holds the ledger's entry at most until it is written to;
            # its units are invisible.
            await until(taken_over)
            os.kill(first.pid, signal.SIGCONT)
            record = await workshop.finished(job_id)
        assert first.poll() is None
    assert await workshop.effects(job_id) == _units(60)
    assert (record.state, record.attempts) == (JobState.SUCCEEDED, 2)


async def test_workers_share_the_work_and_nothing_is_done_twice(workshop: Workshop) -> None:
    """Three workers, 60 jobs: each job is run once, and no worker runs them all."""
    ids = [await workshop.ledger.enqueue("test.note", {"number": number}) for number in range(60)]
    engines = [workshop.engine(f"worker-{number}") for number in range(3)]
    async with AsyncExitStack() as stack:
        for engine in engines:
            await stack.enter_async_context(engine.running())
        for job_id in ids:
            await workshop.finished(job_id)
    notes = [note["job"] async for note in workshop.database["notes"].find()]
    assert sorted(notes) == sorted(ids)
    runs = [engine.counts.run for engine in engines]
    assert sum(runs) == 60
    assert max(runs) < 60


async def test_a_job_that_fails_is_tried_again_later_and_later_and_then_is_dead(workshop: Workshop) -> None:
    """Delays double; what is kept of the error is its class, never its text; whoever retries starts over."""
    job_id = await workshop.ledger.enqueue("test.refused")
    began = time.monotonic()
    engine = workshop.engine()
    async with engine.running():
        record = await workshop.finished(job_id)
        assert time.monotonic() - began > (0.04 + 0.08) / 2
        assert (record.state, record.attempts, record.due_at) == (JobState.DEAD, 3, None)
        assert record.error is not None
        assert (record.error.code, record.error.type) == ("JOB_FAILED", "RuntimeError")
        stored = await workshop.database["jobs"].find_one({})
        assert "13800138000" not in str(stored)
        assert [found.id for found in await workshop.views.list([JobState.DEAD], first=5)] == [job_id]
        assert await workshop.ledger.retry(job_id)
        assert (await workshop.finished(job_id)).attempts == 3
    assert (engine.counts.run, engine.counts.failed, engine.counts.dead) == (6, 6, 2)


def test_delays_double_with_chance_and_end_at_an_hour() -> None:
    """The upper half of 5 s, 10 s, 20 s … up to an hour."""

    async def nothing(_: JobContext[None]) -> None:
        return None

    definition = JobDefinition("test.delays", nothing)
    for failures, seconds in ((1, 5), (2, 10), (5, 80), (30, 3600)):
        delays = {definition.delay(failures).total_seconds() for _ in range(50)}
        assert len(delays) > 1
        assert all(seconds / 2 <= delay <= seconds for delay in delays)


async def test_a_job_whose_workers_all_die_is_dead_in_the_end(workshop: Workshop) -> None:
    """What kills every process that runs it is not run for ever."""
    job_id = await workshop.ledger.enqueue("test.refused")
    for _ in range(3):
        assert await workshop.ledger.hand_out(["test.refused"], timedelta(0)) == job_id
        assert await workshop.ledger.take(job_id, "dies", timedelta(0)) is not None
    async with workshop.engine().running():
        record = await workshop.finished(job_id)
    assert record.error is not None
    assert (record.state, record.error.code) == (JobState.DEAD, "WORKER_LOST")


async def test_each_tick_of_a_schedule_is_enqueued_once_among_three_processes(workshop: Workshop) -> None:
    """A schedule of each second runs once a second, however many processes look at it."""

    async def tick(context: JobContext[None]) -> None:
        await workshop.database["ticks"].insert_one({"tick": context.scheduled_at})

    workshop.definitions = [JobDefinition("test.tick", tick, Every(seconds=1))]
    async with AsyncExitStack() as stack:
        for number in range(3):
            await stack.enter_async_context(workshop.engine(f"worker-{number}").running())

        async def have_run() -> bool:
            return await workshop.database["ticks"].count_documents({}) >= 3

        await until(have_run)
    ticks = [row["tick"] async for row in workshop.database["ticks"].find().sort("tick")]
    assert len(set(ticks)) == len(ticks)
    assert all(later - earlier >= timedelta(seconds=1) for earlier, later in pairwise(ticks))  # one may be skipped


async def test_a_tick_is_left_out_while_the_job_of_an_earlier_one_is_unfinished(workshop: Workshop) -> None:
    """A slow job does not pile up."""
    tick = datetime(2026, 3, 2, 22, tzinfo=UTC)
    assert await workshop.ledger.enqueue_tick("test.note", tick)
    assert not await workshop.ledger.enqueue_tick("test.note", tick + timedelta(days=1))
    async with workshop.engine().running():
        await workshop.finished((await workshop.views.list(first=1))[0].id)
    assert await workshop.ledger.enqueue_tick("test.note", tick + timedelta(days=2))
    assert len(await workshop.views.list(first=10)) == 2


async def test_jobs_enqueued_while_nothing_runs_are_run_after_the_start(workshop: Workshop) -> None:
    """The ledger is on disk: what a process enqueued before it ended is found by the next."""
    first = await workshop.ledger.enqueue("test.note", {"number": 1}, key="once")
    assert await workshop.ledger.enqueue("test.note", {"number": 1}, key="once") == first
    async with workshop.engine().running():
        await workshop.finished(first)
    assert await workshop.ledger.enqueue("test.note", {"number": 1}, key="once") == first
    assert await workshop.database["notes"].count_documents({}) == 1


async def test_a_job_is_there_if_and_only_if_the_transaction_that_enqueued_it_is(workshop: Workshop) -> None:
    """What a use case writes and what is to follow from it are one."""

    async def fail(unit: UnitOfWork) -> None:
        await workshop.ledger.enqueue("test.note", key="gone", unit=unit)
        raise LookupError

    with pytest.raises(LookupError):
        await in_unit(workshop.units, fail)
    assert await workshop.views.list(first=5) == []
    await in_unit(workshop.units, lambda unit: workshop.ledger.enqueue("test.note", key="kept", unit=unit))
    assert [record.key for record in await workshop.views.list(first=5)] == ["kept"]


async def test_a_job_of_a_name_that_no_worker_knows_waits(workshop: Workshop) -> None:
    """While a new version is rolled out, the old one leaves its jobs alone."""
    unknown = await workshop.ledger.enqueue("test.tomorrow")
    known = await workshop.ledger.enqueue("test.note")
    async with workshop.engine().running():
        await workshop.finished(known)
    record = await workshop.views.get(unknown)
    assert (record.state, record.attempts) == (JobState.QUEUED, 0)


async def test_arguments_are_ids(workshop: Workshop) -> None:
    """Nothing that reads like a name, an address or a sentence gets into the ledger."""
    for value in ("张三", "zhang@example.com", "two words", "x" * 65):
        with pytest.raises(ValueError, match="the argument `customer` of a job is no id"):
            await workshop.ledger.enqueue("test.note", {"customer": value})
    assert await workshop.views.list(first=5) == []
