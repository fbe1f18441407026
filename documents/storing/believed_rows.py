"""Rows by which access is decided, or something is done in somebody's name: each is sealed whole, with a version that
rises with each write.

    <row>  {…, version, _entry, _bound?, _seal}
           `_seal` covers all of it but itself and the copies of the customer's scope, which the customer's key proves
           (`row_proof.py`)

So whoever writes to the database, and does not have the vault, neither adds nor changes one. INVARIANT: an older state,
put back, counts nowhere in a process that knows of a newer one: because it read or wrote that, or because the signed
blocks of the trail tell of it. They are asked of each row when it is first met, of a row that a unit of work decides by
each time, and of others again every `AGAIN_SECONDS`: until then a process that did not see the newer state may believe
the older one.

It must never say what a row allows, nor log more of one than its id.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern

from documents.encryption.seals import SEAL, Seals
from documents.storing.forgery_report import UNBELIEVED, ForgeryReport, Row

REMEMBERED: Final = 100_000
"""Of how many rows a process remembers the newest version; of others the trail is asked again."""
AGAIN_SECONDS: Final = 30.0
_LATE: Final = timedelta(minutes=10)
"""By how much a block may be dated before it could be read: clocks differ."""
_TRY_AGAIN: Final = ("TransientTransactionError",)
"""What the driver's `with_transaction` goes by."""
_UNSEALED: Final = frozenset({SEAL, "_owner", "_department"})

Told = Callable[[Collection[ObjectId], datetime | None], Awaitable[Mapping[ObjectId, int]]]
"""The highest version that the trail tells of each of these rows, in blocks since an instant or in all."""


class _Newest(NamedTuple):
    version: int
    asked: float  # when the trail was asked last, by the process's clock


class NewestKnown:
    """The newest version of each believed row that this process knows of."""

    def __init__(self, told: Told, again_seconds: float = AGAIN_SECONDS) -> None:
        self._told = told
        self._again_seconds = again_seconds
        self._newest: OrderedDict[ObjectId, _Newest] = OrderedDict()

    async def learn(self, row_ids: Iterable[ObjectId], *, at_once: bool) -> None:
        """Asks the trail of those that were not asked of lately; of all of them `at_once`."""
        now, ids = time.monotonic(), list(row_ids)
        limit = now if at_once else now - self._again_seconds
        unknown = [one for one in ids if one not in self._newest]
        again = [one for one in ids if (known := self._newest.get(one)) is not None and known.asked <= limit]
        if unknown:
            self._keep(unknown, await self._told(unknown, None), now)
        if again:
            ago = now - min(self._newest[one].asked for one in again)
            since = datetime.now(UTC) - timedelta(seconds=ago) - _LATE
            self._keep(again, await self._told(again, since), now)

    def is_newest(self, row: Row) -> bool:
        """Whether none is known that is newer."""
        known = self._newest.get(row["_id"])
        return known is None or bool(row["version"] >= known.version)

    def remember(self, row_id: ObjectId, version: int) -> None:
        """That the row was seen in this version, or written."""
        known = self._newest.get(row_id, _Newest(0, time.monotonic()))
        self._put(row_id, known._replace(version=max(version, known.version)))

    def _keep(self, asked: Iterable[ObjectId], told: Mapping[ObjectId, int], now: float) -> None:
        for one in asked:
            known = self._newest.get(one)
            self._put(one, _Newest(max(told.get(one, 0), known.version if known is not None else 0), now))

    def _put(self, row_id: ObjectId, newest: _Newest) -> None:
        self._newest[row_id] = newest
        self._newest.move_to_end(row_id)
        while len(self._newest) > REMEMBERED:
            self._newest.popitem(last=False)


class BelievedRows:
    """Seals and judges the rows of one collection."""

    def __init__(self, rows: AsyncCollection[Row], seals: Seals, newest: NewestKnown) -> None:
        # A majority has it: a version that a failover takes back must not be remembered as the newest.
        self._rows = rows.with_options(read_concern=ReadConcern("majority"))
        self._seals = seals
        self._newest = newest
        self._report = ForgeryReport(rows.name, UNBELIEVED)

    def sealed(self, row: Mapping[str, Any]) -> Row:
        """The row as it is to be stored, with its seal."""
        return {**row, SEAL: self._seals.of(self._rows.name, _content(row))}

    async def standing(self, rows: list[Row], session: AsyncClientSession | None = None) -> list[Row]:
        """Those of the rows, read whole and within `session`, that Dossier wrote as they are and never anew since.

        A transaction that sees what was changed since it began is aborted, to be tried again as of now."""
        sealed = self._report.without(rows, self._is_sealed)
        await self._newest.learn([row["_id"] for row in sealed], at_once=session is not None)
        older = [row for row in sealed if not self._newest.is_newest(row)]
        if older:
            await self._judge(older, is_transaction=session is not None)
        standing = [row for row in sealed if self._newest.is_newest(row)] if older else sealed
        if session is None:  # what a transaction reads may be its own, and never be committed
            for row in standing:
                self._newest.remember(row["_id"], row["version"])
        return standing

    def remember(self, row: Mapping[str, Any]) -> None:
        """That this state of the row was written, and committed."""
        self._newest.remember(row["_id"], row["version"])

    async def _judge(self, older: list[Row], *, is_transaction: bool) -> None:
        """Reports what was put back; what was merely read before the newer state was written is not."""
        found = await self._rows.find({"_id": {"$in": [row["_id"] for row in older]}}).to_list()
        newest = {row["_id"] for row in found if self._is_sealed(row) and self._newest.is_newest(row)}
        put_back = [row for row in older if row["_id"] not in newest]
        for row in put_back:
            self._report.add(row)
        if is_transaction and len(put_back) < len(older):
            raise PyMongoError("a row was changed since the transaction began", error_labels=_TRY_AGAIN)

    def _is_sealed(self, row: Row) -> bool:
        # Types first: what is compared and asked for must not be whatever a database may hold in its place.
        is_known = isinstance(row["_id"], ObjectId) and isinstance(row.get("version"), int)
        return is_known and self._seals.holds(self._rows.name, _content(row), row.get(SEAL))


def _content(row: Mapping[str, Any]) -> Row:
    return {name: value for name, value in row.items() if name not in _UNSEALED}
