"""One kill and what follows: another process takes the retry, and all holds.

Owns the order of an attempt. INVARIANT: what the operation did in the end is what one that nobody killed does: so many
rows more in each collection, so many versions.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass

from documents.audit.pending import COLLECTION as PENDING
from tests.faults.invariants import Shape, difference, faults_of, shape_of
from tests.faults.operations.table import AGAIN, OPERATIONS
from tests.faults.stage import RETRY_SECONDS, Asked, Command, Stage, Work
from tests.patience import patience, until

REMOVAL_SECONDS = 1.5
"""After the answer: what a process still does for an operation is done by then."""


REWRAP = "keys.rewrap"
"""After it no key is left that another vault key wrapped."""

UNCOUNTED = frozenset({REWRAP, "dossier keys rotate-root"})
"""What makes no row and no version."""


@dataclass(frozen=True)
class Undisturbed:
    """An operation that nobody killed: its steps, and what it did."""

    steps: tuple[str, ...]
    change: Shape


@dataclass(frozen=True)
class Kill:
    """What came of one: at which step, None where the operation had none with the number; and how long the retry took,
    in seconds, where somebody waits for it."""

    step: str | None
    retry_seconds: float


async def undisturbed(stage: Stage, kind: str) -> Undisturbed:
    """Does an operation of the kind in another process, and counts its steps."""
    operation, key = await stage.prepared(OPERATIONS[kind]), secrets.token_hex()
    before = await shape_of(stage.api.services.database)
    process, answer = await stage.there(operation, key, 0)
    assert isinstance(operation, Work) or _is_done(operation, answer), f"{kind}: {answer}"
    if not isinstance(operation, Work | Command):
        async with patience(REMOVAL_SECONDS * 10):
            while f"delete {PENDING} done" not in process.steps:
                await process.next_line()
    steps = tuple(process.steps)
    process.steps.clear()
    change = difference(before, await shape_of(stage.api.services.database))
    assert change or kind in UNCOUNTED, f"{kind}: nothing was changed"
    return Undisturbed(steps, change)


async def kill(stage: Stage, kind: str, kill_at: int, model: Undisturbed) -> Kill:
    """Kills a process at a step of an operation of the kind, and has it tried again here."""
    operation, key = await stage.prepared(OPERATIONS[kind]), secrets.token_hex()
    database = stage.api.services.database
    before = await shape_of(database)
    process, answer = await stage.there(operation, key, kill_at)
    if not process.is_dead:
        try:
            async with asyncio.timeout(REMOVAL_SECONDS):
                while not process.is_dead:
                    await process.next_line()
        except TimeoutError:
            process.kill()
    where = f"{kind}, killed at step {process.killed}"
    begun = time.monotonic()
    try:
        async with asyncio.timeout(RETRY_SECONDS):
            outcome = await stage.here(operation, key)
    except TimeoutError:
        raise AssertionError(f"{where}: no outcome {await stage.state_of(operation)}") from None
    took = time.monotonic() - begun
    if kind in AGAIN:
        assert _is_done(operation, outcome) or _code(outcome) in AGAIN[kind], f"{where}: {outcome}"
    else:
        assert isinstance(operation, Work) or _is_done(operation, outcome), f"{where}: {outcome}"
        assert answer in (None, outcome), f"{where}: {answer}, then {outcome}"
        change = difference(before, await shape_of(database))
        assert change == model.change, f"{where}: {change} instead of {model.change}"
    assert kind != REWRAP or await stage.api.services.key_rotation.left() == 0, where
    assert not (faults := await faults_of(database, stage.settings.data_dir)), f"{where}: {faults}"
    return Kill(process.killed, 0.0 if isinstance(operation, Work | Command) else took)


async def nothing_waits(stage: Stage) -> None:
    """Returns when the trail has everything that killed processes left to others."""

    async def is_empty() -> bool:
        return await stage.api.services.database[PENDING].find_one({}) is None

    await until(is_empty)
    assert not (faults := await faults_of(stage.api.services.database, stage.settings.data_dir)), faults


def _is_done(operation: object, outcome: object) -> bool:
    if isinstance(operation, Command):
        return isinstance(outcome, list) and outcome[0] == 0
    if isinstance(outcome, dict):
        return isinstance(operation, Asked) and "errors" not in outcome and not outcome.get("userErrors")
    return isinstance(outcome, str)


def _code(outcome: object) -> str | None:
    """Why it is not done."""
    if isinstance(outcome, list):
        return str(outcome[1]).strip().rpartition("` ")[2]
    assert isinstance(outcome, dict)
    return str(outcome["errors"][0] if "errors" in outcome else outcome["userErrors"][0]["code"])
