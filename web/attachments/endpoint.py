"""Attachments over HTTP: `POST /attachments` takes a file, `GET /attachments/{id}` gives one.

Owns the reading of the request, both streams in constant memory, the headers that keep a browser from running what it
downloads, and the answers to refusals. Who may do what is the use case's to say; nothing of a body is read for those
who may not add it.

Published codes: `ATTACHMENT_TOO_LARGE`, `ATTACHMENT_EMPTY`, `ATTACHMENT_TYPE_REFUSED`, `ATTACHMENT_TYPE_MISMATCH`,
`ATTACHMENT_NAME_INVALID`, `ATTACHMENT_CATEGORY_UNKNOWN`, `NOT_FOUND`, `ACCESS_DENIED`, `ERASED`, and those of the
GraphQL endpoint for who asks, why, from where and how fast.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from documents.audit.entries import Performed
from documents.chapters.attachments.kinds import AttachmentCategory
from documents.chapters.attachments.media_types import MediaType
from documents.chapters.attachments.staging import AttachmentContent, NewAttachment
from documents.errors import AttachmentFault, AttachmentRefusedError, TrailUnavailableError
from schema.context import RequestContext
from web.attachments.refusals import refusal_of
from web.graphql.fault_format import unexpected
from web.graphql.request import ClientDisconnected
from web.http.content_disposition import download, file_name
from web.http.language import Language, Text, negotiate_language
from web.http.refusals import RequestRefused, method_not_allowed

UPLOAD_SECONDS = 600.0
PAUSE_SECONDS = 30.0
_DROPPED_LIMITS = 2  # how much more than allowed is read to its end, so that the refusal arrives

DOWNLOAD_HEADERS = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"sandbox; default-src 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"accept-ranges", b"none"),
)

ADD = Performed("mutation", "addAttachment")
DOWNLOAD = Performed("query", "downloadAttachment")

ContextFactory = Callable[[Request], Awaitable[RequestContext]]
Record = Callable[[RequestContext, Performed, Iterable[str]], Awaitable[None]]
"""Records what was done, with the codes of the errors that the answer shows; returns when that is stored. Raises
TrailUnavailableError."""


class AttachmentEndpoint:
    """The ASGI application of both routes. `record` is awaited before an answer leaves, whatever it says;
    `pause_seconds` bounds the wait for the next piece of a file."""

    def __init__(
        self, context_factory: ContextFactory, record: Record, *, pause_seconds: float = PAUSE_SECONDS
    ) -> None:
        self._context_factory = context_factory
        self._record = record
        self._pause_seconds = pause_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request."""
        request = Request(scope)
        language = negotiate_language(request.headers.get("accept-language", ""))
        try:
            _refuse_cross_site(request)
            if "attachment_id" in request.path_params:
                await self._give(request, send, language)
            else:
                await self._take(request, receive, send)
        except ClientDisconnected:
            return
        except RequestRefused as refusal:
            await _send_refusal(send, refusal, language)
        except Exception as fault:  # the last resort: nothing of a fault reaches the client
            await _send_json(send, 500, {"errors": [unexpected(fault, language)]})

    async def _take(self, request: Request, receive: Receive, send: Send) -> None:
        if request.method != "POST":
            raise method_not_allowed("POST", Text("send attachments by POST", "附件请使用 POST 上传"))
        context = await self._context_factory(request)
        context.caller.operation = ADD
        attachments = context.use_cases.attachments
        body = _Body(receive, self._pause_seconds)
        try:
            customer_id, new = _described(request, attachments.limit)
            async with asyncio.timeout(UPLOAD_SECONDS):
                attachment_id = await attachments.add(context.caller, customer_id, new, body.pieces())
            await self._record(context, ADD, ())
        except Exception as fault:
            refusal = await self._refused(fault, context, ADD)
            if request.headers.get("expect", "").lower() != "100-continue":
                await body.drop_rest(_DROPPED_LIMITS * attachments.limit)
            raise refusal from None
        location = [(b"location", f"/attachments/{attachment_id}".encode())]
        await _send_json(send, 201, {"data": {"id": attachment_id}}, location)

    async def _give(self, request: Request, send: Send, language: Language) -> None:
        if request.method != "GET":
            raise method_not_allowed("GET", Text("fetch attachments by GET", "附件请使用 GET 获取"))
        context = await self._context_factory(request)
        try:
            content = await context.use_cases.attachments.open(context.caller, request.path_params["attachment_id"])
            first = await anext(content.parts)  # what does not open is found before anything is said
            await self._record(context, DOWNLOAD, ())
        except Exception as fault:
            raise (await self._refused(fault, context, DOWNLOAD)) from None
        await send({"type": "http.response.start", "status": 200, "headers": _headers_of(content)})
        await send({"type": "http.response.body", "body": first, "more_body": True})
        try:
            async for part in content.parts:
                await send({"type": "http.response.body", "body": part, "more_body": True})
        except Exception as fault:  # too late to say so: the answer ends short of its length
            unexpected(fault, language)
            return
        await send({"type": "http.response.body", "body": b""})

    async def _refused(self, fault: Exception, context: RequestContext, performed: Performed) -> Exception:
        """What is answered in the place of `fault`, after that was recorded."""
        if isinstance(fault, ClientDisconnected):
            await self._record(context, performed, ["CLIENT_DISCONNECTED"])
            return fault
        refusal = refusal_of(fault, context)
        if isinstance(fault, TrailUnavailableError):
            return refusal or fault
        try:
            await self._record(context, performed, [refusal.code if refusal is not None else "INTERNAL_ERROR"])
        except TrailUnavailableError as unavailable:
            return refusal_of(unavailable, context) or unavailable
        return refusal or fault


