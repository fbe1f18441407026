"""The jobs of service: each minute the clocks of tickets and complaints (S2, S6), each day trainings that end (S3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final, Protocol

from bson import ObjectId

from documents.chapters.service.clock import MEASURED
from documents.declaring.kind import Kind
from documents.writing.unit_of_work import UnitOfWork
from jobs.context import JobContext
from jobs.definition import job
from jobs.schedules import CHINA_STANDARD_TIME, Daily, Every

_BATCH: Final = 50
"""Records per transaction."""


class ServiceKeeping(Protocol):
    """What moves the clocks of service on: a use case, which jobs have from the composition root alone. Whatever writes
    does so in the unit of work."""

    async def due(self, kind: Kind, now: datetime, limit: int) -> Sequence[ObjectId]:
        """Tickets or complaints whose clock has reached its next instant."""
        ...

    async def move_clocks(self, unit: UnitOfWork, kind: Kind, ids: Sequence[ObjectId], now: datetime) -> None:
        """Notes where they stand, and whom that is escalated to."""
        ...

    async def lapsing(self, on: date, limit: int) -> Sequence[ObjectId]:
        """Trainings whose validity is another on the day than the stored one."""
        ...

    async def judge_validity(self, unit: UnitOfWork, ids: Sequence[ObjectId], on: date) -> None:
        """Notes how they still hold."""
        ...


class ServiceResources(Protocol):
    """What the jobs of service work with."""

    @property
    def service(self) -> ServiceKeeping: ...


@job("service.escalations", schedule=Every(minutes=1))
async def escalate(context: JobContext[ServiceResources]) -> None:
    """Notes what is near its standard or breached it, and whom that is escalated to; nothing twice."""
    keeper = context.resources.service
    for kind in MEASURED:
        now = context.now
        while ids := await keeper.due(kind, now, _BATCH):

            async def move(
                unit: UnitOfWork, items: Sequence[ObjectId] = ids, of: Kind = kind, at: datetime = now
            ) -> None:
                await keeper.move_clocks(unit, of, items, at)

            await context.commit(move, checkpoint=None, done=context.done + len(ids))


@job("training.validity", schedule=Daily(at="05:30"))
async def judge_validity(context: JobContext[ServiceResources]) -> None:
    """Notes which trainings expire soon or have expired on the day of the tick."""
    keeper = context.resources.service
    on = context.scheduled_at.astimezone(CHINA_STANDARD_TIME).date()
    while ids := await keeper.lapsing(on, _BATCH):

        async def judge(unit: UnitOfWork, items: Sequence[ObjectId] = ids) -> None:
            await keeper.judge_validity(unit, items, on)

        await context.commit(judge, checkpoint=None, done=context.done + len(ids))
