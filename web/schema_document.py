"""`/schema.graphql`: the schema in the schema definition language, for code generators and readers.

The schema is public: it names what exists and grants nothing. Served with an entity tag, so that polling is cheap.
"""

from __future__ import annotations

import hashlib

from starlette.requests import Request
from starlette.responses import Response


class SchemaDocument:
    """Serves one SDL text: `Route("/schema.graphql", SchemaDocument(sdl).serve)`.

    No media type is registered for SDL: it is plain text, which browsers show.
    """

    def __init__(self, sdl: str) -> None:
        self._body = sdl.encode()
        self._etag = f'"{hashlib.sha256(self._body).hexdigest()[:32]}"'

    async def serve(self, request: Request) -> Response:
        """The text, or 304 when `If-None-Match` (RFC 9110 section 13.1.2) names the present one."""
        headers = {"etag": self._etag, "cache-control": "no-cache"}
        known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
        if known & {self._etag, "*"}:
            return Response(status_code=304, headers=headers)
        return Response(self._body, headers=headers, media_type="text/plain")
