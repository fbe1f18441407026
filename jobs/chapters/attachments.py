"""What uploads left behind, and files that nobody can open any more, are removed every night."""

from __future__ import annotations

from jobs.context import JobContext
from jobs.definition import job
from jobs.schedules import Daily


@job("attachments.sweep", schedule=Daily(at="03:30"))
async def sweep_attachments(context: JobContext) -> None:
    """Sweeps as of the tick. Done twice it does nothing more."""
    if context.resources.attachments is None:
        raise RuntimeError("the composition root gave no attachments to sweep")
    await context.resources.attachments.sweep(context.scheduled_at)
