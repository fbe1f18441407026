"""The ledger's own job: what succeeded long ago is removed. What is dead stays until somebody looks at it."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, Protocol

from documents.chapters.jobs.ledger import JobLedger
from documents.writing.unit_of_work import UnitOfWork
from jobs.context import JobContext
from jobs.definition import job
from jobs.schedules import Daily

_BATCH: Final = 500
_KEPT: Final = timedelta(days=30)


class LedgerResources(Protocol):
    """What the job of the ledger works with."""

    @property
    def ledger(self) -> JobLedger: ...


@job("jobs.housekeeping", schedule=Daily(at="03:00"))
async def remove_succeeded_jobs(context: JobContext[LedgerResources]) -> None:
    """Removes what was enqueued 30 days before the tick, and succeeded."""
    ledger, removed = context.resources.ledger, _BATCH

    async def remove(unit: UnitOfWork) -> None:
        nonlocal removed
        removed = await ledger.remove_succeeded(unit, context.scheduled_at - _KEPT, _BATCH)

    while removed == _BATCH:
        await context.commit(remove, checkpoint=None)
