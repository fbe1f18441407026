"""`dossier worker` and `dossier jobs` as an operator meets them."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo.asynchronous.database import AsyncDatabase

from documents.chapters.jobs.kinds import JobError, JobState
from documents.chapters.jobs.ledger import JobLedger
from documents.chapters.jobs.views import JobViews
from documents.encryption.key_providers import LocalKeyProvider
from documents.encryption.keyring import Keyring
from documents.encryption.seals import SECRET_NAME, Seals
from tests.command import DOSSIER, ROOT, environment, run_dossier
from tests.jobs.workshop import Workshop
from tests.units import units_of


@pytest.fixture
def environ(tmp_path: Path, mongodb_uri: str, database: AsyncDatabase[dict[str, Any]]) -> dict[str, str]:
    """The environment of an operator whose database is the test's."""
    (tmp_path / "var").mkdir(mode=0o700)
    return environment(data_dir=tmp_path / "var", mongodb_uri=mongodb_uri, database=database.name)


def _run(arguments: str, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return run_dossier(environ, *arguments.split())


async def test_a_worker_runs_the_jobs_and_ends_cleanly(
    environ: dict[str, str], database: AsyncDatabase[dict[str, Any]]
) -> None:
    """`dossier worker` runs the product's own jobs until SIGTERM."""
    with subprocess.Popen(  # noqa: ASYNC220 - the loop has nothing else to do
        [*DOSSIER, "worker"], cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True
    ) as worker:
        try:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "Dossier runs background jobs.\n"
            workshop = Workshop(database)
            job_id = await (await _ledger(environ, database)).enqueue("jobs.housekeeping")
            assert (await workshop.finished(job_id)).state is JobState.SUCCEEDED
            worker.terminate()
            assert worker.wait(10) == 0
        finally:
            worker.kill()


async def test_jobs_are_listed_shown_followed_and_retried(
    environ: dict[str, str], database: AsyncDatabase[dict[str, Any]]
) -> None:
    """What is dead is listed with the reason, and due again after a retry."""
    assert _run("jobs", environ).returncode == 0  # makes the database
    views, job_id = JobViews(database), await _dead_job(await _ledger(environ, database))
    listed = _run("jobs", environ)
    assert listed.returncode == 0, listed.stderr
    assert "1 dead" in listed.stdout
    assert f"{job_id}  jobs.housekeeping" in listed.stdout
    assert "KEY_ERASED KeyErasedError" in listed.stdout
    assert "daily at 03:00 CST" in listed.stdout
    followed = _run(f"jobs watch {job_id}", environ)
    assert "jobs.housekeeping dead" in followed.stdout
    retried = _run(f"jobs retry {job_id}", environ)
    assert retried.stdout == "The job jobs.housekeeping is due again.\n"
    assert (await views.get(job_id)).state is JobState.QUEUED
    again = _run(f"jobs retry {job_id}", environ)
    assert (again.returncode, again.stderr) == (
        1,
        "dossier: the job is queued: only a failed or dead one can be retried\n",
    )


async def _ledger(environ: dict[str, str], database: AsyncDatabase[dict[str, Any]]) -> JobLedger:
    """The ledger as the commands have it."""
    data_dir = Path(environ["DOSSIER_DATA_DIR"])
    keyring = Keyring(database, LocalKeyProvider(data_dir / "root.key"))
    await keyring.open()
    return JobLedger(database, Seals(await keyring.secret(SECRET_NAME)), units_of(database))


async def _dead_job(ledger: JobLedger) -> str:
    job_id = await ledger.enqueue("jobs.housekeeping")
    await ledger.hand_out(["jobs.housekeeping"], timedelta(seconds=9))
    lease = await ledger.take(job_id, "somewhere:1", timedelta(seconds=9))
    assert lease is not None
    await ledger.bury(lease, JobError("KEY_ERASED", "KeyErasedError"))
    return job_id


def test_a_job_that_does_not_exist_is_said_so(environ: dict[str, str]) -> None:
    """One sentence."""
    result = _run("jobs show nonsense", environ)
    assert (result.returncode, result.stderr) == (1, "dossier: there is no such job: `dossier jobs` lists them\n")
