"""What a job may do: writes that are one with the checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from documents.chapters.jobs.kinds import JobLease
from documents.errors import LeaseLostError
from documents.writing.unit_of_work import UnitOfWork
from jobs.context import JobContext
from jobs.registry import JOBS
from tests.jobs.workshop import Database, Unit, Workshop
from tests.units import AUTHOR


async def _lease(workshop: Workshop) -> JobLease:
    await workshop.prepare()
    job_id = await workshop.ledger.enqueue("test.note")
    assert await workshop.ledger.hand_out(["test.note"], timedelta(seconds=30)) == job_id
    lease = await workshop.ledger.take(job_id, "here", timedelta(seconds=30))
    assert lease is not None
    return lease


async def _context(database: Database) -> JobContext[None]:
    workshop = Workshop(database)
    return JobContext(await _lease(workshop), workshop.ledger, AUTHOR, None)


async def test_a_commit_is_all_or_nothing(database: Database) -> None:
    """An error in the work leaves the checkpoint; a lost lease leaves neither."""
    context = await _context(database)

    async def write(unit: UnitOfWork) -> None:
        await database["effects"].insert_one({"unit": 1}, session=unit.session)

    async def fail(unit: UnitOfWork) -> None:
        await write(unit)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await context.commit(fail, checkpoint="a", done=1)
    assert (context.checkpoint, await database["effects"].count_documents({})) == (None, 0)
    await context.commit(write, checkpoint="b", done=1)
    assert (context.checkpoint, await database["effects"].count_documents({})) == ("b", 1)
    await database["jobs"].update_one({}, {"$set": {"token": "of another"}})
    with pytest.raises(LeaseLostError):
        await context.commit(write, checkpoint="c", done=2)
    stored = await database["jobs"].find_one({}) or {}
    assert (stored["checkpoint"], stored["done"], await database["effects"].count_documents({})) == ("b", 1, 1)


async def test_a_batch_that_is_not_committed_is_an_error(database: Database) -> None:
    """A job that forgot it would do the same batch for ever."""
    context = await _context(database)

    async def pages(_after: str | None, _limit: int) -> Sequence[Unit]:
        return [Unit("1")]

    with pytest.raises(RuntimeError, match="not committed"):
        async for _ in context.batches(pages):
            pass


async def test_the_queries_that_are_asked_every_second_look_at_unfinished_jobs_alone(database: Database) -> None:
    """A ledger with 2,000 finished jobs and one that is due: one key is examined."""
    workshop = Workshop(database)
    await workshop.prepare()
    job_id = await workshop.ledger.enqueue("test.note", key="due")
    due = await database["jobs"].find_one({}) or {}
    finished = {"state": "succeeded", "due_at": None}
    await database["jobs"].insert_many(
        [{**due, **finished, "_id": number, "key": str(number)} for number in range(2_000)]
    )
    await database.command("profile", 2)
    assert await workshop.ledger.hand_out(["test.note"], timedelta(seconds=30)) == job_id
    assert await workshop.ledger.hand_out(["test.note"], timedelta(seconds=30)) is None
    await workshop.views.list(first=3)
    await workshop.ledger.enqueue_tick("test.note", due["created_at"] + timedelta(days=1))
    await database.command("profile", 0)
    asked = {"command.findAndModify": "jobs"}, {"command.find": "jobs", "command.limit": 1}
    examined = [row["keysExamined"] async for row in database["system.profile"].find({"$or": list(asked)})]
    assert len(examined) == 4
    assert max(examined) <= 3


def test_every_job_of_the_product_has_a_name_of_its_own() -> None:
    """The ledger keeps names: two jobs of one name would be one."""
    assert len({definition.name for definition in JOBS}) == len(JOBS)
