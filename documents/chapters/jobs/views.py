"""What can be read of the ledger of jobs: lists, one job, counts, and a job followed to its end.

Changes nothing. No customer data is here, so no access plan applies; who may see jobs is not decided here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC
from typing import Any, Final

from bson import ObjectId
from pymongo.asynchronous.database import AsyncDatabase

from documents.chapters.jobs.kinds import Job, JobError, JobRecord, JobState
from documents.errors import RecordNotFoundError

_RECORD_FIELDS: Final = (
    "name",
    "arguments",
    "key",
    "attempts",
    "created_at",
    "scheduled_at",
    "due_at",
    "started_at",
    "finished_at",
    "worker",
    "done",
    "total",
    "checkpoint",
)
_NEWEST_FIRST: Final = [("created_at", -1), ("_id", -1)]


class JobViews:
    """Reads the ledger."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        aware = database.codec_options.with_options(tz_aware=True, tzinfo=UTC)
        self._jobs = database.get_collection(Job.collection, codec_options=aware)

    async def get(self, job_id: str) -> JobRecord:
        """One job. Raises RecordNotFoundError."""
        stored = await self._jobs.find_one({"_id": object_id(job_id)})
        if stored is None:
            raise RecordNotFoundError
        return job_record(stored)

    async def list(self, states: Sequence[JobState] = (), *, first: int) -> list[JobRecord]:
        """Up to `first` jobs in one of `states` (any state when empty), the newest first."""
        query: dict[str, Any] = {"state": {"$in": list(states)}} if states else {}
        return [job_record(stored) async for stored in self._jobs.find(query).sort(_NEWEST_FIRST).limit(first)]

    async def counts(self) -> dict[JobState, int]:
        """How many jobs are in each state."""
        return {state: await self._jobs.count_documents({"state": state}) for state in JobState}

    async def watch(self, job_id: str) -> AsyncIterator[JobRecord]:
        """The job as it is, then at every change, until it is finished. Raises RecordNotFoundError."""
        only = [{"$match": {"documentKey._id": object_id(job_id)}}]
        async with await self._jobs.watch(only, full_document="updateLookup") as stream:
            job = await self.get(job_id)  # after the stream is open: no change is missed
            yield job
            while not job.state.is_finished:
                change = await stream.next()
                if not change.get("fullDocument"):
                    raise RecordNotFoundError
                job = job_record(change["fullDocument"])
                yield job


def object_id(job_id: str) -> ObjectId:
    """The stored id. Raises RecordNotFoundError for what is no id."""
    if not ObjectId.is_valid(job_id):
        raise RecordNotFoundError
    return ObjectId(job_id)


def job_record(stored: Mapping[str, Any]) -> JobRecord:
    """The plain record of a stored job."""
    code = stored["error_code"]
    return JobRecord(
        id=str(stored["_id"]),
        state=JobState(stored["state"]),
        error=None if code is None else JobError(code, stored["error_type"]),
        **{name: stored[name] for name in _RECORD_FIELDS},
    )
