"""`kill -9` at any step of any operation: another process answers the retry with the one outcome, a worker finishes the
job, and rows and trail agree.

A few kills in `make test`, sixty random ones in `make test-slow`, more in `make nightly`; every step in `make faults`.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from graphql import build_schema

from jobs.registry import JOBS
from tests.faults.campaign import random_kills
from tests.faults.killing import kill, nothing_waits, undisturbed
from tests.faults.operations.jobs import OPERATIONS as KILLED_JOBS
from tests.faults.operations.table import OPERATIONS
from tests.faults.processes import launcher
from tests.faults.stage import stage


def test_every_mutation_and_every_job_is_killed() -> None:
    """What is added to the schema or the registry is added to the table."""
    schema = build_schema(Path("schema/schema.graphql").read_text(encoding="utf-8"))
    assert schema.mutation_type is not None
    killed = {kind.partition(":")[0] for kind in OPERATIONS}
    assert killed >= schema.mutation_type.fields.keys()
    assert KILLED_JOBS.keys() == {job.name for job in JOBS}


async def test_a_killed_operation_is_done_once_by_the_retry(mongodb_uri: str, tmp_path: Path) -> None:
    """Before the commit, while it is under way, and between the entry in the chain and the answer; and a job."""
    async with launcher(mongodb_uri) as processes, stage(mongodb_uri, processes, tmp_path) as made:
        model = await undisturbed(made, "createCustomer")
        for where in ("insert customers done", "commitTransaction under way", "insert audit_blocks done"):
            came = await kill(made, "createCustomer", model.steps.index(where) + 1, model)
            assert came.step is not None
        model = await undisturbed(made, "information.reviews")
        await kill(made, "information.reviews", model.steps.index("commitTransaction done") + 1, model)
        await nothing_waits(made)


@pytest.mark.slow
async def test_kills_at_random_steps(mongodb_uri: str) -> None:
    """DOSSIER_KILLS of them; DOSSIER_KILL_SEED has those of an earlier run again."""
    count = int(os.environ.get("DOSSIER_KILLS", "60"))
    seed = int(os.environ.get("DOSSIER_KILL_SEED", random.SystemRandom().randrange(10**9)))
    print(f"DOSSIER_KILL_SEED={seed}")
    results = await random_kills(mongodb_uri, count, seed, print)
    print(f"{results.kills} kills; the slowest retry took {results.slowest:.1f} s")
    assert not results.failures, f"DOSSIER_KILL_SEED={seed}: " + "\n".join(results.failures)
    assert results.kills == count
