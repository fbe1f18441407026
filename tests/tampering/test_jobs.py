"""Nothing is done in the system's name because somebody wrote it into the ledger of jobs."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from bson import ObjectId

from documents.chapters.jobs.kinds import JobState
from documents.chapters.jobs.ledger import Reached
from documents.encryption.seals import SEAL
from tests.jobs.workshop import Workshop
from tests.tampering.changes import Change, Database, changes
from tests.units import AUTHOR

NAME = "test.note"
FIELDS = ["name", "key", "arguments", "created_by", "created_at", "scheduled_at", "checkpoint", SEAL, "_reached"]
EMPTY = frozenset({"created_by", "scheduled_at", "checkpoint"})
"""Where nothing stands, which a field that is not there says as well."""
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def workshop(database: Database) -> Workshop:
    workshop = Workshop(database)
    await workshop.prepare()
    return workshop


async def handed_out(workshop: Workshop) -> str:
    """A job that waits for a worker."""
    job_id = await workshop.ledger.enqueue(NAME, {"customer": "individual_1"})
    assert await workshop.ledger.hand_out([NAME], MINUTE) == job_id
    return job_id


@pytest.mark.parametrize("change", [one for one in changes(FIELDS) if not (one.removes and one.path in EMPTY)], ids=str)
async def test_a_job_changed_in_what_is_to_be_done_is_not_run(
    workshop: Workshop, database: Database, change: Change, caplog: pytest.LogCaptureFixture
) -> None:
    """It goes to the dead letters with a code, it is told, and a retry runs it as little."""
    job_id = await handed_out(workshop)
    stored = await database["jobs"].find_one({}) or {}
    assert {name for name in EMPTY if stored[name] is not None} == set()
    await change.make(database["jobs"], ObjectId(job_id))
    for _ in range(2):
        with caplog.at_level(logging.CRITICAL):
            assert await workshop.ledger.take(job_id, "somewhere:1", MINUTE) is None
        buried = await database["jobs"].find_one({}) or {}
        assert (buried["state"], buried["error_code"]) == (JobState.DEAD, "JOB_NOT_GENUINE")
        assert job_id in caplog.text
        assert await workshop.ledger.retry(job_id)
    assert await database["effects"].count_documents({}) == 0


async def test_a_job_that_is_put_in_is_not_run(workshop: Workshop, database: Database) -> None:
    """Made of another, seal and all."""
    job_id = await handed_out(workshop)
    row = await database["jobs"].find_one({}) or {}
    forged = ObjectId()
    await database["jobs"].insert_one({**row, "_id": forged, "key": "another"})
    assert await workshop.ledger.take(str(forged), "somewhere:1", MINUTE) is None
    lease = await workshop.ledger.take(job_id, "somewhere:1", MINUTE)
    assert lease is not None
    await workshop.ledger.succeed(lease)


async def test_a_checkpoint_goes_on_with_what_was_committed(workshop: Workshop, database: Database) -> None:
    """As it was written: a job goes on from it; moved by hand, it is not run any more."""

    async def nothing(_: object) -> None:
        return None

    job_id = await handed_out(workshop)
    lease = await workshop.ledger.take(job_id, "somewhere:1", MINUTE)
    assert lease is not None
    await workshop.ledger.commit(lease, AUTHOR, nothing, Reached({"after": "5"}, 5, 9))
    await workshop.ledger.release(lease)
    again = await workshop.ledger.take(job_id, "somewhere:2", MINUTE)
    assert again is not None
    assert again.job.checkpoint == {"after": "5"}
    await workshop.ledger.release(again)
    await database["jobs"].update_one({}, {"$set": {"checkpoint": {"after": "8"}}})
    assert await workshop.ledger.take(job_id, "somewhere:3", MINUTE) is None


async def test_a_job_that_is_done_can_be_put_back(workshop: Workshop, database: Database) -> None:
    """The replay that remains: what the product once enqueued is run again, as a retry would."""
    job_id = await handed_out(workshop)
    row = await database["jobs"].find_one({}) or {}
    lease = await workshop.ledger.take(job_id, "somewhere:1", MINUTE)
    assert lease is not None
    await workshop.ledger.succeed(lease)
    await database["jobs"].replace_one({}, row)
    assert await workshop.ledger.take(job_id, "somewhere:2", MINUTE) is not None
