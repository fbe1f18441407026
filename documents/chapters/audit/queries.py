"""Asking the trail: who saw what of whom. Newest first, with keyset pages; every question is answered by an index.

A block is found by the index and its entries are then looked through, so that an answer names entries, not blocks. Who
may ask is decided elsewhere. The trail holds no value, and so does no answer.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.collection import AsyncCollection

from documents.access.plan import Purpose
from documents.access.trace import Act
from documents.audit.blocks import INDEXED, NEWEST_FIRST, counts
from documents.audit.entries import Entry, Outcome, Touch
from documents.declaring.kind import Kind
from documents.errors import InvalidCursorError

SEEN_BY = frozenset({Act.READ.value, Act.REVEAL.value, Act.EXPORT.value})
Position = tuple[datetime, bytes, int]
"""Where an entry stands in the order of an answer: its block's time and id, and its place in the block."""

_POSITION = struct.Struct(">q24sI")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class TrailQuery:
    """What is asked; None asks for everything. `field` is a declared name and means entries in which it was seen, plain
    or masked, of `customer` where one is given. `since` is the first instant, `until` the first that is too late."""

    username: str | None = None
    customer: ObjectId | None = None
    field: str | None = None
    kind: Kind | None = None
    purpose: Purpose | None = None
    outcome: Outcome | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class TrailEntry:
    """An entry where it stands: entry `sequence` of `chain`, written at `at`."""

    chain: bytes
    sequence: int
    at: datetime
    entry: Entry
    cursor: str


@dataclass(slots=True)
class FieldRead:
    """That one account saw a field of one customer: how often, first and last when, at best how."""

    customer: ObjectId
    kind: Kind
    plain: bool
    times: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Examined:
    """What a search through the trail found, and in how many entries."""

    reads: list[FieldRead]
    entries: int


class AuditQueries:
    """The read side of the trail."""

    def __init__(self, blocks: AsyncCollection[dict[str, Any]]) -> None:
        self._blocks = blocks

    async def find(self, query: TrailQuery, *, limit: int, after: str | None = None) -> list[TrailEntry]:
        """At most `limit` entries older than the cursor `after`. Raises InvalidCursorError."""
        position = _opened(after) if after is not None else None
        found: list[TrailEntry] = []
        async for entry in self._entries(query, position):
            found.append(entry)
            if len(found) == limit:
                break
        return found

    async def examine(self, query: TrailQuery) -> Examined:
        """Whose data was seen in the entries that are asked for, the latest first: of `query.field`, or of any.

        What was read for an answer counts, whether or not the client ever took it."""
        reads: dict[tuple[str, ObjectId], FieldRead] = {}
        entries = 0
        async for found in self._entries(query, None):
            entries += 1
            for touch in found.entry.get("touches", ()):
                if not _shows(touch, query):
                    continue
                plain = touch.get("plain", ())
                for customer in dict.fromkeys(touch.get("customers", ())):
                    _count(reads, touch, customer, found.at, plain=query.field in plain if query.field else bool(plain))
        return Examined(list(reads.values()), entries)

    def condition(self, query: TrailQuery, newest: datetime | None = None) -> dict[str, Any]:
        """The database filter that finds the blocks, none after `newest`."""
        condition: dict[str, Any] = {}
        for name, value in (
            ("username", query.username),
            ("customer", query.customer),
            ("kind", query.kind),
            ("purpose", query.purpose),
            ("outcome", query.outcome),
        ):
            if value is not None:
                condition[INDEXED[name]] = value if isinstance(value, ObjectId) else str(value)
        bounds = {"$gte": query.since, "$lt": query.until, "$lte": newest}
        within = {operator: bound for operator, bound in bounds.items() if bound is not None}
        time = {"body.at": within} if within else {}
        if query.field is None:
            return condition | time
        # Each level is a range of its own index, and the two are merged in the order of time.
        return condition | {"$or": [{INDEXED[level]: query.field, **time} for level in ("plain", "masked")]}

    async def _entries(self, query: TrailQuery, position: Position | None) -> AsyncIterator[TrailEntry]:
        # The block of the cursor, and those of the same millisecond, are read again for what is left in them.
        condition = self.condition(query, position[0] if position is not None else None)
        async for block in self._blocks.find(condition, {"body": 1}).sort(NEWEST_FIRST):
            for entry in _matching(block, query):
                is_beyond = position is None or _opened(entry.cursor) < position
                if is_beyond and await counts(self._blocks, entry.entry, block["_id"]):
                    yield entry


def _matching(block: Mapping[str, Any], query: TrailQuery) -> Iterator[TrailEntry]:
    body = block["body"]
    for offset in reversed(range(len(body["entries"]))):
        entry = body["entries"][offset]
        if _matches(entry, query):
            cursor = _sealed((body["at"], block["_id"], offset))
            yield TrailEntry(body["chain"], body["first"] + offset, body["at"], entry, cursor)


def _matches(entry: Entry, query: TrailQuery) -> bool:
    asked = (("username", query.username), ("purpose", query.purpose), ("outcome", query.outcome))
    if any(value is not None and entry.get(name) != value for name, value in asked):
        return False
    if query.field is not None:
        return any(_shows(touch, query) for touch in entry.get("touches", ()))
    if query.kind is None and query.customer is None:
        return True
    return any(_is_of(touch, query) for touch in entry.get("touches", ()))


def _is_of(touch: Touch, query: TrailQuery) -> bool:
    return (query.kind is None or touch["kind"] == query.kind) and (
        query.customer is None or query.customer in touch.get("customers", ())
    )


def _shows(touch: Touch, query: TrailQuery) -> bool:
    shown = (*touch.get("plain", ()), *touch.get("masked", ()))
    is_seen = query.field in shown if query.field is not None else bool(shown)
    return is_seen and touch["act"] in SEEN_BY and _is_of(touch, query)


def _count(
    reads: dict[tuple[str, ObjectId], FieldRead],
    touch: Touch,
    customer: ObjectId,
    at: datetime,
    *,
    plain: bool,
) -> None:
    known = reads.get((touch["kind"], customer))
    if known is None:
        reads[touch["kind"], customer] = FieldRead(customer, Kind(touch["kind"]), plain, 1, at, at)
        return
    known.times += 1
    known.plain = known.plain or plain
    known.first = at  # they come newest first


def _sealed(position: Position) -> str:
    at, block, offset = position
    return base64.urlsafe_b64encode(_POSITION.pack((at - _EPOCH) // _MILLISECOND, block, offset)).decode()


def _opened(cursor: str) -> Position:
    try:
        milliseconds, block, offset = _POSITION.unpack(base64.urlsafe_b64decode(cursor))
        return _EPOCH + milliseconds * _MILLISECOND, block, offset
    except (struct.error, ValueError, OverflowError) as error:
        raise InvalidCursorError from error
