"""GraphQL subscriptions over WebSocket: the `graphql-transport-ws` protocol (enisdenjo/graphql-ws, PROTOCOL.md).

Owns the conversation on a socket: handshake, initialisation, the messages both ways, the codes with which it is closed,
and how many subscriptions there may be. It must never decide what a caller may see: contexts are made from what
`connection_init` says by the same function as over HTTP, and executed by web/subscriptions/execution.py.

Published codes: `SUBSCRIPTION_ONLY`, `SUBSCRIPTION_LIMIT`, `SUBSCRIPTION_OVERFLOW`, `NOT_ACCEPTABLE`, and those of
requests. The socket is closed with 4400, 4401, 4403, 4406, 4408, 4409, 4429 as the protocol says, with 4403 also when
the caller is known no longer; 1009 for a message beyond the limit, 1011 for a fault, 1013 where the client takes none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Any, Generic
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from web.graphql.fault_format import Context, unexpected
from web.http.language import Language, Text, negotiate_language
from web.http.refusals import RequestRefused
from web.subscriptions.delivery import Subscription
from web.subscriptions.execution import Asked, SubscriptionExecution, SubscriptionFailed
from web.subscriptions.messages import (
    CONNECTION_ACK,
    PROTOCOL,
    Complete,
    ConnectionInit,
    Message,
    Ping,
    SocketClosed,
    Subscribe,
    complete_message,
    error_message,
    forbidden,
    initialisation_timeout,
    invalid_message,
    pong_message,
    read_message,
    subprotocol_not_acceptable,
    subscriber_exists,
    too_many_initialisations,
    unauthorized,
)
from web.subscriptions.watch import Watch


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketLimits:
    """Subscriptions at a time, and seconds until `connection_init` must have come."""

    per_connection: int = 100
    per_process: int = 10_000
    init_seconds: float = 3.0


class GraphQLWebSocket(Generic[Context]):
    """An ASGI application for the WebSocket route. `watch.run` must run for as long as it serves."""

    def __init__(
        self,
        execution: SubscriptionExecution[Context],
        *,
        limits: SocketLimits | None = None,
        allowed_origins: frozenset[str] = frozenset(),
        refresh: Callable[[Collection[Context]], Awaitable[None]] | None = None,
    ) -> None:
        self.execution = execution
        self.limits = limits or SocketLimits()
        self.watch: Watch[Context] = Watch(refresh)
        self.subscriptions = 0
        """How many there are in this process."""
        self._allowed_origins = allowed_origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket."""
        await receive()  # websocket.connect
        headers: dict[bytes, bytes] = dict(scope["headers"])
        if self._is_cross_site(headers):
            await send({"type": "websocket.close"})  # before it is accepted: 403
            return
        offered = PROTOCOL in scope["subprotocols"]
        await send({"type": "websocket.accept", "subprotocol": PROTOCOL if offered else None})
        connection = _Connection(self, scope, receive, send)
        self.watch.sockets.add(connection)
        try:
            await connection.serve(offered=offered)
        finally:
            self.watch.sockets.discard(connection)

    def _is_cross_site(self, headers: dict[bytes, bytes]) -> bool:
        """As over HTTP; by `Origin` against `Host` where the browser sends no Fetch Metadata with a handshake."""
        origin = headers.get(b"origin", b"").decode("latin-1")
        if not origin or origin in self._allowed_origins:
            return False
        site = headers.get(b"sec-fetch-site")
        if site is not None:
            return site == b"cross-site"
        return urlsplit(origin).netloc.lower() != headers.get(b"host", b"").decode("latin-1").lower()


