"""Every change to the ledger of jobs: enqueue, hand out, take, renew, commit, finish.

A job is handed out at least once and has its effects exactly once. What a job writes goes through `commit`, one
transaction over its writes and its checkpoint; INVARIANT: it holds only while the worker has the lease, so that a
worker that was thought dead, and is not, writes nothing. Whether a lease has ended is judged by the database's clock.
What is to be done is sealed, and so is the checkpoint: a job that somebody else put or changed here is never run.
No customer data is here, so no access plan applies.
"""

from __future__ import annotations

import hmac
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from bson import ObjectId
from bson.codec_options import CodecOptions, DatetimeConversion
from pymongo import ASCENDING, IndexModel, ReturnDocument, WriteConcern
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError
from pymongo.read_concern import ReadConcern

from documents.access.trace import Act
from documents.audit.entries import Author, ChangedRow
from documents.chapters.jobs.kinds import EPOCH, Job, JobError, JobLease, JobState, check_arguments
from documents.chapters.jobs.views import job_record, object_id
from documents.encryption.seals import SEAL, Seals
from documents.errors import LeaseLostError, RecordNotFoundError
from documents.writing.unit_of_work import UnitOfWork, Units

Work = Callable[[UnitOfWork], Awaitable[None]]
"""The writes of one unit of work. It may be called again where the transaction has to be tried again."""

log = logging.getLogger(__name__)

_RESTING: Final = {"worker": None, "token": None}
_NO_ERROR: Final = {"error_code": None, "error_type": None}
_SEALED: Final = ("_id", "kind", "name", "key", "arguments", "created_by", "created_at", "scheduled_at")
_REACHED: Final = "_reached"
"""The field that holds the seal of the checkpoint."""
_CHECKPOINTS: Final = "jobs.checkpoint"
_NOT_GENUINE: Final = JobError("JOB_NOT_GENUINE", "")
_OPTIONS: Final[CodecOptions[dict[str, Any]]] = CodecOptions(
    tz_aware=True, tzinfo=UTC, datetime_conversion=DatetimeConversion.DATETIME_AUTO
)
_CHANGED: Final = {"version": {"$add": ["$version", 1]}, "updated_at": "$$NOW"}
"""What followers of the job are told of. That a lease goes on is no news."""

_UNFINISHED: Final = {"due_at": {"$gt": EPOCH}}
"""Few beside the finished ones: what is asked every second looks at these alone."""

