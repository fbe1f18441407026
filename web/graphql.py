"""The GraphQL endpoint: GraphQL over HTTP, from the bytes of a request to the bytes of its answer.

Owns the order of the steps: negotiation, cross-site check, parameters, context (who asks), document, limits, execution,
answer; the time that they may take together; and that no fault of ours shows its text. It must never decide what a
caller may see: that is the context's and the schema's. docs/decisions says where it leaves the draft specification.

Published codes: `BAD_REQUEST`, `METHOD_NOT_ALLOWED`, `NOT_ACCEPTABLE`, `UNSUPPORTED_MEDIA_TYPE`, `CROSS_SITE_REQUEST`,
`URI_TOO_LONG`, `BODY_TOO_LARGE`, `REQUEST_TIMEOUT`, `TIMEOUT`, `GRAPHQL_PARSE_FAILED`, `GRAPHQL_VALIDATION_FAILED`,
`OPERATION_RESOLUTION_FAILURE`, `SUBSCRIPTION_NOT_SUPPORTED`, `BAD_USER_INPUT`, `INTERNAL_ERROR`; more in web/limits.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any, Generic

import orjson
from graphql import ExecutionResult, GraphQLSchema, OperationType
from graphql.execution import Executor
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from schema.execution import JSON_OPTIONS
from web.accept import GRAPHQL_RESPONSE, JSON, ResponseType, prefers_html, response_type
from web.cost import refuse_costly
from web.graphql_errors import Context, FormatError, formatted, unexpected
from web.graphql_request import ClientDisconnected, Parameters, from_body, from_query_string
from web.language import Language, Text, negotiate_language
from web.limits import Limits
from web.parsed_documents import ParsedDocument, ParsedDocuments
from web.refusals import DocumentRefused, RequestRefused, method_not_allowed

__all__ = ["RESPONSE_OPTIONS", "DocumentRefused", "GraphQLEndpoint", "Limits", "RequestRefused"]

RESPONSE_OPTIONS = JSON_OPTIONS
"""How answers are serialised: instants that the executor passed on unchanged are printed as the schema would."""

PARTIAL_SUCCESS = 294
"""Data and errors together, in `application/graphql-response+json` only (section "Partial success")."""

Headers = dict[bytes, bytes]


class GraphQLEndpoint(Generic[Context]):
    """An ASGI application that serves `schema`.

    `context_factory` turns a request into the context of its execution and may raise `RequestRefused`; it sees the
    request's head, not its body. `extensions` gives the `extensions` of an answer, none when empty. `format_error`
    formats the errors of our own layers as `{"message", "extensions"}` and returns None for any other, which is then
    masked. `ide` serves the page that browsers get. `allowed_origins` may send cross-site requests (CORS headers are
    not this class's). The executor class builds the answer's data; plain graphql-core by default.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        *,
        context_factory: Callable[[Request], Awaitable[Context]],
        format_error: FormatError[Context],
        extensions: Callable[[Context], dict[str, Any]] = lambda _context: {},
        executor_class: type[Executor[Any]] = Executor,
        limits: Limits | None = None,
        ide: ASGIApp | None = None,
        allowed_origins: frozenset[str] = frozenset(),
    ) -> None:
        self._schema = schema
        self._context_factory = context_factory
        self._format_error = format_error
        self._extensions = extensions
        self._executor_class = executor_class
        self._limits = limits or Limits()
        self._ide = ide
        self._allowed_origins = allowed_origins
        self.documents = ParsedDocuments(schema, self._limits)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request."""
        headers: Headers = dict(scope["headers"])
        accept = headers.get(b"accept", b"").decode("latin-1")
        if self._ide is not None and scope["method"] == "GET" and prefers_html(accept):
            await self._ide(scope, receive, send)
            return
        media_type = response_type(accept)
        language = negotiate_language(headers.get(b"accept-language", b"").decode("latin-1"))
        extra: dict[str, str] = {}
        try:
            status, response = await self._answer(scope, receive, headers, media_type, language)
        except ClientDisconnected:
            return
        except RequestRefused as refusal:
            legacy = media_type == JSON and isinstance(refusal, DocumentRefused)
            status, response, extra = (
                200 if legacy else refusal.status,
                {"errors": refusal.errors(language)},
                refusal.headers,
            )
        except Exception as fault:  # the last resort: nothing of a fault reaches the client
            status, response = 500, {"errors": [unexpected(fault, language)]}
        body, status = _serialised(response, status, language)
        await _send(send, status, media_type or JSON, body, extra)

    async def _answer(
        self, scope: Scope, receive: Receive, headers: Headers, media_type: ResponseType | None, language: Language
    ) -> tuple[int, dict[str, Any]]:
        if media_type is None:
            raise RequestRefused(
                406, "NOT_ACCEPTABLE", Text(f"accept {GRAPHQL_RESPONSE}", f"请接受 {GRAPHQL_RESPONSE}")
            )
        self._refuse_cross_site(headers)
        parameters: Parameters | None = None
        limit = asyncio.timeout(self._limits.seconds)
        try:
            async with limit:
                parameters = await self._parameters(scope, receive, headers)
                context = await self._context_factory(Request(scope))
                parsed = await self._accepted(scope["method"], parameters)
                result = await self._executed(parsed, parameters, context)
        except TimeoutError:
            if not limit.expired():
                raise
            raise _timeout(self._limits.seconds, waiting_for_request=parameters is None) from None
        status = PARTIAL_SUCCESS if result.errors and media_type == GRAPHQL_RESPONSE else 200
        return status, self._response(result, context, language)

    def _refuse_cross_site(self, headers: Headers) -> None:
        """No cookie grants anything here; a page of another site has still no business asking (Fetch Metadata)."""
        if headers.get(b"sec-fetch-site") != b"cross-site":
            return
        if headers.get(b"origin", b"").decode("latin-1") not in self._allowed_origins:
            text = Text("requests from other sites are not allowed", "不允许来自其他站点的请求")
            raise RequestRefused(403, "CROSS_SITE_REQUEST", text)

    async def _parameters(self, scope: Scope, receive: Receive, headers: Headers) -> Parameters:
        if scope["method"] == "POST":
            return await from_body(headers, receive, self._limits.body_bytes)
        if scope["method"] == "GET":
            return from_query_string(scope["query_string"], self._limits.body_bytes)
        raise method_not_allowed("GET, POST", Text("use GET or POST", "请使用 GET 或 POST"))

    async def _accepted(self, method: str, parameters: Parameters) -> ParsedDocument:
        parsed = await self.documents.get(parameters.query)
        operation = parsed.operation(parameters.operation_name)
        if operation.type is OperationType.SUBSCRIPTION:
            text = Text("subscriptions are not served over HTTP", "HTTP 不支持订阅操作")
            raise DocumentRefused("SUBSCRIPTION_NOT_SUPPORTED", text)
        if operation.type is OperationType.MUTATION and method != "POST":
            raise method_not_allowed("POST", Text("send mutations by POST", "变更操作请使用 POST"))
        refuse_costly(operation.cost, parameters.variables, self._limits.cost)
        return parsed

    async def _executed(self, parsed: ParsedDocument, parameters: Parameters, context: Context) -> ExecutionResult:
        # The two steps of graphql.execute, apart: errors of the first are request errors and answered without data.
        executor = self._executor_class.build(
            self._schema,
            parsed.document,
            None,
            context,
            parameters.variables,
            parameters.operation_name,
        )
        if isinstance(executor, list):
            raise DocumentRefused("BAD_USER_INPUT", errors=[dict(error.formatted) for error in executor])
        result = executor.execute_operation()
        if isawaitable(result):
            result = await result
        if not isinstance(result, ExecutionResult):
            raise TypeError("incremental delivery is not served")
        return result

    def _response(self, result: ExecutionResult, context: Context, language: Language) -> dict[str, Any]:
        response: dict[str, Any] = {}
        if result.errors:
            response["errors"] = [formatted(e, context, self._format_error, language) for e in result.errors]
        response["data"] = result.data
        extensions = self._extensions(context)
        if extensions:
            response["extensions"] = extensions
        return response


def _timeout(seconds: float, *, waiting_for_request: bool) -> RequestRefused:
    if waiting_for_request:
        text = Text("the request did not arrive in time", "请求未能及时送达")
        return RequestRefused(408, "REQUEST_TIMEOUT", text, {"connection": "close"}, {"limit": seconds})
    text = Text(
        "the request took too long; a change that it asked for may have been made", "请求超时；所请求的变更可能已经生效"
    )
    return RequestRefused(503, "TIMEOUT", text, details={"limit": seconds})


def _serialised(response: dict[str, Any], status: int, language: Language) -> tuple[bytes, int]:
    try:
        return orjson.dumps(response, option=RESPONSE_OPTIONS), status
    except TypeError as fault:  # a value that JSON cannot hold: ours, not the client's
        return orjson.dumps({"errors": [unexpected(fault, language)]}), 500


async def _send(send: Send, status: int, media_type: str, body: bytes, extra: dict[str, str]) -> None:
    headers = [
        (b"content-type", f"{media_type}; charset=utf-8".encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"vary", b"Accept, Accept-Language"),
        *((name.encode("latin-1"), value.encode("latin-1")) for name, value in extra.items()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
