"""Time as this process gets it: on a machine that is busy elsewhere, a second of it takes longer than one.

Tests that something happens "within a second", or wait for what has no sign, count by it, and so hold on any machine.
"""

from __future__ import annotations

import asyncio
from types import TracebackType

_TICK_SECONDS = 0.01


class Stopwatch:
    """Counts while its block runs."""

    def __init__(self) -> None:
        self._ticks = 0
        self._task: asyncio.Task[None] | None = None

    @property
    def seconds(self) -> float:
        """Never more than have passed. A pause in which the process was not run counts as one hundredth."""
        return self._ticks * _TICK_SECONDS

    async def __aenter__(self) -> Stopwatch:
        self._task = asyncio.create_task(self._count())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _count(self) -> None:
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            self._ticks += 1


async def let_pass(seconds: float) -> None:
    """Waits so long, by the stopwatch."""
    for _ in range(round(seconds / _TICK_SECONDS)):
        await asyncio.sleep(_TICK_SECONDS)
