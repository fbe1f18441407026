"""What uploads left behind, and files that nobody can open any more, are removed every night."""

from __future__ import annotations

from typing import Protocol

from documents.chapters.attachments.storage import AttachmentStorage
from jobs.context import JobContext
from jobs.definition import job
from jobs.schedules import Daily


class AttachmentResources(Protocol):
    """What the job of attachments works with."""

    @property
    def attachments(self) -> AttachmentStorage: ...


@job("attachments.sweep", schedule=Daily(at="03:30"))
async def sweep_attachments(context: JobContext[AttachmentResources]) -> None:
    """Sweeps as of the tick. Done twice it does nothing more."""
    await context.resources.attachments.sweep(context.scheduled_at)
