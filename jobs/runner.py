"""Runs one job at a time per call: takes the lease, keeps it alive, and notes in the ledger how the attempt ended.

It must never log or store the text of an error, which may hold what the job was working on; and never raise one, since
whoever delivered the job would log it.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Generic

from documents.audit.entries import Asker, Author, DecidedBy, Performed
from documents.chapters.jobs.kinds import JobError, JobLease
from documents.chapters.jobs.ledger import JobLedger
from documents.errors import LeaseLostError
from jobs.context import JobContext
from jobs.definition import JobDefinition, R
from policies.principal import SYSTEM

LEASE: Final = timedelta(seconds=30)
_CODE: Final = re.compile(r"[A-Z][A-Z_]*")
_WORKER_LOST: Final = JobError("WORKER_LOST", "")  # each attempt ended with its process

_logger = logging.getLogger(__name__)


@dataclass(slots=True)
class JobCounts:
    """What this process did since it began."""

    run: int = 0
    failed: int = 0
    dead: int = 0


@dataclass(frozen=True, slots=True)
class Worker:
    """A process that runs jobs: its name, and under which rule sets it works at this moment."""

    name: str
    decided_by: Callable[[], Sequence[DecidedBy]]


class JobRunner(Generic[R]):
    """Runs the jobs of `definitions` as `worker`; what they write is written by the system."""

    def __init__(
        self,
        ledger: JobLedger,
        definitions: Iterable[JobDefinition[R]],
        resources: R,
        worker: Worker,
        lease: timedelta = LEASE,
    ) -> None:
        self.ledger = ledger
        self.definitions = {definition.name: definition for definition in definitions}
        self._resources = resources
        self._worker = worker.name
        self._decided_by = worker.decided_by
        self._duration = lease
        self._running: dict[asyncio.Task[None], JobContext[R]] = {}
        self._stopping = False
        self.counts = JobCounts()

    async def run(self, job_id: str) -> None:
        """One attempt at the job, unless it needs none or another worker has it."""
        try:
            lease = await self.ledger.take(job_id, self._worker, self._duration)
            if lease is not None:
                await self._attempt(lease)
        except Exception as error:
            # The ledger cannot be reached: the lease ends, and the job is handed out again.
            _logger.warning("the outcome of a job could not be noted (%s)", type(error).__name__)

    async def stop(self) -> None:
        """Cancels what runs; each job is given back at once, to go on from its checkpoint elsewhere."""
        self._stopping = True
        while self._running:
            for task, context in self._running.items():
                context.is_cancelled = True
                task.cancel()
            # Again and again: PyMongo swallows a cancellation that meets it in some places.
            await asyncio.wait(list(self._running), timeout=0.2)
            await asyncio.sleep(0)

    async def _attempt(self, lease: JobLease) -> None:
        definition = self.definitions.get(lease.job.name)
        if definition is None or self._stopping:
            await self.ledger.release(lease)
            return
        if lease.job.attempts > definition.attempts:
            await self._bury(lease, _WORKER_LOST)
            return
        self.counts.run += 1
        context = JobContext(lease, self.ledger, self._author(lease.job.name), self._resources)
        body = asyncio.create_task(_body(definition, context))
        renewal = asyncio.create_task(self._renew(lease, context, body))
        self._running[body] = context
        try:
            await asyncio.wait([body])
        finally:
            body.cancel()  # no more than a formality, unless this task itself was cancelled
            renewal.cancel()
            del self._running[body]
        await self._conclude(lease, definition, body)

    def _author(self, job: str) -> Author:
        asker = Asker(SYSTEM.username, SYSTEM.roles)
        return Author(asker, Performed("job", job), self._decided_by())

    async def _conclude(self, lease: JobLease, definition: JobDefinition[R], body: asyncio.Task[None]) -> None:
        if body.cancelled():
            await self.ledger.release(lease)
            return
        error = body.exception()
        if error is None:
            await self.ledger.succeed(lease)
        elif not isinstance(error, LeaseLostError):
            await self._failed(lease, definition, _described(error))

    async def _failed(self, lease: JobLease, definition: JobDefinition[R], error: JobError) -> None:
        _logger.warning("the job %s failed: %s %s", lease.job.name, error.code, error.type)
        self.counts.failed += 1
        if lease.job.attempts >= definition.attempts:
            await self._bury(lease, error)
        else:
            await self.ledger.fail(lease, error, definition.delay(lease.job.attempts))

    async def _bury(self, lease: JobLease, error: JobError) -> None:
        self.counts.dead += 1
        await self.ledger.bury(lease, error)

    async def _renew(self, lease: JobLease, context: JobContext[R], body: asyncio.Task[None]) -> None:
        """Keeps the lease alive; stops the job where it was lost. While the ledger cannot be reached, nothing that the
        job writes can be committed either."""
        while True:
            await asyncio.sleep(self._duration.total_seconds() / 3)
            with suppress(Exception):
                if not await self.ledger.renew(lease, self._duration):
                    context.is_cancelled = True
                    body.cancel()
                    return


async def _body(definition: JobDefinition[R], context: JobContext[R]) -> None:
    await definition.run(context)


def _described(error: BaseException) -> JobError:
    code = getattr(error, "code", None)
    is_published = isinstance(code, str) and _CODE.fullmatch(code)
    return JobError(str(code) if is_published else "JOB_FAILED", type(error).__name__)
