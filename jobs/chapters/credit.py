"""The jobs of credit (K7): every day the next collection step of all that is overdue is planned."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final, Protocol

from documents.chapters.credit.figures import OverdueReceivable
from documents.writing.unit_of_work import UnitOfWork
from jobs.context import JobContext
from jobs.definition import job
from jobs.schedules import CHINA_STANDARD_TIME, Daily

_BATCH: Final = 20
"""Receivables per transaction: each may change the handling of its customer too."""


class OverduePlanning(Protocol):
    """What plans the steps against debts: a use case, which jobs have from the composition root alone."""

    async def overdue(self, on: date, after: str | None, limit: int) -> Sequence[OverdueReceivable]:
        """At most `limit` receivables that are overdue on the day, behind the id `after`."""
        ...

    async def plan_steps(self, unit: UnitOfWork, receivables: Sequence[OverdueReceivable], on: date) -> None:
        """Plans the steps that are due on the day, in the unit of work; none twice."""
        ...


class OverdueResources(Protocol):
    """What the jobs of credit work with."""

    @property
    def overdue(self) -> OverduePlanning: ...


@job("credit.collection_steps", schedule=Daily(at="06:00"))
async def plan_collection_steps(context: JobContext[OverdueResources]) -> None:
    """Plans the steps that are due on the day of the tick, however late the job runs. It plans none twice."""
    planner = context.resources.overdue
    on = context.scheduled_at.astimezone(CHINA_STANDARD_TIME).date()

    async def page(after: str | None, limit: int) -> Sequence[OverdueReceivable]:
        return await planner.overdue(on, after, limit)

    async for batch in context.batches(page, _BATCH):

        async def plan(unit: UnitOfWork, items: Sequence[OverdueReceivable] = batch.items, day: date = on) -> None:
            await planner.plan_steps(unit, items, day)

        await batch.commit(plan)
