"""Bringing change entries, which were stored with their changes, into the chain: at once by whoever made the change,
and later by anybody where that process died or could not write.

INVARIANT: an entry is forgotten only when a block has it. Where two processes took one over, its id stands twice in the
trail and counts once.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import Any, Final

from bson import ObjectId
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import PyMongoError

from documents.audit.blocks import chained
from documents.audit.pending import PendingEntries, PendingEntry
from documents.audit.trail import AuditTrail
from documents.errors import TrailUnavailableError

LEFT_AFTER: Final = timedelta(seconds=5)
SWEEP_SECONDS: Final = 2.0
_SWEPT_AT_ONCE: Final = 1000
_REMOVAL_SECONDS: Final = 0.5

log = logging.getLogger(__name__)


class Takeover:
    """What takes the `pending` entries over into the blocks of `trail`."""

    def __init__(self, trail: AuditTrail, blocks: AsyncCollection[dict[str, Any]], pending: PendingEntries) -> None:
        self.pending = pending
        self._trail = trail
        self._blocks = blocks
        self._taken: list[ObjectId] = []
        self._removing: asyncio.Task[None] | None = None

    async def take_over(self, *entries: PendingEntry) -> None:
        """Returns when the entries are in blocks. Raises TrailUnavailableError: then nothing may be shown of the
        changes, and somebody else completes it."""
        with self._trail.executing.paused():
            await asyncio.gather(*(self._trail.record(pending.entry) for pending in entries))
        self._taken += [pending.id for pending in entries]
        if self._removing is None:
            self._removing = asyncio.create_task(self._remove_soon())

    async def complete(self, entry_id: ObjectId) -> None:
        """Takes the entry over if it waits still, for a change that is about to be answered a second time."""
        pending = await self.pending.find(entry_id)
        if pending is not None:
            await self.take_over(_again(pending))

    async def sweep(self, older_than: timedelta = LEFT_AFTER) -> int:
        """Takes over what was left behind; returns how many entries."""
        left = await self.pending.left(older_than, _SWEPT_AT_ONCE)
        if not left:
            return 0
        known = await chained(self._blocks, [pending.id for pending in left])
        await self.pending.remove(known)
        await self.take_over(*(_again(pending) for pending in left if pending.id not in known))
        return len(left)

    async def run(self) -> None:
        """Sweeps until cancelled, as a task of the process."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            try:
                await self.sweep()
            except (TrailUnavailableError, PyMongoError) as fault:
                log.warning("entries wait for the audit trail: %s", type(fault).__name__)

    async def close(self) -> None:
        """Forgets what was taken over; nothing is taken over any more."""
        if self._removing is not None:
            self._removing.cancel()
            await asyncio.wait([self._removing])
            self._removing = None
        await self._remove()

    async def _remove_soon(self) -> None:
        await asyncio.sleep(_REMOVAL_SECONDS)
        self._removing = None
        await self._remove()

    async def _remove(self) -> None:
        taken, self._taken = self._taken, []
        if taken:
            try:
                await self.pending.remove(taken)
            except PyMongoError as fault:  # found in its block by whoever sweeps
                log.warning("entries of the audit trail wait although they are chained: %s", type(fault).__name__)


def _again(pending: PendingEntry) -> PendingEntry:
    """As somebody else takes it over."""
    entry = pending.entry.copy()
    entry["again"] = True
    return PendingEntry(pending.id, entry)
