"""What an operator sees of background work: tables, one job in full, and the bar of a job that runs.

Owns the words and columns of `dossier jobs`. It must never change a job.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from rich.console import Console, Group
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from documents.chapters.jobs.kinds import JobRecord, JobState
from documents.chapters.jobs.views import JobViews
from jobs.definition import JobDefinition

OPEN: Final = (JobState.RUNNING, JobState.QUEUED, JobState.FAILED)
SHOWN: Final = 50


async def overview(views: JobViews, definitions: Iterable[JobDefinition[Any]], now: datetime) -> Group:
    """What runs and is due, what is dead and why, and when each schedule comes next."""
    unfinished = await views.list(OPEN, first=SHOWN)
    dead = await views.list([JobState.DEAD], first=SHOWN)
    return Group(
        _counted(await views.counts()),
        "",
        _jobs(sorted(unfinished, key=lambda record: (OPEN.index(record.state), record.id))),
        "",
        _jobs(dead, title="Dead letters (dossier jobs retry ID)"),
        "",
        _schedules(definitions, now),
    )


def details(record: JobRecord) -> Table:
    """Everything that the ledger holds of one job."""
    table = Table(box=None, show_header=False, pad_edge=False)
    rows = {
        "id": record.id,
        "name": record.name,
        "state": record.state.value,
        "arguments": ", ".join(f"{name}={value}" for name, value in record.arguments.items()),
        "key": record.key,
        "progress": _progress(record),
        "checkpoint": "" if record.checkpoint is None else str(record.checkpoint),
        "attempts": str(record.attempts),
        "error": _error(record),
        "worker": record.worker or "",
        "enqueued": _time(record.created_at),
        "scheduled for": _time(record.scheduled_at),
        "started": _time(record.started_at),
        "finished": _time(record.finished_at),
        "lease until" if record.state is JobState.RUNNING else "due": _time(record.due_at),
    }
    for name, value in rows.items():
        if value:
            table.add_row(name, value)
    return table


async def follow(views: JobViews, job_id: str, console: Console) -> JobRecord:
    """Shows a bar until the job is finished, and returns how it stands. Raises RecordNotFoundError."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("", total=None)
        async for record in views.watch(job_id):
            description = f"{record.name} {record.state.value}"
            bar.update(task, description=description, completed=record.done, total=record.total or None)
    return record


def _counted(counts: Mapping[JobState, int]) -> str:
    return ", ".join(f"{counts[state]} {state.value}" for state in JobState)


def _jobs(records: Iterable[JobRecord], title: str | None = None) -> Table:
    table = Table("id", "job", "state", "progress", "attempts", "due", "worker", "last error", box=None, pad_edge=False)
    table.title, table.title_justify = title, "left"
    for item in records:
        state, due, worker = item.state.value, _time(item.due_at), item.worker or ""
        table.add_row(item.id, item.name, state, _progress(item), str(item.attempts), due, worker, _error(item))
    return table


def _schedules(definitions: Iterable[JobDefinition[Any]], now: datetime) -> Table:
    table = Table("job", "schedule", "next", box=None, pad_edge=False)
    for definition in definitions:
        if definition.schedule is not None:
            table.add_row(definition.name, str(definition.schedule), _time(definition.schedule.upcoming(now)))
    return table


def _progress(record: JobRecord) -> str:
    if record.total:
        return f"{record.done}/{record.total}"
    return str(record.done) if record.done else ""


def _error(record: JobRecord) -> str:
    return f"{record.error.code} {record.error.type}".rstrip() if record.error is not None else ""


def _time(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"
