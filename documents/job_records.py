"""What is stored of background jobs: the ledger, one entry per job, from its enqueueing until it is swept away.

The ledger alone says what is to be done; whatever brings a job to a worker (a broker) may lose or repeat messages.
INVARIANT: an entry holds ids, counts and codes, never personal data: arguments and checkpoints are ids, an error is a
code and the name of a class, never its text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Final

from beanie import Document
from pydantic import ConfigDict, Field
from pymongo import ASCENDING, DESCENDING, IndexModel

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)  # every due time is after it; a finished job has none
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


class JobState(StrEnum):
    """Where a job stands. `failed` waits for its next attempt; `dead` has none left until somebody retries it."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    DEAD = "dead"

    @property
    def is_finished(self) -> bool:
        """Whether nothing more happens by itself."""
        return self in {JobState.SUCCEEDED, JobState.DEAD}


@dataclass(frozen=True, slots=True)
class JobError:
    """Why the last attempt failed: a published code where the error has one, and the name of its class."""

    code: str
    type: str


@dataclass(frozen=True, slots=True)
class JobRecord:
    """One entry of the ledger.

    `id` is 24 hex digits. `scheduled_at` is the tick of a schedule, None for others. `due_at` is when somebody has to
    look at it next: for a running job the end of its lease, for a finished one None. `total` 0 means unknown.
    """

    id: str
    name: str
    arguments: dict[str, str | int]
    key: str
    state: JobState
    attempts: int
    created_at: datetime
    scheduled_at: datetime | None = None
    due_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    worker: str | None = None
    done: int = 0
    total: int = 0
    checkpoint: Any = None
    error: JobError | None = None


@dataclass(frozen=True, slots=True)
class JobLease:
    """The right of one worker to run one job, until `JobRecord.due_at`; `token` tells it from every other lease."""

    job: JobRecord
    token: str


def check_arguments(arguments: dict[str, str | int]) -> None:
    """Raises ValueError unless every argument is a whole number or looks like an id."""
    for name, value in arguments.items():
        if isinstance(value, str) and not _ID.fullmatch(value):
            raise ValueError(f"the argument `{name}` of a job is no id")


class Job(Document):
    """The stored entry; `JobRecord` says what its fields mean. `token` is the lease's, None while nobody has it."""

    model_config = ConfigDict(extra="forbid")

    name: str
    arguments: Annotated[dict[str, str | int], Field(default_factory=dict)]
    key: str
    state: JobState
    attempts: int
    created_at: datetime
    scheduled_at: datetime | None = None
    due_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    worker: str | None = None
    token: str | None = None
    done: int = 0
    total: int = 0
    checkpoint: Any = None
    error: dict[str, str] | None = None

    class Settings:
        name = "jobs"
        indexes: ClassVar[list[IndexModel]] = [
            IndexModel([("name", ASCENDING), ("key", ASCENDING)], name="name_key", unique=True),
            # Unfinished jobs are few beside the finished ones: what is asked every second looks at them alone.
            IndexModel([("due_at", ASCENDING)], name="due_at", partialFilterExpression={"due_at": {"$gt": EPOCH}}),
            IndexModel(
                [("name", ASCENDING), ("due_at", ASCENDING)],
                name="name_due_at",
                partialFilterExpression={"due_at": {"$gt": EPOCH}},
            ),
            IndexModel([("state", ASCENDING), ("_id", DESCENDING)], name="state"),
        ]
