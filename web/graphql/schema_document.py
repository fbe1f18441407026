"""`/schema.graphql`: the schema in the schema definition language, for code generators and readers.

The schema is public: it names what exists and grants nothing. Served with an entity tag, so that polling is cheap.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from web.http.static_text import StaticText


class SchemaDocument:
    """Serves one SDL text: `Route("/schema.graphql", SchemaDocument(sdl).serve)`.

    No media type is registered for SDL: it is plain text, which browsers show.
    """

    def __init__(self, sdl: str) -> None:
        self._text = StaticText(sdl.encode(), "text/plain", {"cache-control": "no-cache"})

    async def serve(self, request: Request) -> Response:
        """The text, or 304 for a reader that has the present one."""
        return await self._text.serve(request)
