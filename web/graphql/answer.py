"""The answer of the GraphQL endpoint: what is said, and how it goes out.

Owns serialisation, the headers of every answer and its compression. Whether an answer may be compressed is said by
whoever made it: docs/decisions has the reasons.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson
from starlette.types import Send

from schema.execution import JSON_OPTIONS
from web.graphql.fault_format import unexpected
from web.http.content_coding import AcceptedCodings, compressed
from web.http.language import Language

RESPONSE_OPTIONS = JSON_OPTIONS
"""How answers are serialised: instants that the executor passed on unchanged are printed as the schema would."""

COMMON_HEADERS = ((b"cache-control", b"no-store"), (b"vary", b"Accept, Accept-Encoding, Accept-Language"))


class Answer(NamedTuple):
    """A GraphQL response that goes out in one piece."""

    status: int
    response: dict[str, Any]
    headers: Mapping[str, str] = MappingProxyType({})
    may_compress: bool = False

    async def send(self, send: Send, media_type: str, codings: AcceptedCodings, language: Language) -> None:
        """Send it as JSON of `media_type`; what JSON cannot hold is our fault and masked like any."""
        status = self.status
        try:
            body = orjson.dumps(self.response, option=RESPONSE_OPTIONS)
        except TypeError as fault:
            status, body = 500, orjson.dumps({"errors": [unexpected(fault, language)]})
        headers = [(b"content-type", f"{media_type}; charset=utf-8".encode()), *COMMON_HEADERS]
        coding = codings.for_size(len(body)) if self.may_compress else None
        if coding is not None:
            body = await compressed(body, coding)
            headers.append((b"content-encoding", coding.encode()))
        headers.append((b"content-length", str(len(body)).encode()))
        headers += [(name.encode("latin-1"), value.encode("latin-1")) for name, value in self.headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
