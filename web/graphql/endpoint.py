"""The GraphQL endpoint: GraphQL over HTTP, from the bytes of a request to the bytes of its answer.

Owns the order of the steps: negotiation, cross-site check, parameters, context (who asks), document, limits, execution,
answer in one piece or in parts; the time that they may take together; and that no fault of ours shows its text. It must
never decide what a caller may see: that is the context's and the schema's. docs/decisions says where it leaves the
draft specification.

Published codes: `BAD_REQUEST`, `METHOD_NOT_ALLOWED`, `NOT_ACCEPTABLE`, `UNSUPPORTED_MEDIA_TYPE`, `CROSS_SITE_REQUEST`,
`URI_TOO_LONG`, `BODY_TOO_LARGE`, `REQUEST_TIMEOUT`, `TIMEOUT`, `GRAPHQL_PARSE_FAILED`, `GRAPHQL_VALIDATION_FAILED`,
`OPERATION_RESOLUTION_FAILURE`, `SUBSCRIPTION_NOT_SUPPORTED`, `BAD_USER_INPUT`, `INTERNAL_ERROR`; more in
web/graphql/limits.py and web/graphql/persisted_documents.py. What customer data an answer holds is recorded before it
leaves: `TRAIL_UNAVAILABLE` where that cannot be.
"""

from __future__ import annotations

import asyncio
from functools import lru_cache
from inspect import isawaitable
from typing import Generic, NamedTuple

from graphql import ExecutionResult, ExperimentalIncrementalExecutionResults, OperationType
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from web.graphql.answer import Answer
from web.graphql.cost import refuse_costly
from web.graphql.fault_format import Context, unexpected
from web.graphql.incremental_delivery import IncrementalDelivery
from web.graphql.incremental_formats import CURRENT, Format, parts_format
from web.graphql.parsed_documents import Operation, ParsedDocument
from web.graphql.request import ClientDisconnected, Parameters, from_body, from_query_string
from web.graphql.serving import Answering, Serving, codes_of, timeout
from web.http.accept import GRAPHQL_RESPONSE, JSON, MULTIPART, ResponseType, prefers_html, response_type
from web.http.content_coding import AcceptedCodings, accepted_codings
from web.http.language import Language, Text, negotiate_language
from web.http.refusals import DocumentRefused, RequestRefused, method_not_allowed

PARTIAL_SUCCESS = 294
"""Data and errors together, in `application/graphql-response+json` only (section "Partial success")."""

PARTS = f"{MULTIPART}; {CURRENT}"
NO_TEXT = Text("", "")

Headers = dict[bytes, bytes]
Result = ExecutionResult | ExperimentalIncrementalExecutionResults


class Preferences(NamedTuple):
    """What the client said about the answer. `media_type` is None where it takes no JSON in one piece."""

    media_type: ResponseType | None
    html: bool
    parts: Format | None
    codings: AcceptedCodings
    language: Language


@lru_cache(maxsize=256)
def preferences(accept: bytes, accept_encoding: bytes, accept_language: bytes) -> Preferences:
    """The preferences of the header values, each empty where the request has no such field."""
    media_ranges = accept.decode("latin-1")
    return Preferences(
        response_type(media_ranges),
        prefers_html(media_ranges),
        parts_format(media_ranges),
        accepted_codings(accept_encoding.decode("latin-1")),
        negotiate_language(accept_language.decode("latin-1")),
    )


