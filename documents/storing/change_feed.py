"""What changes in the stored collections, told to everybody in this process who follows one of them.

Owns one change stream per process and followed collection: its opening, its resumption after an interruption, and its
fan-out. A change says which record, what happened to it and the names of the fields that changed. It must never carry
a value: the database itself takes them out of the event, so that none leaves it (the kind of a customer and the
customer of a record are no values: they never change). What a follower may know of a change is decided by others.

INVARIANT: a follower gets every change made after `follow` returned, or an error that says that some are lost.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import OperationFailure, PyMongoError

from documents.declaring.labels import Labelled
from documents.errors import EventsLostError, EventsOverflowError

BACKLOG: Final = 256
"""Changes that a follower may have before it; then the stream waits for it."""

PATIENCE_SECONDS: Final = 5.0
"""How long the stream waits for one follower before it goes on without it."""

RECONNECT_SECONDS: Final = 0.25

_logger = logging.getLogger(__name__)


class Operation(Labelled):
    """What happened to a record."""

    CREATED = "created", "Created", "已新建"
    UPDATED = "updated", "Updated", "已更新"
    DELETED = "deleted", "Deleted", "已删除"


_OPERATIONS: Final = {"insert": Operation.CREATED, "update": Operation.UPDATED, "delete": Operation.DELETED}


@dataclass(frozen=True, slots=True)
class RecordChange:
    """One change of one record. `kind` and `customer_id` are None where the record has none, or is gone by now.

    `fields` are the names of the fields that an update set or cleared, as stored at the top level, with what is derived
    from a field (`_tokens`, `_sources`) under the field's own name.
    """

    collection: str
    operation: Operation
    record_id: Any
    kind: str | None = None
    customer_id: Any = None
    fields: frozenset[str] = frozenset()


Matches = Callable[[RecordChange], bool]

_NAMES: Final = {
    "$map": {"input": {"$objectToArray": {"$ifNull": ["$updateDescription.updatedFields", {}]}}, "in": "$$this.k"}
}
_PIPELINE: Final[list[Mapping[str, Any]]] = [
    {
        "$project": {
            "operationType": 1,
            "documentKey._id": 1,
            "kind": "$fullDocument.kind",
            "customer_id": "$fullDocument.customer_id",
            "set": {"$cond": [{"$eq": ["$operationType", "update"]}, _NAMES, []]},
            "cleared": "$updateDescription.removedFields",
            "shortened": "$updateDescription.truncatedArrays.field",
        }
    }
]


class ChangeQueue:
    """The changes that one follower has not taken yet, one per record: later changes of a record join the earlier."""

    def __init__(self, matches: Matches, left: Callable[[ChangeQueue], None], backlog: int) -> None:
        self._matches = matches
        self._left = left
        self._backlog = backlog
        self._pending: OrderedDict[Any, RecordChange] = OrderedDict()
        self._filled = asyncio.Event()
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._failure: Exception | None = None

    async def take(self) -> RecordChange:
        """The next change. Raises EventsLostError or EventsOverflowError where some can no longer be told."""
        while self._failure is None and not self._pending:
            self._filled.clear()
            await self._filled.wait()
        if self._failure is not None:
            raise self._failure
        _, change = self._pending.popitem(last=False)
        self._has_room.set()
        return change

    async def put(self, change: RecordChange) -> None:
        """Adds a change that the follower asked for; waits for room, and gives the follower up if there comes none."""
        if self._failure is not None or not self._matches(change):
            return
        if change.record_id not in self._pending and len(self._pending) >= self._backlog:
            self._has_room.clear()
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await self._has_room.wait()
            except TimeoutError:
                self.fail(EventsOverflowError())
                return
        earlier = self._pending.get(change.record_id)
        self._pending[change.record_id] = change if earlier is None else _joined(earlier, change)
        self._filled.set()

    def fail(self, failure: Exception) -> None:
        """Makes `take` raise from now on."""
        self._failure = failure
        self._pending.clear()
        self._filled.set()
        self._has_room.set()

    def close(self) -> None:
        """Stops following."""
        self.fail(EventsLostError())
        self._left(self)


class ChangeFeed:
    """The change streams of one process. A stream is opened with its first follower, and stays open."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]], *, backlog: int = BACKLOG) -> None:
        self._database = database
        self._backlog = backlog
        self._streams: dict[str, _Stream] = {}

    async def follow(self, collection: str, matches: Matches = lambda _change: True) -> ChangeQueue:
        """The changes of `collection` from now on, those of them that `matches`. Waits for the database."""
        stream = self._streams.get(collection)
        if stream is None:
            stream = self._streams[collection] = _Stream(self._database, collection)
        await stream.opened.wait()
        queue = ChangeQueue(matches, stream.followers.discard, self._backlog)
        stream.followers.add(queue)
        return queue

    async def close(self) -> None:
        """Ends every stream and whoever follows one."""
        running = {stream.task for stream in self._streams.values()}
        while running:  # PyMongo swallows a cancellation that meets it opening a change stream
            for task in running:
                task.cancel()
            _, running = await asyncio.wait(running, timeout=0.2)
        for stream in self._streams.values():
            stream.lose()


