"""Rewrapping: after a rotation, whatever another vault key wrapped is wrapped by the active one; and once a day, for
what a restored backup brought back.

It can be started over at any point: what is done is not found any more. A key that does not open is left as it is, and
the job fails for it in the end, so that somebody looks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final, Protocol

from documents.chapters.encryption.rotation import CustomerKeys, KeyRotation
from documents.writing.unit_of_work import UnitOfWork
from jobs.context import JobContext
from jobs.definition import job
from jobs.schedules import Daily

BATCH: Final = 500
"""Customers per transaction: a fraction of a second, in which none of them can be deleted."""


class KeysLeftError(Exception):
    """Something is still wrapped by another vault key than the active one."""

    code = "KEYS_LEFT"


class KeyResources(Protocol):
    """What the job of encryption works with."""

    @property
    def keys(self) -> KeyRotation: ...


@job("keys.rewrap", schedule=Daily(at="04:00"))
async def rewrap_keys(context: JobContext[KeyResources]) -> None:
    """Wraps every data key and every secret with the active vault key."""
    keys = context.resources.keys
    await _rewrap_what_is_left(context, keys)
    # Other processes learn of the new key within seconds; until then they wrap with the one before.
    await asyncio.sleep(await keys.unsettled_seconds())
    await _rewrap_what_is_left(context, keys)
    if await keys.left():
        raise KeysLeftError


async def _rewrap_what_is_left(context: JobContext[KeyResources], keys: KeyRotation) -> None:
    left = await keys.left()
    await context.progress(context.done, context.done + left)
    if left == 0:
        return
    after = None
    while page := await keys.page(after, BATCH):

        async def rewrap(unit: UnitOfWork, customers: Sequence[CustomerKeys] = page) -> None:
            await keys.rewrap(unit, customers)

        after = page[-1].customer_id
        await context.commit(rewrap, checkpoint=str(after), done=context.done + len(page))
    await context.commit(keys.rewrap_secrets, checkpoint="secrets", done=context.total)