class GraphQLEndpoint(Generic[Context]):
    """An ASGI application that serves a schema over HTTP.

    `ide` serves the page that browsers get. `allowed_origins` may send cross-site requests (CORS headers are not this
    class's).
    """

    def __init__(
        self,
        serving: Serving[Context],
        *,
        ide: ASGIApp | None = None,
        allowed_origins: frozenset[str] = frozenset(),
    ) -> None:
        self._serving = serving
        self._limits = serving.limits
        self._ide = ide
        self._allowed_origins = allowed_origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request."""
        headers: Headers = dict(scope["headers"])
        wanted = preferences(
            headers.get(b"accept", b""), headers.get(b"accept-encoding", b""), headers.get(b"accept-language", b"")
        )
        if self._ide is not None and wanted.html and scope["method"] == "GET":
            await self._ide(scope, receive, send)
            return
        deadline = asyncio.get_running_loop().time() + self._limits.seconds
        try:
            answer = await self._answer(scope, receive, headers, wanted, deadline)
        except ClientDisconnected:
            return
        except RequestRefused as refusal:
            legacy = wanted.media_type == JSON and isinstance(refusal, DocumentRefused)
            errors = {"errors": refusal.errors(wanted.language)}
            answer = Answer(200 if legacy else refusal.status, errors, refusal.headers)
        except Exception as fault:  # the last resort: nothing of a fault reaches the client
            answer = Answer(500, {"errors": [unexpected(fault, wanted.language)]})
        if isinstance(answer, Answer):
            await answer.send(send, wanted.media_type or JSON, wanted.codings, wanted.language)
        else:
            await answer.deliver(receive, send, deadline)

    async def _answer(
        self, scope: Scope, receive: Receive, headers: Headers, wanted: Preferences, deadline: float
    ) -> Answer | IncrementalDelivery:
        _refuse_unanswerable(wanted)
        self._refuse_cross_site(headers)
        parameters: Parameters | None = None
        begun: Answering[Context] | None = None
        limit = asyncio.timeout_at(deadline)
        try:
            async with limit:
                parameters = await self._parameters(scope, receive, headers)
                context = await self._serving.context_factory(Request(scope))
                parsed = await self._serving.documents.get(parameters)
                operation = self._accepted(scope["method"], parsed, parameters, wanted)
                begun = Answering(self._serving, context, operation, wanted.language)
                result = await self._executed(parsed, parameters, context)
        except TimeoutError:
            if not limit.expired():
                raise
            if begun is not None:
                await begun.record(["TIMEOUT"])
            raise _too_late(self._limits.seconds, waiting_for_request=parameters is None) from None
        if not isinstance(result, ExecutionResult):
            delivery = IncrementalDelivery(result, wanted.parts or CURRENT, begun)
            await delivery.prepare()
            return delivery
        status = PARTIAL_SUCCESS if result.errors and wanted.media_type == GRAPHQL_RESPONSE else 200
        response = begun.response(result)
        await begun.record(codes_of(response.get("errors", ())))
        return Answer(status, response, may_compress=operation.type is OperationType.QUERY)

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

    def _accepted(self, method: str, parsed: ParsedDocument, parameters: Parameters, wanted: Preferences) -> Operation:
        operation = parsed.operation(parameters.operation_name)
        if operation.type is OperationType.SUBSCRIPTION:
            text = Text(
                "subscriptions are served over WebSocket (graphql-transport-ws) only",
                "订阅操作仅通过 WebSocket（graphql-transport-ws）提供",
            )
            raise DocumentRefused("SUBSCRIPTION_NOT_SUPPORTED", text)
        if operation.type is OperationType.MUTATION and method != "POST":
            raise method_not_allowed("POST", Text("send mutations by POST", "变更操作请使用 POST"))
        refuse_costly(operation.cost, parameters.variables, self._limits.cost)
        in_parts = operation.incremental.is_asked(parameters.variables)
        if in_parts and wanted.parts is None:
            raise _not_acceptable(PARTS, Text("for @defer and @stream ", "使用 @defer 或 @stream 时"))
        if not in_parts and wanted.media_type is None:
            raise _not_acceptable(GRAPHQL_RESPONSE)
        return operation

    async def _executed(self, parsed: ParsedDocument, parameters: Parameters, context: Context) -> Result:
        with self._serving.executing(context):
            result = self._serving.executor(parsed, parameters, context).execute_operation()
            return await result if isawaitable(result) else result


def _too_late(seconds: float, *, waiting_for_request: bool) -> RequestRefused:
    if not waiting_for_request:
        return timeout(seconds)
    text = Text("the request did not arrive in time", "请求未能及时送达")
    return RequestRefused(408, "REQUEST_TIMEOUT", text, {"connection": "close"}, {"limit": seconds})


def _refuse_unanswerable(wanted: Preferences) -> None:
    if wanted.media_type is None and wanted.parts is None:
        raise _not_acceptable(GRAPHQL_RESPONSE)
    if wanted.codings.best is None and not wanted.codings.plain:
        text = Text("accept gzip, br, zstd or identity", "请接受 gzip、br、zstd 或 identity 编码")
        raise RequestRefused(406, "NOT_ACCEPTABLE", text)


def _not_acceptable(media_type: str, condition: Text = NO_TEXT) -> RequestRefused:
    text = Text(f"{condition.en}accept {media_type}", f"{condition.zh}请接受 {media_type}")
    return RequestRefused(406, "NOT_ACCEPTABLE", text)
