"""Waiting for what another task, thread or process does: as long as that takes, on whatever machine.

Owns how long a test waits before it says that something never happens. It must never say how fast something is: a test
proves that it happens, the benchmarks measure when.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from documents.storing.change_feed import ChangeFeed, ChangeQueue

PATIENCE_SECONDS: Final = 60.0
"""Far longer than anything takes: reached only by what does not happen at all."""

PROCESS_SECONDS: Final = 180.0
"""The same for a process that is started, does its work and ends."""

_LOOK_SECONDS: Final = 0.02
_LONGEST_LOOK_SECONDS: Final = 0.5


def patience(seconds: float = PATIENCE_SECONDS) -> asyncio.Timeout:
    """A block that fails when what it waits for does not happen."""
    return asyncio.timeout(seconds)


async def until(
    holds: Callable[[], bool] | Callable[[], Awaitable[bool]], *, seconds: float = PATIENCE_SECONDS
) -> None:
    """Looks until it does, less and less often, without a promise of how soon: who looks takes time from who works."""
    pause = _LOOK_SECONDS
    async with patience(seconds):
        while True:
            found = holds()
            if await found if inspect.isawaitable(found) else found:
                return
            await asyncio.sleep(pause)
            pause = min(1.2 * pause, _LONGEST_LOOK_SECONDS)


@asynccontextmanager
async def newly_followed(changes: ChangeFeed, collection: str | None = None) -> AsyncIterator[None]:
    """Ends when somebody who did not before follows what changes in `collection`, or in any one.

    For a subscription that is begun in the block: its protocol has no word for "subscribed", the server's feed has.
    """
    before = _followers(changes, collection)
    yield
    await until(lambda: bool(_followers(changes, collection) - before))


def _followers(changes: ChangeFeed, collection: str | None) -> frozenset[ChangeQueue]:
    streams = {name: stream for name, stream in list(changes._streams.items()) if collection in (None, name)}
    return frozenset().union(*(tuple(stream.followers) for stream in streams.values()))
