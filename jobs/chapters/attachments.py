"""What uploads left behind, and files that nobody can open any more, are removed every night."""

from __future__ import annotations

from typing import Final, Protocol

from documents.chapters.attachments.storage import AttachmentStorage
from documents.writing.unit_of_work import UnitOfWork
from jobs.context import JobContext
from jobs.definition import job
from jobs.schedules import Daily

_BATCH: Final = 100
"""Files per unit of work."""


class AttachmentResources(Protocol):
    """What the job of attachments works with."""

    @property
    def attachments(self) -> AttachmentStorage: ...


@job("attachments.sweep", schedule=Daily(at="03:30"))
async def sweep_attachments(context: JobContext[AttachmentResources]) -> None:
    """Sweeps as of the tick. Done twice it does nothing more."""
    files, removed = context.resources.attachments, _BATCH
    await files.sweep(context.scheduled_at)

    async def remove(unit: UnitOfWork) -> None:
        nonlocal removed
        removed = await files.remove_unreadable(unit, _BATCH)

    while removed == _BATCH:
        await context.commit(remove, checkpoint=None)
