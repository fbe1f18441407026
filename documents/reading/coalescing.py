"""Concurrent reads by id, gathered: into one command per turn of the event loop, and under load into one per command
that returns. A read never joins a command that was sent before it came: it sees whatever had been written by then.

Only reads that would have sent the same command but for the id are gathered: same kind, same decisions, same row scope
in the condition, same projection. INVARIANT: a group's key names everything in the command that depends on the caller,
so that nobody is given a row, or a field of one, that a read of its own would not have brought.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import dataclass, field
from typing import Any

from bson import ObjectId

Row = dict[str, Any]
Fetch = Callable[[Any], Coroutine[Any, Any, list[Row]]]
"""Finds the rows whose `_id` meets the condition given, together with what all reads of the group ask for."""

LARGEST_GROUP = 100


@dataclass(slots=True)
class _Group:
    fetch: Fetch
    waiting: dict[ObjectId, list[asyncio.Future[Row | None]]] = field(default_factory=dict)


class ReadCoalescer:
    """Gathers reads until the loop has run everything that was ready; then each group is one command. While one of it
    is under way, it goes on gathering until that has returned."""

    def __init__(self) -> None:
        self._groups: dict[Hashable, _Group] = {}
        self._under_way: set[Hashable] = set()
        self._running: set[asyncio.Task[None]] = set()
        self.commands = 0  # sent so far: what gathering saves can be measured

    async def read(self, key: Hashable, row_id: ObjectId, fetch: Fetch) -> Row | None:
        """The row of `row_id`, or None. `fetch` is of whichever read of the group came first: they are all alike.

        Rows are shared between the reads of one id: not to be changed. Raises what the command raises."""
        loop = asyncio.get_running_loop()
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = _Group(fetch)
            if key not in self._under_way:
                loop.call_soon(self._send, key, group)
        future: asyncio.Future[Row | None] = loop.create_future()
        group.waiting.setdefault(row_id, []).append(future)
        if len(group.waiting) >= LARGEST_GROUP:
            self._send(key, group)
        return await future

    def _send(self, key: Hashable, group: _Group) -> None:
        if self._groups.get(key) is not group:
            return  # it was full, and is on its way
        del self._groups[key]
        self._under_way.add(key)
        task = asyncio.get_running_loop().create_task(self._answer(group))
        self._running.add(task)  # the loop itself keeps tasks weakly
        task.add_done_callback(lambda done: self._returned(key, done))

    def _returned(self, key: Hashable, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._under_way.discard(key)
        gathered = self._groups.get(key)
        if gathered is not None:
            self._send(key, gathered)

    async def _answer(self, group: _Group) -> None:
        self.commands += 1
        ids = list(group.waiting)
        try:
            rows = {row["_id"]: row for row in await group.fetch(ids[0] if len(ids) == 1 else {"$in": ids})}
        except BaseException as error:
            for futures in group.waiting.values():
                for future in futures:
                    if not future.done():
                        future.set_exception(error)
            if not isinstance(error, Exception):
                raise
            return
        for row_id, futures in group.waiting.items():
            for future in futures:
                if not future.done():  # a caller may have gone
                    future.set_result(rows.get(row_id))
