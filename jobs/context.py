"""What a running job sees: its arguments, what it works with, its checkpoint and its progress.

INVARIANT: what a job writes through `commit` (or a batch) is written once, however often the job is started over: the
writes and the checkpoint are one transaction, refused when the lease was lost. What it does otherwise may repeat.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, Protocol, TypeVar

from documents.audit.entries import Author
from documents.chapters.jobs.kinds import JobLease
from documents.chapters.jobs.ledger import JobLedger, Reached, Work
from documents.writing.unit_of_work import UnitOfWork


class Identified(Protocol):
    """Whatever has an id by which its list is ordered."""

    @property
    def id(self) -> str: ...


R_co = TypeVar("R_co", covariant=True)
_T = TypeVar("_T", bound=Identified)
_T_co = TypeVar("_T_co", bound=Identified, covariant=True)

Pages = Callable[[str | None, int], Awaitable[Sequence[_T]]]
"""Reads one page: the items behind the id `after` (None: from the start) in order of their ids, at most `limit`."""


async def _nothing(_: UnitOfWork) -> None:
    return None


class JobContext(Generic[R_co]):
    """One attempt at one job, with the `resources` that it works with: use cases, which ask the rules what the system
    may do, and stores that hold nothing of a customer in the clear."""

    def __init__(self, lease: JobLease, ledger: JobLedger, author: Author, resources: R_co) -> None:
        self._lease = lease
        self._author = author
        self._ledger = ledger
        self._resources = resources
        self.checkpoint: Any = lease.job.checkpoint
        self.done = lease.job.done
        self.total = lease.job.total
        self.is_cancelled = False

    @property
    def resources(self) -> R_co:
        """What the job works with."""
        return self._resources

    @property
    def id(self) -> str:
        """The job's id, 24 hex digits; the same in every attempt."""
        return self._lease.job.id

    @property
    def arguments(self) -> Mapping[str, str | int]:
        """What the job was enqueued with."""
        return self._lease.job.arguments

    @property
    def now(self) -> datetime:
        """The time, in UTC."""
        return datetime.now(UTC)

    @property
    def scheduled_at(self) -> datetime:
        """The tick that the job is for, else when it was enqueued: what all attempts agree on, unlike `now`."""
        return self._lease.job.scheduled_at or self._lease.job.created_at

    async def progress(self, done: int, total: int = 0) -> None:
        """Shows how far the job is; `total` 0 means unknown. Raises LeaseLostError."""
        self.done, self.total = done, total
        await self._ledger.report(self._lease, done, total)

    async def commit(self, work: Work = _nothing, *, checkpoint: Any, done: int | None = None) -> None:
        """Does `work` and keeps `checkpoint` (ids and counts only) as one unit of work, with an entry in the audit
        trail where anything was changed; `done` counts for the progress.

        `work` may be called again where the transaction is tried again. Raises LeaseLostError, with nothing written,
        and TrailUnavailableError: then another attempt goes on behind it.
        """
        reached = self.done if done is None else done
        await self._ledger.commit(self._lease, self._author, work, Reached(checkpoint, reached, self.total))
        self.checkpoint, self.done = checkpoint, reached

    async def batches(self, pages: Pages[_T], size: int = 100) -> AsyncIterator[Batch[_T]]:
        """The items of `pages` in batches, from where the last attempt stopped; each must be committed."""
        while items := await pages(self.checkpoint, size):
            batch = Batch(items, self)
            yield batch
            if self.checkpoint != items[-1].id:
                raise RuntimeError("a batch of a job was not committed")


@dataclass(frozen=True, slots=True)
class Batch(Generic[_T_co]):
    """Some items, to be dealt with in one transaction."""

    items: Sequence[_T_co]
    _context: JobContext[Any]

    async def commit(self, work: Work = _nothing) -> None:
        """Does `work` and notes that these items are done, both or neither."""
        done = self._context.done + len(self.items)
        await self._context.commit(work, checkpoint=self.items[-1].id, done=done)
