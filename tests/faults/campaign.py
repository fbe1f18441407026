"""Many kills on several stages at once, because each waits most of the time.

Owns which stage does what, and when one is left for a new one: after so many kills, and after whatever went wrong.
"""

from __future__ import annotations

import asyncio
import logging
import random
import tempfile
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.faults.killing import Undisturbed, kill, nothing_waits, undisturbed
from tests.faults.operations.jobs import OPERATIONS as JOBS
from tests.faults.operations.table import OPERATIONS
from tests.faults.processes import Launcher, launcher
from tests.faults.stage import Stage, stage

LANES: Final = 3
MOST_KILLS: Final = 30
"""Of one stage: what is looked at each time grows with each."""
_JOBS_OF_SIXTY: Final = 8

Say = Callable[[str], None]


@dataclass
class Results:
    """What came of it."""

    kills: int = 0
    slowest: float = 0.0
    failures: list[str] = field(default_factory=list)


class Errors(logging.Handler):
    """Puts into the results whatever a process that lives calls an error."""

    def __init__(self, results: Results) -> None:
        super().__init__(logging.ERROR)
        self._results = results

    def emit(self, record: logging.LogRecord) -> None:
        self._results.failures.append(f"{record.name}: {record.getMessage()}")


@dataclass
class Lane:
    """One stage after the other."""

    uri: str
    launcher: Launcher
    results: Results
    models: dict[str, Undisturbed]
    kills: int = 0
    _stage: Stage | None = None
    _open: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def stage(self) -> Stage:
        """The one of now."""
        if self.kills >= MOST_KILLS:
            await self.close()
        if self._stage is None:
            folder = Path(self._open.enter_context(tempfile.TemporaryDirectory(prefix="dossier-faults-")))
            self._stage = await self._open.enter_async_context(stage(self.uri, self.launcher, folder))
        return self._stage

    async def close(self, *, is_sound: bool = True) -> None:
        """Leaves the stage, with nothing left to do there."""
        made, self._stage, self.kills = self._stage, None, 0
        try:
            if made is not None and is_sound:
                await nothing_waits(made)
        finally:
            await self._open.aclose()

    async def model(self, kind: str) -> Undisturbed:
        """What an operation of the kind does when nobody kills it."""
        if kind not in self.models:
            self.models[kind] = await undisturbed(await self.stage(), kind)
        return self.models[kind]

    async def kill(self, kind: str, kill_at: int) -> str | None:
        """Kills one operation; at which step, None where it had ended before. Whatever goes wrong is in the results."""
        try:
            model = await self.model(kind)
            came = await kill(await self.stage(), kind, kill_at, model)
        except Exception as fault:
            self.results.failures.append(f"{kind} at {kill_at}: {type(fault).__name__}: {fault}")
            await self.close(is_sound=False)
            return ""
        self.kills += 1
        self.results.kills += came.step is not None
        self.results.slowest = max(self.results.slowest, came.retry_seconds)
        return came.step


async def random_kills(uri: str, count: int, seed: int, say: Say) -> Results:
    """So many kills at random steps, of each kind before any kind again, with some jobs in each sixty."""
    chance = random.Random(seed)
    todo = deque((kind, chance.random()) for kind in _drawn(count, chance))

    async def work(lane: Lane) -> None:
        while todo:
            kind, where = todo.popleft()
            try:
                steps = len((await lane.model(kind)).steps)
            except Exception as fault:
                lane.results.failures.append(f"{kind}: {type(fault).__name__}: {fault}")
                await lane.close(is_sound=False)
                continue
            kill_at = 1 + int(where * steps)
            while (step := await lane.kill(kind, kill_at)) is None:  # one that finds more at hand has fewer steps
                kill_at = max(kill_at // 2, 1)
            say(f"{kind} {step}; {len(todo)} are left")

    async with _lanes(uri) as (lanes, results):
        await asyncio.gather(*map(work, lanes))
    return results


async def every_step(uri: str, kinds: Iterable[str], say: Say) -> Results:
    """A kill at every step of an operation of each kind."""
    todo = deque(kinds)
    total = len(todo)

    async def work(lane: Lane) -> None:
        while todo:
            kind, kill_at = todo.popleft(), 1
            failed = len(lane.results.failures)
            while (step := await lane.kill(kind, kill_at)) is not None and len(lane.results.failures) < failed + 3:
                say(f"  {kind} {step or lane.results.failures[-1]}")
                kill_at += 1
            say(f"{kind}: killed at {kill_at - 1} steps; {len(todo)} of {total} kinds are left")

    async with _lanes(uri) as (lanes, results):
        await asyncio.gather(*map(work, lanes))
    return results


def _drawn(count: int, chance: random.Random) -> list[str]:
    jobs, others = sorted(JOBS), sorted(OPERATIONS.keys() - JOBS.keys())
    drawn: list[str] = []
    while len(drawn) < count:
        chance.shuffle(jobs)
        chance.shuffle(others)
        some = [*jobs[:_JOBS_OF_SIXTY], *others[: 60 - _JOBS_OF_SIXTY]]
        chance.shuffle(some)
        drawn += some
    return drawn[:count]


@asynccontextmanager
async def _listening(errors: Errors) -> AsyncIterator[None]:
    logging.getLogger().addHandler(errors)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(errors)


@asynccontextmanager
async def _lanes(uri: str) -> AsyncIterator[tuple[list[Lane], Results]]:
    results, models = Results(), dict[str, Undisturbed]()
    async with launcher(uri) as processes, _listening(Errors(results)):
        lanes = [Lane(uri, processes, results, models) for _ in range(LANES)]
        await lanes[0].stage()  # seeds what the others copy
        try:
            yield lanes, results
        finally:
            for lane in lanes:
                try:
                    await lane.close()
                except Exception as fault:
                    results.failures.append(f"in the end: {type(fault).__name__}: {fault}")