class _Connection(Generic[Context]):
    """One accepted socket."""

    def __init__(self, endpoint: GraphQLWebSocket[Context], scope: Scope, receive: Receive, send: Send) -> None:
        self.context: Context | None = None
        self._endpoint = endpoint
        self._execution = endpoint.execution
        self._scope = scope
        self._receive = receive
        self._send = send
        self._writing = asyncio.Lock()
        self._request: Request | None = None  # what contexts are made of, once the client has said who it is
        self._language: Language = "en"
        self._running: dict[str, tuple[Subscription[Context], asyncio.Task[None]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._farewell: asyncio.Task[None] | None = None
        self._closed: asyncio.Future[SocketClosed] = asyncio.get_running_loop().create_future()

    async def serve(self, *, offered: bool) -> None:
        """Converses until either side ends it."""
        try:
            if not offered:
                raise subprotocol_not_acceptable()
            await self._converse()
        except SocketClosed as closed:
            await self._close(closed)
        except OSError:  # how a server says that the client is gone
            pass
        except Exception as fault:
            unexpected(fault, self._language)  # for the log
            await self._close(SocketClosed(1011, "Internal server error"))
        finally:
            tasks = [*self._tasks, *([self._farewell] if self._farewell is not None else [])]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def check(self) -> None:
        """Asks again who the client is, and whether its subscriptions may go on."""
        if self._request is None or self._farewell is not None or self._closed.done():
            return
        try:
            context = self.context = await self._execution.serving.context_factory(self._request)
        except RequestRefused as refusal:
            self._lose(refusal)
            return
        for subscription, _ in list(self._running.values()):
            await subscription.check(context)

    async def _converse(self) -> None:
        deadline = asyncio.get_running_loop().time() + self._endpoint.limits.init_seconds
        while True:
            try:
                async with asyncio.timeout_at(deadline if self._request is None else None) as limit:
                    text = await self._next_text()
            except TimeoutError:
                if not limit.expired():
                    raise
                raise initialisation_timeout() from None
            if text is None:
                return
            await self._act(read_message(text))

    async def _next_text(self) -> str | None:
        """The next message; None where the client is gone. Raises `SocketClosed` where something else ended it."""
        receiving: asyncio.Future[Any] = asyncio.ensure_future(self._receive())
        either: set[asyncio.Future[Any]] = {receiving, self._closed}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if self._closed.done():
                raise self._closed.result()
            message = receiving.result()
        finally:
            receiving.cancel()
        if message["type"] == "websocket.disconnect":
            return None
        text: str | None = message.get("text")
        if text is None:
            raise invalid_message()
        if len(text.encode()) > self._execution.serving.limits.body_bytes:
            raise SocketClosed(1009, "Message too big")
        return text

    async def _act(self, message: Message) -> None:
        match message:
            case ConnectionInit(fields=fields):
                await self._initialise(fields)
            case Ping(payload=payload):
                await self._write_in_time(pong_message(payload))
            case Subscribe():
                await self._subscribe(message)
            case Complete(identifier=identifier) if identifier in self._running:
                _, task = self._running.pop(identifier)
                task.cancel()

    async def _initialise(self, fields: Any) -> None:
        if self._request is not None:
            raise too_many_initialisations()
        own = {name.encode(): value.encode() for name, value in fields.items()}
        headers = {**dict(self._scope["headers"]), **own}
        self._language = negotiate_language(headers.get(b"accept-language", b"").decode("latin-1"))
        request = Request({**self._scope, "type": "http", "method": "GET", "headers": list(headers.items())})
        try:
            context = await self._execution.serving.context_factory(request)
        except RequestRefused as refusal:
            raise _closing(refusal) from None
        self._request, self.context = request, context
        await self._write_in_time(CONNECTION_ACK)

    async def _subscribe(self, message: Subscribe) -> None:
        if self._request is None:
            raise unauthorized()
        if self._farewell is not None:
            return
        if message.identifier in self._running:
            raise subscriber_exists(message.identifier)
        asked = Asked(self._request, self._language, message.parameters)
        limits = self._endpoint.limits
        if len(self._tasks) >= limits.per_connection or self._endpoint.subscriptions >= limits.per_process:
            await self._write_in_time(error_message(message.identifier, _too_many(limits).errors(self._language)))
            return
        subscription = Subscription(self._execution, message.identifier, asked, self._write)
        task = asyncio.create_task(self._run(message.identifier, subscription))
        self._running[message.identifier] = (subscription, task)
        self._tasks.add(task)
        self._endpoint.subscriptions += 1
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._endpoint.subscriptions -= 1

    async def _run(self, identifier: str, subscription: Subscription[Context]) -> None:
        """Follows one subscription, and says how it ended unless the client ended it."""
        try:
            await subscription.run()
            last = complete_message(identifier)
        except SubscriptionFailed as failed:
            last = error_message(identifier, failed.errors)
        except RequestRefused as refusal:
            last = error_message(identifier, refusal.errors(self._language))
            if refusal.status == 401:
                self._lose(refusal)
                return
        except SocketClosed as closed:
            self._end(closed)
            return
        except OSError:
            return
        except Exception as fault:
            last = error_message(identifier, [unexpected(fault, self._language)])
        if self._running.pop(identifier, None) is not None:
            await self._write_in_time(last)

    def _lose(self, refusal: RequestRefused) -> None:
        """Ends everything at once, because the caller is known no longer; says so as fast as the client listens."""
        if refusal.status != 401 or self._farewell is not None:  # if nobody can tell for now, nothing is sent meanwhile
            return
        running = dict(self._running)
        self._running.clear()
        for _, task in running.values():
            if task is not asyncio.current_task():
                task.cancel()
        self._farewell = asyncio.create_task(self._say_farewell(list(running), refusal))

    async def _say_farewell(self, identifiers: list[str], refusal: RequestRefused) -> None:
        for identifier in identifiers:
            await self._write_in_time(error_message(identifier, refusal.errors(self._language)))
        self._end(forbidden())

    def _end(self, closed: SocketClosed) -> None:
        if not self._closed.done():
            self._closed.set_result(closed)

    async def _write(self, text: str) -> None:
        async with self._writing:
            await self._send({"type": "websocket.send", "text": text})

    async def _write_in_time(self, text: str) -> None:
        """Writes within the time of a request, or gives the socket up."""
        try:
            async with asyncio.timeout(self._execution.serving.limits.seconds):
                await self._write(text)
        except TimeoutError:
            self._end(SocketClosed(1013, "the client takes no messages"))
        except OSError:
            pass

    async def _close(self, closed: SocketClosed) -> None:
        try:
            async with asyncio.timeout(self._execution.serving.limits.seconds):
                await self._send({"type": "websocket.close", "code": closed.code, "reason": closed.reason})
        except (TimeoutError, OSError):
            pass


def _closing(refusal: RequestRefused) -> SocketClosed:
    """How a socket ends whose client could not be told who it is: refused, or to be tried again."""
    return SocketClosed(1013, "Try again later") if refusal.status == 503 else forbidden()


def _too_many(limits: SocketLimits) -> RequestRefused:
    text = Text("there are too many subscriptions: end some, or try again later", "订阅过多：请结束部分订阅或稍后重试")
    return RequestRefused(429, "SUBSCRIPTION_LIMIT", text, details={"limit": limits.per_connection})
