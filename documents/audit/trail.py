"""Writing the trail: entries that come while a block is being written share the next one, and where many come together
the next one waits a moment for all of them.

INVARIANT: `record` returns when a majority has the entry, and raises otherwise; whoever serves customer data calls it
first. Blocks are written one after the other, so a chain has no gap: after a failure, where nobody knows whether the
block was stored, the process begins a new chain, which names the old one's head.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from pymongo.asynchronous.collection import AsyncCollection

from documents.audit.blocks import loose_ends
from documents.audit.chain import CHAIN_BYTES, Block, Chain, Head, TrailKey
from documents.audit.entries import Entry, weight
from documents.errors import TrailUnavailableError

LARGEST_BLOCK: Final = 100_000  # by `weight`: some 2 MB of the 16 that a document may have
WRITE_SECONDS: Final = 5.0
LINGER_SECONDS: Final = 0.003
LONGEST_LINGER_SECONDS: Final = 0.010

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Batch:
    entries: list[Entry] = field(default_factory=list)
    waiting: list[asyncio.Future[None]] = field(default_factory=list)
    weight: int = 0

    def finish(self, fault: Exception | None = None) -> None:
        """Lets go whoever waits, but for those who left."""
        for future in self.waiting:
            if future.done():
                continue
            if fault is None:
                future.set_result(None)
            else:
                future.set_exception(fault)


@dataclass(slots=True)
class Executing:
    """Counts what is being carried out and may leave an entry: a context manager that is entered many times over.
    `on_last` is told when nothing is any more."""

    on_last: Callable[[], None]
    count: int = 0

    def __enter__(self) -> None:
        self.count += 1

    def __exit__(self, *_: object) -> None:
        self.count -= 1
        if not self.count:
            self.on_last()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Around what waits for an entry of its own while it is carried out: the block must not wait for it."""
        if not self.count:
            yield
            return
        self.__exit__()
        try:
            yield
        finally:
            self.__enter__()


class AuditTrail:
    """The trail as one process writes it. `on_head` is told of every head, on the way of the request: it must be quick
    and must not fail.

    A block costs this process and the database many times what an entry in it does. So the writer waits until there are
    as many entries as there were callers around the last block: at most `linger_seconds`, or `longest_seconds` while
    something is `executing`, which the time would be spent on anyway. A caller that is alone waits for nobody."""

    def __init__(
        self,
        blocks: AsyncCollection[dict[str, Any]],
        key: TrailKey,
        on_head: Callable[[Head], None] = lambda _head: None,
        *,
        write_seconds: float = WRITE_SECONDS,
        linger_seconds: float = LINGER_SECONDS,
        longest_seconds: float = LONGEST_LINGER_SECONDS,
    ) -> None:
        self._blocks = blocks
        self._key = key
        self._on_head = on_head
        self._write_seconds = write_seconds
        self._linger_seconds = linger_seconds
        self._longest_seconds = longest_seconds
        self.executing = Executing(self._executed)
        self._waits_for_executing = False
        self._callers = 0  # around the last block: those in it, and those who came meanwhile
        self._gathered = asyncio.Event()
        self._batches: deque[_Batch] = deque()
        self._writer: asyncio.Task[None] | None = None
        self._chain: Chain | None = None

    async def record(self, entry: Entry) -> None:
        """Returns when the entry is stored. Raises TrailUnavailableError: then nothing may be served."""
        batch = self._batches[-1] if self._batches else None
        if batch is None or batch.weight >= LARGEST_BLOCK:
            batch = _Batch()
            self._batches.append(batch)
            if self._writer is None:
                self._writer = asyncio.create_task(self._write())
        batch.entries.append(entry)
        batch.weight += weight(entry)
        if self._is_whole(batch):
            self._gathered.set()
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        batch.waiting.append(written)  # one for each: whoever leaves takes nobody along
        await written

    async def close(self) -> None:
        """Waits until everything is written that was recorded."""
        if self._writer is not None:
            await self._writer

    async def _write(self) -> None:
        while self._batches:
            await self._gather(self._batches[0])
            batch = self._batches.popleft()
            try:
                await self._store(batch.entries)
            except Exception as fault:  # whatever it is, nobody may be served
                log.error("the audit trail cannot be written: %s", type(fault).__name__)
                self._chain = None
                batch.finish(TrailUnavailableError())
            else:
                batch.finish()
            self._callers = len(batch.entries) + sum(len(following.entries) for following in self._batches)
        self._writer = None

    def _is_whole(self, batch: _Batch) -> bool:
        return len(batch.entries) >= self._callers or batch.weight >= LARGEST_BLOCK

    async def _gather(self, batch: _Batch) -> None:
        """Returns when nobody else is expected, or the time is over."""
        if not self._is_whole(batch):
            await self._wait(self._linger_seconds)
        if self.executing.count and not self._is_whole(batch):
            self._waits_for_executing = True
            await self._wait(self._longest_seconds - self._linger_seconds)
            self._waits_for_executing = False

    async def _wait(self, seconds: float) -> None:
        self._gathered.clear()
        limit = asyncio.get_running_loop().call_later(seconds, self._gathered.set)
        await self._gathered.wait()
        limit.cancel()

    def _executed(self) -> None:
        if self._waits_for_executing:
            self._gathered.set()

    async def _store(self, entries: list[Entry]) -> None:
        async with asyncio.timeout(self._write_seconds):
            if self._chain is None:
                ends = await loose_ends(self._blocks)
                self._chain = Chain(secrets.token_bytes(CHAIN_BYTES), self._key, ends)
            block: Block = self._chain.seal(entries, datetime.now(UTC))
            await self._blocks.insert_one(block.document)
        self._chain.advance(block)
        self._on_head(block.head)