INDEXES: Final = {
    Job.collection: [
        IndexModel(
            [("name", ASCENDING), ("key", ASCENDING)],
            name="name_key",
            unique=True,
            partialFilterExpression={"key": {"$type": "string"}},
        ),
        IndexModel([("due_at", ASCENDING)], name="due_at", partialFilterExpression=_UNFINISHED),
        IndexModel(
            [("name", ASCENDING), ("due_at", ASCENDING)], name="name_due_at", partialFilterExpression=_UNFINISHED
        ),
    ]
}
"""Beside those of every record."""


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a job is: its checkpoint, and how much of `total` (0: unknown) is done."""

    checkpoint: Any
    done: int
    total: int


class JobLedger:
    """The ledger in MongoDB. Reads and writes are majority ones: what was taken or done is never rolled back."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]], seals: Seals, units: Units) -> None:
        self._seals = seals
        self._units = units
        self._jobs = database.get_collection(
            Job.collection, read_concern=ReadConcern("majority"), write_concern=WriteConcern("majority")
        ).with_options(codec_options=_OPTIONS)

    async def enqueue(
        self,
        name: str,
        arguments: Mapping[str, str | int] | None = None,
        *,
        key: str | None = None,
        scheduled_at: datetime | None = None,
        unit: UnitOfWork | None = None,
    ) -> str:
        """Adds a job and returns its id; where the job (`name`, `key`) is there already, it stays as it is.

        `arguments` are ids and whole numbers only. With `unit` the job comes into being with the unit of work.
        """
        now = datetime.now(UTC)
        given = dict(arguments or {})
        check_arguments(given)
        entry: dict[str, Any] = {
            "_id": ObjectId(secrets.token_bytes(12)),  # says nothing, unlike an ordinary ObjectId
            "kind": Job.kind.value,
            "version": 1,
            "created_by": None,
            "updated_at": now,
            "arguments": given,
            "state": JobState.QUEUED,
            "attempts": 0,
            "created_at": now,
            "scheduled_at": scheduled_at,
            "due_at": now,
            "started_at": None,
            "finished_at": None,
            **_RESTING,
            "done": 0,
            "total": 0,
            "checkpoint": None,
            **_NO_ERROR,
        }
        identity = {"name": name, "key": key or secrets.token_hex(12)}
        entry |= self._seals_of({**entry, **identity})
        try:
            found = await self._jobs.find_one_and_update(
                identity,
                {"$setOnInsert": entry},
                {"_id": 1},
                upsert=True,
                return_document=ReturnDocument.AFTER,
                session=unit.session if unit is not None else None,
            )
        except DuplicateKeyError:
            if unit is not None:
                raise
            found = await self._jobs.find_one(identity, {"_id": 1})
        if found is None:
            raise RecordNotFoundError  # removed between the two
        if unit is not None:
            unit.tell(ChangedRow(Act.CREATE, Job.kind.value, 1, ("name", "arguments"), record=found["_id"]))
        return str(found["_id"])

    async def enqueue_tick(self, name: str, tick: datetime) -> bool:
        """Adds the job of one tick of a schedule. Any number of processes may; one of them does.

        False, with nothing added, while a job of an earlier tick is unfinished: a slow one does not pile up.
        """
        earlier = {"name": name, "due_at": {"$gt": EPOCH}, "scheduled_at": {"$lt": tick}}
        if await self._jobs.find_one(earlier, {"_id": 1}) is not None:
            return False
        await self.enqueue(name, key=f"tick:{tick.astimezone(UTC).isoformat()}", scheduled_at=tick)
        return True

    async def hand_out(self, names: Sequence[str], again_after: timedelta) -> str | None:
        """The id of the job that has been due for longest, to be brought to a worker; None when none is due.

        It is handed out again `again_after` later, unless a worker has taken it by then. The job of a worker whose
        lease ended is due too.
        """
        found = await self._jobs.find_one_and_update(
            {"name": {"$in": list(names)}, "due_at": {"$gt": EPOCH}, "$expr": {"$lte": ["$due_at", "$$NOW"]}},
            [{"$set": {"state": JobState.QUEUED, "due_at": _from_now(again_after), **_RESTING, **_CHANGED}}],
            {"_id": 1},
            sort=[("due_at", 1)],
            hint="due_at",
        )
        return None if found is None else str(found["_id"])

    async def hand_back(self, job_id: str) -> None:
        """The job could not be brought to a worker: it is due again at once."""
        handed_out = {"_id": object_id(job_id), "state": JobState.QUEUED}
        await self._jobs.update_one(handed_out, [{"$set": {"due_at": "$$NOW"}}])

    async def take(self, job_id: str, worker: str, lease: timedelta) -> JobLease | None:
        """The lease of a job that was handed out; None where another worker has it, or it needs nobody. One that
        Dossier did not put here as it is goes to the dead letters."""
        token = secrets.token_hex(12)
        found = await self._jobs.find_one_and_update(
            {"_id": object_id(job_id), "state": JobState.QUEUED},
            [
                {
                    "$set": {
                        "state": JobState.RUNNING,
                        "attempts": {"$add": ["$attempts", 1]},
                        "started_at": "$$NOW",
                        "due_at": _from_now(lease),
                        "worker": {"$literal": worker},
                        "token": token,
                        **_CHANGED,
                    }
                }
            ],
            return_document=ReturnDocument.AFTER,
        )
        if found is None:
            return None
        if not self._is_genuine(found):
            log.critical("the job %s was not put into the ledger by Dossier as it is: it is not run", found["_id"])
            await self._jobs.update_one({"_id": found["_id"], "token": token}, [{"$set": _buried(_NOT_GENUINE)}])
            return None
        return JobLease(job_record(found), token)

    async def renew(self, lease: JobLease, duration: timedelta) -> bool:
        """Makes the lease last `duration` from now; False where it was lost."""
        return await self._set(lease, {"due_at": _from_now(duration)})

    async def report(self, lease: JobLease, done: int, total: int) -> None:
        """Notes how far the job is. Raises LeaseLostError."""
        if not await self._change(lease, {"done": done, "total": total}):
            raise LeaseLostError

    async def commit(self, lease: JobLease, author: Author, work: Work, reached: Reached) -> None:
        """Does `work` and notes what was `reached` as one unit: both, or neither. Raises LeaseLostError, with nothing
        written, where the lease was lost."""
        progress = {"checkpoint": {"$literal": reached.checkpoint}, "done": reached.done, "total": reached.total}
        sealed = {"_id": ObjectId(lease.job.id), "checkpoint": reached.checkpoint}
        progress[_REACHED] = self._seals.of(_CHECKPOINTS, sealed)

        async def both(unit: UnitOfWork) -> str:
            await work(unit)
            if not await self._change(lease, progress, unit.session):
                raise LeaseLostError
            return lease.job.id

        await self._units.run(author, both)

    async def succeed(self, lease: JobLease) -> None:
        """The job is done. Nothing happens where the lease was lost: another worker goes on from the checkpoint."""
        end = {"state": JobState.SUCCEEDED, "finished_at": "$$NOW", "due_at": None, **_NO_ERROR}
        await self._change(lease, end | _RESTING)

    async def fail(self, lease: JobLease, error: JobError, retry_in: timedelta) -> None:
        """The attempt failed, and another one is due `retry_in` from now."""
        end = {"state": JobState.FAILED, "due_at": _from_now(retry_in), **_error(error)}
        await self._change(lease, end | _RESTING)

    async def bury(self, lease: JobLease, error: JobError) -> None:
        """The last attempt failed: the job is on the dead-letter list."""
        await self._change(lease, _buried(error))

    async def release(self, lease: JobLease) -> None:
        """Gives the job back, due at once; the attempt does not count."""
        back = {"state": JobState.QUEUED, "due_at": "$$NOW", "attempts": {"$subtract": ["$attempts", 1]}}
        await self._change(lease, back | _RESTING)

    async def retry(self, job_id: str) -> bool:
        """Makes a failed or dead job due at once, with all its attempts, from its checkpoint; False for any other."""
        changed = await self._jobs.update_one(
            {"_id": object_id(job_id), "state": {"$in": [JobState.FAILED, JobState.DEAD]}},
            [{"$set": {"state": JobState.QUEUED, "attempts": 0, "due_at": "$$NOW", "finished_at": None, **_CHANGED}}],
        )
        return changed.matched_count == 1

    async def remove_succeeded(self, unit: UnitOfWork, before: datetime, limit: int) -> int:
        """Removes at most `limit` of the succeeded jobs that were enqueued before `before`; returns how many."""
        old = {"state": JobState.SUCCEEDED, "created_at": {"$lt": before}}
        found = await self._jobs.find(old, {"version": 1}, session=unit.session).limit(limit).to_list()
        for job in found:
            told = ChangedRow(Act.DELETE, Job.kind.value, job["version"] + 1, record=job["_id"])
            await unit.delete(self._jobs, {"_id": job["_id"]}, told)
        return len(found)

    async def seal_existing(self) -> int:
        """Seals the jobs that have no seal; returns how many. For a database of before there were seals: afterwards a
        row without one is a forgery."""
        done = 0
        async for row in self._jobs.find({SEAL: {"$exists": False}}):
            unsealed = {"_id": row["_id"], SEAL: {"$exists": False}, "version": row["version"]}
            done += (await self._jobs.update_one(unsealed, {"$set": self._seals_of(row)})).modified_count
        return done

    def _seals_of(self, row: Mapping[str, Any]) -> dict[str, bytes]:
        """Of what is to be done, by whom it was asked for and when; and of how far it is."""
        return {
            SEAL: self._seals.of(Job.collection, {name: row.get(name) for name in _SEALED}),
            _REACHED: self._seals.of(_CHECKPOINTS, {name: row.get(name) for name in ("_id", "checkpoint")}),
        }

    def _is_genuine(self, row: Mapping[str, Any]) -> bool:
        return all(
            isinstance(row.get(name), bytes) and hmac.compare_digest(row[name], seal)
            for name, seal in self._seals_of(row).items()
        )

    async def _change(
        self, lease: JobLease, fields: Mapping[str, Any], session: AsyncClientSession | None = None
    ) -> bool:
        return await self._set(lease, {**fields, **_CHANGED}, session)

    async def _set(self, lease: JobLease, fields: Mapping[str, Any], session: AsyncClientSession | None = None) -> bool:
        changed = await self._jobs.update_one(
            {"_id": ObjectId(lease.job.id), "token": lease.token}, [{"$set": dict(fields)}], session=session
        )
        return changed.matched_count == 1


def _from_now(duration: timedelta) -> dict[str, Any]:
    return {"$add": ["$$NOW", round(duration.total_seconds() * 1000)]}  # milliseconds, as BSON dates count


def _buried(error: JobError) -> dict[str, Any]:
    end = {"state": JobState.DEAD, "finished_at": "$$NOW", "due_at": None, **_error(error)}
    return end | _RESTING


def _error(error: JobError) -> dict[str, Any]:
    return {"error_code": {"$literal": error.code}, "error_type": {"$literal": error.type}}
