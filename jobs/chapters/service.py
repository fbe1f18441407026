"""The jobs of service: each minute the clocks of tickets and complaints (S2, S6), each day trainings that end (S3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from bson import ObjectId

from documents.chapters.jobs.ledger import Session
from documents.chapters.service.clock import CLOCKS
from documents.declaring.kind import Kind
from jobs.context import JobContext
from jobs.definition import job
from jobs.resources import ServiceKeeping
from jobs.schedules import CHINA_STANDARD_TIME, Daily, Every

_BATCH: Final = 50
"""Records per transaction."""


@job("service.escalations", schedule=Every(minutes=1))
async def escalate(context: JobContext) -> None:
    """Notes what is near its standard or breached it, and whom that is escalated to; nothing twice."""
    keeper = _keeper(context)
    for kind in CLOCKS:
        now = context.now
        while ids := await keeper.due(kind, now, _BATCH):

            async def move(
                session: Session, items: Sequence[ObjectId] = ids, of: Kind = kind, at: datetime = now
            ) -> None:
                await keeper.move_clocks(session, of, items, at)

            await context.commit(move, checkpoint=None, done=context.done + len(ids))


@job("training.validity", schedule=Daily(at="05:30"))
async def judge_validity(context: JobContext) -> None:
    """Notes which trainings expire soon or have expired on the day of the tick."""
    keeper = _keeper(context)
    on = context.scheduled_at.astimezone(CHINA_STANDARD_TIME).date()
    while ids := await keeper.lapsing(on, _BATCH):

        async def judge(session: Session, items: Sequence[ObjectId] = ids) -> None:
            await keeper.judge_validity(session, items, on)

        await context.commit(judge, checkpoint=None, done=context.done + len(ids))


def _keeper(context: JobContext) -> ServiceKeeping:
    keeper = context.resources.service
    if keeper is None:
        raise RuntimeError("the clocks of service are not among the resources of jobs")
    return keeper
