"""Transactions that killed processes left open on the server: found, and ended.

A process that is killed says nothing to the server, which keeps its transaction, and every lock and key in it, until
`transactionLifetimeLimitSeconds` (a minute, and more where long transactions are wanted). So each process bears a name,
by which every other one sees that it has no connection left. It must never end what belongs to a living process: a
process counts as dead when it was found without any connection twice in a row. (Were it alive after all, the driver
would have its transaction done anew.)

What is asked for are sessions and connections of the same database user: that takes no privilege. On a sharded cluster
nothing is done, because one mongos does not know who is connected to another.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from typing import Any, Final

from bson import Binary
from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure, PyMongoError

LOOK_SECONDS: Final = 1.0

_PREFIX: Final = "dossier/"
_IDLE_MICROSECONDS: Final = 500_000
"""Transactions of living processes hardly ever rest so long: whatever rests less is not worth a look at connections."""

_REFUSALS: Final = frozenset({13, 59, 323, 8000})  # Unauthorized, CommandNotFound, APIStrictError, AtlasError

log = logging.getLogger(__name__)


def process_name() -> str:
    """A name for the client of one process, to be its `appname`. No other client ever has it."""
    return _PREFIX + secrets.token_hex(12)


class DeadProcesses:
    """Looks after the processes that share the server of `client`."""

    def __init__(self, client: AsyncMongoClient[dict[str, Any]]) -> None:
        self._admin = client.admin
        self._suspected: frozenset[Binary] = frozenset()

    async def run(self) -> None:
        """Looks every second until cancelled; ends by itself where the database lets nobody look."""
        while True:
            try:
                if (await self._admin.command("hello")).get("msg") == "isdbgrid":
                    return
                while True:
                    await self.look()
                    await asyncio.sleep(LOOK_SECONDS)
            except PyMongoError as error:
                self._suspected = frozenset()  # what was seen before the database was away says nothing
                if isinstance(error, OperationFailure) and error.code in _REFUSALS:
                    log.warning(
                        "the database refuses to end what killed processes leave open (error %s): a retry after a kill "
                        "waits as long as transactionLifetimeLimitSeconds says",
                        error.code,
                    )
                    return
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> int:
        """Ends the transactions whose process is dead now and was dead at the look before. Returns how many."""
        resting = await self._operations(
            {"idleSessions": True},
            {
                "type": "idleSession",
                "transaction.timeInactiveMicros": {"$gte": _IDLE_MICROSECONDS},
                "appName": {"$regex": f"^{_PREFIX}"},
            },
            {"appName": 1, "lsid": 1},
        )
        connected: frozenset[str] = frozenset()
        if resting:
            connections = await self._operations(
                {"idleConnections": True}, {"type": "op", "appName": {"$exists": True}}, {"appName": 1}
            )
            connected = frozenset(connection["appName"] for connection in connections)
        left = frozenset(session["lsid"]["id"] for session in resting if session["appName"] not in connected)
        ended = left & self._suspected
        self._suspected = left - ended
        if ended:
            await self._admin.command("killSessions", [{"id": session} for session in ended])
            log.warning("ended %d transactions that processes which are no more had left open", len(ended))
        return len(ended)

    async def _operations(
        self, looked_at: dict[str, bool], condition: dict[str, Any], wanted: dict[str, int]
    ) -> list[dict[str, Any]]:
        found = await self._admin.aggregate([{"$currentOp": looked_at}, {"$match": condition}, {"$project": wanted}])
        return await found.to_list()