class _Stream:
    """One change stream and its followers."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]], collection: str) -> None:
        self.followers: set[ChangeQueue] = set()
        self.opened = asyncio.Event()
        self._name = collection
        self._collection = database[collection]
        self._token: Mapping[str, Any] | None = None
        self.task = asyncio.create_task(self._follow())

    def lose(self) -> None:
        """Says to all followers that they have to begin anew, and begins anew."""
        self._token = None
        self.opened.clear()
        for follower in list(self.followers):
            follower.fail(EventsLostError())
        self.followers.clear()

    async def _follow(self) -> None:
        while True:
            try:
                await self._read()
            except PyMongoError as error:
                _logger.warning("changes of %s cannot be followed (%s), trying again", self._name, type(error).__name__)
                if _is_final(error):
                    self.lose()
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _read(self) -> None:
        """Follows until the database says something else, and keeps the place to go on from."""
        async with await self._collection.watch(
            _PIPELINE, full_document="updateLookup", resume_after=self._token
        ) as stream:
            self.opened.set()
            try:
                async for event in stream:
                    if event["operationType"] in _OPERATIONS:
                        await self._tell(_change(self._name, event))
                    elif event["operationType"] == "invalidate":  # the collection was dropped or renamed
                        self.lose()
                        return
            finally:
                if self.opened.is_set():
                    self._token = stream.resume_token

    async def _tell(self, change: RecordChange) -> None:
        for follower in list(self.followers):
            await follower.put(change)


def _is_final(error: PyMongoError) -> bool:
    """Whether the place in the stream is gone. What the server does not call resumable is taken as gone."""
    return isinstance(error, OperationFailure) and not error.has_error_label("ResumableChangeStreamError")


def _change(collection: str, event: Mapping[str, Any]) -> RecordChange:
    paths = [*event.get("set", ()), *(event.get("cleared") or ()), *(event.get("shortened") or ())]
    return RecordChange(
        collection,
        _OPERATIONS[event["operationType"]],
        event["documentKey"]["_id"],
        event.get("kind"),
        event.get("customer_id"),
        frozenset(_field(path) for path in paths),
    )


def _field(path: str) -> str:
    """The field at `path`: `_tokens.telephone` is of `telephone`, `addresses.0` of `addresses`."""
    first, _, rest = path.partition(".")
    return rest.partition(".")[0] if first in ("_tokens", "_sources") and rest else first


def _joined(earlier: RecordChange, later: RecordChange) -> RecordChange:
    """Two changes of one record as one: created stays created, deleted is the end."""
    operation = later.operation if later.operation is Operation.DELETED else earlier.operation
    return RecordChange(
        later.collection,
        operation,
        later.record_id,
        later.kind or earlier.kind,
        later.customer_id or earlier.customer_id,
        earlier.fields | later.fields,
    )
