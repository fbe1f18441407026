"""What is stored of background jobs: the ledger, one entry per job, from its enqueueing until it is swept away.

The ledger alone says what is to be done; whatever brings a job to a worker (a broker) may lose or repeat messages.
INVARIANT: an entry holds ids, counts and codes, never personal data: arguments and checkpoints are ids, an error is a
code and the name of a class, never its text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Final

from documents.declaring.fields import Sensitivity, declare
from documents.declaring.kind import Kind
from documents.declaring.labels import Labelled
from documents.declaring.record import EXACT, CompanyRecord
from documents.declaring.values import Text

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)  # every due time is after it; a finished job has none
BASIC, INTERNAL = Sensitivity.BASIC, Sensitivity.INTERNAL
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


class JobState(Labelled):
    """Where a job stands. `failed` waits for its next attempt; `dead` has none left until somebody retries it."""

    QUEUED = "queued", "Queued", "排队中"
    RUNNING = "running", "Running", "运行中"
    SUCCEEDED = "succeeded", "Succeeded", "已成功"
    FAILED = "failed", "Failed, to be tried again", "失败待重试"
    DEAD = "dead", "Dead", "已放弃"

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


class Job(CompanyRecord):
    """A job as those see it who may by the rules; `JobRecord` says what its fields mean.

    Stored beside them, and never served: `arguments`, `key`, `checkpoint` and the lease's `token`."""

    kind: ClassVar[Kind] = Kind.JOB
    collection: ClassVar[str] = "jobs"

    name: Annotated[Text, declare("Name", "名称", BASIC, search=EXACT, managed=True)]
    state: Annotated[JobState, declare("State", "状态", BASIC, search=EXACT, managed=True)]
    attempts: Annotated[int, declare("Attempts", "执行次数", BASIC, managed=True)] = 0
    done: Annotated[int, declare("Done", "已完成", BASIC, managed=True)] = 0
    total: Annotated[int, declare("Total", "总数", BASIC, managed=True)] = 0
    scheduled_at: Annotated[datetime | None, declare("Scheduled for", "计划时间", BASIC, managed=True)] = None
    due_at: Annotated[datetime | None, declare("Due at", "到期时间", BASIC, managed=True)] = None
    started_at: Annotated[datetime | None, declare("Started at", "开始时间", BASIC, managed=True)] = None
    finished_at: Annotated[datetime | None, declare("Finished at", "结束时间", BASIC, managed=True)] = None
    worker: Annotated[Text | None, declare("Worker", "执行进程", INTERNAL, managed=True)] = None
    error_code: Annotated[Text | None, declare("Error code", "错误代码", BASIC, managed=True)] = None
    error_type: Annotated[Text | None, declare("Error type", "错误类型", INTERNAL, managed=True)] = None


KINDS: Final = (Job,)
