"""Incremental delivery: answers with `@defer` and `@stream` part by part, as `multipart/mixed` (RFC 2046, section 5.1).

Owns the body (GraphQL over HTTP, RFC "Incremental Delivery"; the payloads are those of
web/graphql/incremental_formats.py), the time that it may take, and that the work ends when the client leaves. It must
never let a fault's text out, nor tell more than the same operation in one piece would.
"""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
from graphql import ExperimentalIncrementalExecutionResults
from graphql.execution import InitialIncrementalExecutionResult, SubsequentIncrementalExecutionResult
from starlette.types import Receive, Send

from web.graphql.answer import COMMON_HEADERS, RESPONSE_OPTIONS
from web.graphql.incremental_formats import Format, Payload, formatter
from web.graphql.serving import Answering, codes_of
from web.http.accept import MULTIPART

PART = b"\r\nContent-Type: application/json; charset=utf-8\r\n\r\n"
DELIMITER = b"\r\n---"
CLOSING_SECONDS = 1.0
"""What a client gets to take the last part when time is up: one that reads nothing holds nothing for longer."""


class IncrementalDelivery:
    """The delivery of one operation whose first part is computed, in the format `spec`.

    The extensions are those of the context as it is when a part leaves: they go with the first one, and again with each
    before which they have changed. What recording a part raises ends the answer.
    """

    def __init__(
        self, results: ExperimentalIncrementalExecutionResults, spec: Format, answering: Answering[Any]
    ) -> None:
        self._results = results
        self._content_type = f'{MULTIPART}; boundary="-"; {spec}'.encode()
        self._format = formatter(spec)
        self._answering = answering
        self._prepared: Payload = {}
        self._told: dict[str, Any] = {}
        self._has_begun = False
        self._pending: dict[str, None] = {}  # ids in their order

    async def prepare(self) -> None:
        """Makes the first part ready to leave. Raises what recording raises: then there is nothing to deliver."""
        try:
            self._prepared = self._first(self._results.initial_result)
            await self._answering.record(_codes(self._prepared))
        except BaseException:
            await self._results.subsequent_results.aclose()
            raise

    async def deliver(self, receive: Receive, send: Send, deadline: float) -> None:
        """Send all parts until `deadline` (of the event loop's clock); returns early when the client has left."""
        headers = [(b"content-type", self._content_type), *COMMON_HEADERS]
        sending = asyncio.ensure_future(self._send_parts(send, headers))
        leaving = asyncio.ensure_future(_left(receive))
        seconds = max(0.0, deadline - asyncio.get_running_loop().time())
        try:
            await asyncio.wait({sending, leaving}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            has_left = leaving.done()
            await _end(sending, leaving)
            await self._results.subsequent_results.aclose()
        if has_left and (sending.cancelled() or sending.exception()):
            return
        if sending.cancelled():
            await self._fail(send, self._answering.timeout())
        elif (fault := sending.exception()) is not None:
            await self._fail(send, self._answering.unexpected(fault))

    async def _send_parts(self, send: Send, headers: list[tuple[bytes, bytes]]) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send(_body(DELIMITER))
        await self._send_part(send, self._prepared)
        async for result in self._results.subsequent_results:
            payload = self._following(result)
            await self._answering.record(_codes(payload))
            await self._send_part(send, payload)

    async def _send_part(self, send: Send, payload: Payload) -> None:
        part = orjson.dumps(self._format(payload), option=RESPONSE_OPTIONS)
        self._has_begun = True
        for pending in payload.get("pending", ()):
            self._pending[pending["id"]] = None
        for completed in payload.get("completed", ()):
            self._pending.pop(completed["id"], None)
        # The delimiter goes with the part that it ends: only then does a client know that the part is whole.
        has_next = payload["hasNext"]
        await send(_body(PART + part + DELIMITER + (b"" if has_next else b"--\r\n"), more=has_next))

    def _first(self, result: InitialIncrementalExecutionResult) -> Payload:
        payload: Payload = {"errors": self._answering.formatted(result.errors)} if result.errors else {}
        payload["data"] = result.data
        payload["pending"] = [pending.formatted for pending in result.pending]
        payload["hasNext"] = result.has_next
        return self._with_extensions(payload)

    def _following(self, result: SubsequentIncrementalExecutionResult) -> Payload:
        payload: Payload = {}
        if result.pending:
            payload["pending"] = [pending.formatted for pending in result.pending]
        if result.incremental:
            payload["incremental"] = [self._formatted(part) for part in result.incremental]
        if result.completed:
            payload["completed"] = [self._formatted(part) for part in result.completed]
        payload["hasNext"] = result.has_next
        return self._with_extensions(payload)

    def _formatted(self, part: Any) -> Payload:
        formatted: Payload = dict(part.formatted)
        if part.errors:
            formatted["errors"] = self._answering.formatted(part.errors)
        return formatted

    def _with_extensions(self, payload: Payload) -> Payload:
        extensions = self._answering.extensions()
        if extensions != self._told:
            payload["extensions"] = self._told = extensions
        return payload

    async def _fail(self, send: Send, error: dict[str, Any]) -> None:
        """End everything that is pending with `error`, and the answer with it."""
        payload: Payload = {"errors": [error], "data": None}
        if self._has_begun:
            payload = {"completed": [{"id": identifier, "errors": [error]} for identifier in self._pending]}
        try:
            async with asyncio.timeout(CLOSING_SECONDS):
                await self._send_part(send, {**payload, "hasNext": False})
        except TimeoutError:
            return


def _codes(payload: Payload) -> list[str]:
    """Of all errors that a part shows."""
    parts = [payload, *payload.get("incremental", ()), *payload.get("completed", ())]
    return codes_of(error for part in parts for error in part.get("errors", ()))


def _body(body: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": more}


async def _left(receive: Receive) -> None:
    """Returns when the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        continue


async def _end(*tasks: asyncio.Future[None]) -> None:
    """Cancel what is not done and wait until it is."""
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
