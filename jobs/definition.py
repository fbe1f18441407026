"""How a job is declared: a name, an async function, when it is due, and how often it is tried.

Owns the declaration and the delay between attempts. It must never run anything, nor register anything at import:
`jobs/registry.py` lists what exists.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Generic, TypeVar

from jobs.context import JobContext
from jobs.schedules import Schedule

ATTEMPTS: Final = 10
FIRST_DELAY: Final = timedelta(seconds=5)
LONGEST_DELAY: Final = timedelta(hours=1)

R = TypeVar("R")
R_contra = TypeVar("R_contra", contravariant=True)


@dataclass(frozen=True, slots=True)
class JobDefinition(Generic[R_contra]):
    """A job that works with the resources `R_contra`. After `attempts` attempts that failed it is on the dead-letter
    list."""

    name: str
    run: Callable[[JobContext[R_contra]], Awaitable[None]]
    schedule: Schedule | None = None
    attempts: int = ATTEMPTS
    first_delay: timedelta = FIRST_DELAY

    def delay(self, failures: int) -> timedelta:
        """How long to wait after the `failures`-th failure: doubled each time, up to an hour, the upper half by chance
        so that what failed together does not come back together."""
        longest: timedelta = min(self.first_delay * 2 ** min(failures - 1, 20), LONGEST_DELAY)
        return longest * random.uniform(0.5, 1)  # noqa: S311 - spreads load, keeps no secret


def job(
    name: str,
    *,
    schedule: Schedule | None = None,
    attempts: int = ATTEMPTS,
    first_delay: timedelta = FIRST_DELAY,
) -> Callable[[Callable[[JobContext[R]], Awaitable[None]]], JobDefinition[R]]:
    """Makes a job of an async function, which says by the type of its context what it works with; `name` is
    `<chapter>.<what>` and stays, since the ledger keeps it."""

    def declare(run: Callable[[JobContext[R]], Awaitable[None]]) -> JobDefinition[R]:
        return JobDefinition(name, run, schedule, attempts, first_delay)

    return declare
