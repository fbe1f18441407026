"""The commands about background work: what runs, is due or failed, one job in full, and its retry.

Owns their words and columns, and the bar of a job that runs.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Coroutine, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from rich.console import Group
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from commands.errors import CommandError
from commands.services import with_services
from commands.terminal import console, local_time, show
from documents.chapters.jobs.kinds import JobRecord, JobState
from documents.chapters.jobs.views import JobViews
from documents.errors import RecordNotFoundError
from jobs.definition import JobDefinition
from jobs.registry import JOBS
from resolvers.services import Services
from settings import Settings

_OPEN: Final = (JobState.RUNNING, JobState.QUEUED, JobState.FAILED)
_SHOWN: Final = 50


def list_jobs(settings: Settings, _: Namespace) -> None:
    """Prints what runs and is due, what is dead and why, and when each schedule comes next."""
    show(with_services(settings, lambda services: _overview(services.jobs, JOBS, datetime.now(UTC))))


def show_job(settings: Settings, arguments: Namespace) -> None:
    """Prints everything about one job."""
    show(_details(_with_job(settings, lambda services: services.jobs.get(arguments.id))))


def watch(settings: Settings, arguments: Namespace) -> None:
    """Shows a bar until the job is finished, then everything about it."""
    show(_details(_with_job(settings, lambda services: _follow(services.jobs, arguments.id))))


def retry(settings: Settings, arguments: Namespace) -> None:
    """Makes a failed or dead job due again."""

    async def retry_job(services: Services) -> JobRecord:
        job = await services.jobs.get(arguments.id)
        if not await services.ledger.retry(job.id):
            raise CommandError(f"the job is {job.state.value}: only a failed or dead one can be retried")
        return job

    print(f"The job {_with_job(settings, retry_job).name} is due again.")


def _with_job(settings: Settings, work: Callable[[Services], Coroutine[Any, Any, JobRecord]]) -> JobRecord:
    try:
        return with_services(settings, work)
    except RecordNotFoundError as error:
        raise CommandError("there is no such job: `dossier jobs` lists them") from error


async def _overview(views: JobViews, definitions: Iterable[JobDefinition[Any]], now: datetime) -> Group:
    unfinished = await views.list(_OPEN, first=_SHOWN)
    dead = await views.list([JobState.DEAD], first=_SHOWN)
    return Group(
        _counted(await views.counts()),
        "",
        _jobs(sorted(unfinished, key=lambda record: (_OPEN.index(record.state), record.id))),
        "",
        _jobs(dead, title="Dead letters (dossier jobs retry ID)"),
        "",
        _schedules(definitions, now),
    )


def _details(record: JobRecord) -> Table:
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
        "enqueued": _moment(record.created_at),
        "scheduled for": _moment(record.scheduled_at),
        "started": _moment(record.started_at),
        "finished": _moment(record.finished_at),
        "lease until" if record.state is JobState.RUNNING else "due": _moment(record.due_at),
    }
    for name, value in rows.items():
        if value:
            table.add_row(name, value)
    return table


async def _follow(views: JobViews, job_id: str) -> JobRecord:
    """Shows a bar until the job is finished, and returns how it stands. Raises RecordNotFoundError."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console()) as bar:
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
        state, due, worker = item.state.value, _moment(item.due_at), item.worker or ""
        table.add_row(item.id, item.name, state, _progress(item), str(item.attempts), due, worker, _error(item))
    return table


def _schedules(definitions: Iterable[JobDefinition[Any]], now: datetime) -> Table:
    table = Table("job", "schedule", "next", box=None, pad_edge=False)
    for definition in definitions:
        if definition.schedule is not None:
            table.add_row(definition.name, str(definition.schedule), local_time(definition.schedule.upcoming(now)))
    return table


def _progress(record: JobRecord) -> str:
    if record.total:
        return f"{record.done}/{record.total}"
    return str(record.done) if record.done else ""


def _error(record: JobRecord) -> str:
    return f"{record.error.code} {record.error.type}".rstrip() if record.error is not None else ""


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else local_time(moment)