class _Body:
    """The body of a request as it comes."""

    def __init__(self, receive: Receive, pause_seconds: float) -> None:
        self._receive = receive
        self._pause_seconds = pause_seconds
        self._more = True

    async def pieces(self) -> AsyncIterator[bytes]:
        """Raises ClientDisconnected where the client goes before the end, TimeoutError where it stops sending."""
        while self._more:
            async with asyncio.timeout(self._pause_seconds):
                message = await self._receive()
            if message["type"] != "http.request":
                raise ClientDisconnected
            self._more = message.get("more_body", False)
            yield message.get("body", b"")

    async def drop_rest(self, most: int) -> None:
        """Reads what is left, up to `most` bytes: a connection that is closed while the client still sends is reset,
        and the answer is lost with it."""
        size = 0
        try:
            async for piece in self.pieces():
                size += len(piece)
                if size > most:
                    return
        except (ClientDisconnected, TimeoutError):
            return


def _refuse_cross_site(request: Request) -> None:
    """As the GraphQL endpoint does: a page of another site has no business here (Fetch Metadata)."""
    if request.headers.get("sec-fetch-site") == "cross-site":
        text = Text("requests from other sites are not allowed", "不允许来自其他站点的请求")
        raise RequestRefused(403, "CROSS_SITE_REQUEST", text)


def _described(request: Request, limit: int) -> tuple[str, NewAttachment]:
    """The customer's id and what the sender says of the file. Raises AttachmentRefusedError."""
    if request.headers.get("content-encoding", "identity") != "identity":
        text = Text("send the file without a content coding", "上传文件时请勿使用内容编码")
        raise RequestRefused(415, "UNSUPPORTED_MEDIA_TYPE", text)
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > limit:
        raise AttachmentRefusedError(AttachmentFault.TOO_LARGE)
    media_type = _media_type(request.headers.get("content-type", ""))
    name = file_name(request.headers.get("content-disposition", ""))
    if name is None:
        raise AttachmentRefusedError(AttachmentFault.NAME_INVALID)
    try:
        category = AttachmentCategory(request.query_params.get("category", ""))
    except ValueError:
        raise AttachmentRefusedError(AttachmentFault.CATEGORY_UNKNOWN) from None
    return request.query_params.get("customer", ""), NewAttachment(category, name, media_type)


def _media_type(header: str) -> MediaType:
    essence, _, parameters = header.partition(";")
    charset = parameters.replace(" ", "").replace('"', "").lower()
    try:
        media_type = MediaType(essence.strip().lower())
    except ValueError:
        raise AttachmentRefusedError(AttachmentFault.TYPE_REFUSED) from None
    if charset not in ("", "charset=utf-8"):  # texts are UTF-8, the others have no charset
        raise AttachmentRefusedError(AttachmentFault.TYPE_REFUSED)
    return media_type


def _headers_of(content: AttachmentContent) -> list[tuple[bytes, bytes]]:
    charset = "; charset=utf-8" if content.facts.media_type is MediaType.TEXT else ""
    return [
        (b"content-type", f"{content.facts.media_type.value}{charset}".encode()),
        (b"content-length", str(content.facts.size).encode()),
        (b"content-disposition", download(content.file_name).encode("ascii")),
        *DOWNLOAD_HEADERS,
    ]


async def _send_refusal(send: Send, refusal: RequestRefused, language: Language) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in refusal.headers.items()]
    await _send_json(send, refusal.status, {"errors": refusal.errors(language)}, headers)


async def _send_json(
    send: Send, status: int, answer: dict[str, Any], headers: list[tuple[bytes, bytes]] | None = None
) -> None:
    body = orjson.dumps(answer)
    own = [
        (b"content-type", b"application/json; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"vary", b"Accept-Language"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": [*own, *(headers or [])]})
    await send({"type": "http.response.body", "body": body})
