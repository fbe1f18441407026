"""The life of one subscription on one socket: its events are decided as they come, and sent as the client takes them.

Owns the two halves and what lies between them. Deciding never waits for the client, so that what it may not see cannot
be told from how full its queue is; what waits is bounded, and an event that waited is decided anew before it is sent.
It must never decide what is said.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Final, Generic

from web.graphql.fault_format import Context
from web.graphql.parsed_documents import ParsedDocument
from web.http.language import Text
from web.http.refusals import RequestRefused
from web.subscriptions.execution import Asked, Decided, Source, SubscriptionExecution, SubscriptionFailed, timed_out
from web.subscriptions.messages import SocketClosed, next_message

FRESH_SECONDS: Final = 0.4
"""How old a decision may be when sending begins. Twice as long after it, sending is given up and it is made anew."""

MOST_WAITING: Final = 100
"""Decided events that may wait for a slow client."""


class Subscription(Generic[Context]):
    """One subscription. `write` sends a message and waits while the client takes none."""

    def __init__(
        self,
        execution: SubscriptionExecution[Context],
        identifier: str,
        asked: Asked,
        write: Callable[[str], Awaitable[None]],
    ) -> None:
        self._execution = execution
        self._identifier = identifier
        self._asked = asked
        self._write = write
        self._source: Source | None = None
        self._waiting: deque[Decided[Context]] = deque()
        self._filled = asyncio.Event()
        self._is_over = False
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        """Follows until the source ends. Raises `SubscriptionFailed` or `RequestRefused` with the reason for an end
        before that, `SocketClosed` where the client takes nothing any more."""
        async with _Limit(self._execution.serving.limits.seconds):
            parsed, source = await self._execution.begin(self._asked)
        self._source = source
        tasks = [asyncio.create_task(self._decide_all(parsed, source)), asyncio.create_task(self._send_all(parsed))]
        try:
            pending: set[asyncio.Future[None]] = {*tasks, self._ended}
            while tasks[1] in pending:
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
        finally:
            for task in (*tasks, self._ended):
                task.cancel()
            await asyncio.gather(*tasks, self._ended, return_exceptions=True)
            await source.aclose()

    async def check(self, context: Context) -> None:
        """Ends the subscription if the caller, as it is in `context`, may follow it no longer."""
        if self._source is None or self._ended.done():
            return
        try:
            await self._source.check(context)
        except Exception as fault:
            failure = self._execution.failure_in(fault, context, self._asked)
            if not self._ended.done():
                self._ended.set_exception(failure)

    async def _decide_all(self, parsed: ParsedDocument, source: Source) -> None:
        while True:
            try:
                event = await source.__anext__()
            except StopAsyncIteration:
                break
            except Exception as fault:
                raise await self._execution.failure(fault, self._asked) from fault
            decided = await self._decide(parsed, event)
            if decided is not None:
                if len(self._waiting) >= MOST_WAITING:
                    raise self._overflow()
                self._waiting.append(decided)
                self._filled.set()
        self._is_over = True
        self._filled.set()

    async def _decide(self, parsed: ParsedDocument, event: Any) -> Decided[Context] | None:
        async with _Limit(self._execution.serving.limits.seconds):
            return await self._execution.decide(self._asked, parsed, event)

    async def _send_all(self, parsed: ParsedDocument) -> None:
        while True:
            while not self._waiting and not self._is_over:
                self._filled.clear()
                await self._filled.wait()
            if not self._waiting:
                return
            await self._send(parsed, self._waiting.popleft())

    async def _send(self, parsed: ParsedDocument, decided: Decided[Context]) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._execution.serving.limits.seconds
        delivered: dict[str, Any] | None = None
        while loop.time() < deadline:
            if loop.time() - decided.at > FRESH_SECONDS:
                again = await self._decide(parsed, decided.event)
                if again is None:
                    return
                decided = again
            if decided.response != delivered:
                await self._execution.deliver(self._asked, parsed, decided)
                delivered = decided.response
            try:
                async with asyncio.timeout_at(decided.at + 2 * FRESH_SECONDS):
                    await self._write(next_message(self._identifier, decided.response))
            except TimeoutError:
                continue
            return
        raise SocketClosed(1013, "the client takes no messages")

    def _overflow(self) -> SubscriptionFailed:
        text = Text("events came faster than you took them: query again", "事件产生速度超过接收速度：请重新查询")
        refusal = RequestRefused(429, "SUBSCRIPTION_OVERFLOW", text, details={"limit": MOST_WAITING})
        return SubscriptionFailed(refusal.errors(self._asked.language))


class _Limit:
    """`asyncio.timeout` that raises `RequestRefused`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._timeout = asyncio.timeout(seconds)

    async def __aenter__(self) -> None:
        await self._timeout.__aenter__()

    async def __aexit__(self, *raised: Any) -> None:
        try:
            await self._timeout.__aexit__(*raised)
        except TimeoutError:
            if not self._timeout.expired():
                raise
            raise timed_out(self._seconds) from None
