"""A client of the `graphql-transport-ws` protocol that says exactly what a test has it say."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.patience import PATIENCE_SECONDS, patience

PROTOCOL = "graphql-transport-ws"


class SocketClient:
    """One open socket."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def say(self, **message: Any) -> None:
        """Sends one message."""
        await self.connection.send(json.dumps(message))

    async def hear(self, seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
        """The next message."""
        async with asyncio.timeout(seconds):
            answer: dict[str, Any] = json.loads(await self.connection.recv())
        return answer

    async def hears_nothing(self, seconds: float = 0.5) -> bool:
        """Whether no message comes for so long."""
        try:
            await self.hear(seconds)
        except TimeoutError:
            return True
        return False

    async def closed(self) -> tuple[int, str]:
        """The code and reason with which the server closes the socket; messages before that are ignored."""
        async with patience():
            while True:
                try:
                    await self.connection.recv()
                except ConnectionClosed:
                    code = self.connection.close_code
                    return code if code is not None else 0, self.connection.close_reason or ""

    async def begin(self, payload: dict[str, Any] | None = None) -> None:
        """Initialises the connection."""
        await self.say(type="connection_init", payload=payload or {})
        assert await self.hear() == {"type": "connection_ack"}

    async def subscribe(self, query: str, identifier: str = "1", **payload: Any) -> None:
        """Begins a subscription."""
        await self.say(id=identifier, type="subscribe", payload={"query": query, **payload})


@asynccontextmanager
async def socket_client(
    address: str, *, protocols: tuple[str, ...] = (PROTOCOL,), headers: dict[str, str] | None = None, **options: Any
) -> AsyncIterator[SocketClient]:
    """A client of the endpoint at `address` (`http://…`)."""
    async with connect(
        f"{address.replace('http', 'ws', 1)}/graphql",
        subprotocols=[Subprotocol(name) for name in protocols] or None,
        additional_headers=headers,
        compression=None,
        **options,
    ) as connection:
        yield SocketClient(connection)
