"""A text that is the same for everybody, served with an entity tag and in the coding that the client likes best.

Each coding is made once, when first asked for. The texts hold no secret and nothing of a request.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from web.http.content_coding import Coding, accepted_codings, compress_small


class StaticText:
    """`body` as `media_type` (its charset is UTF-8) with `headers`, among them `cache-control`."""

    def __init__(self, body: bytes, media_type: str, headers: Mapping[str, str]) -> None:
        self._bodies: dict[Coding | None, bytes] = {None: body}
        self._tag = hashlib.sha256(body).hexdigest()[:32]
        self._media_type = media_type
        vary = ", ".join(filter(None, (headers.get("vary"), "Accept-Encoding")))
        self._headers = {**headers, "vary": vary}

    async def serve(self, request: Request) -> Response:
        """The text, or 304 when `If-None-Match` (RFC 9110 section 13.1.2) names it."""
        accepted = accepted_codings(", ".join(request.headers.getlist("accept-encoding")))
        coding = accepted.for_size(len(self._bodies[None]))
        # Bodies that differ in a byte have different strong tags (RFC 9110 section 8.8.3.3).
        tag = f'"{self._tag}-{coding}"' if coding else f'"{self._tag}"'
        headers = {**self._headers, "etag": tag}
        known = {name.strip().removeprefix("W/") for name in request.headers.get("if-none-match", "").split(",")}
        if known & {tag, "*"}:
            return Response(status_code=304, headers=headers)
        if coding:
            headers["content-encoding"] = coding
        return Response(await self._body(coding), headers=headers, media_type=self._media_type)

    async def _body(self, coding: Coding | None) -> bytes:
        body = self._bodies.get(coding)
        if body is None:
            assert coding is not None  # noqa: S101 - the plain body is there from the start
            body = self._bodies[coding] = await asyncio.to_thread(compress_small, self._bodies[None], coding)
        return body
