"""The GraphQL IDE: the page that a browser gets at `/graphql`, from local files only.

Owns GraphiQL's page and its files. GraphiQL comes from npm into `node_modules` beside this file when installed; without
it the page says how to install it. Serves the files named below and no others. The page holds the login's token in
memory, keeps nothing in the browser's storage, and runs under a policy without inline script.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from web.http.static_text import StaticText

DIRECTORY: Final = Path(__file__).parent

FILES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "page.css": "page.css",
        "page.js": "page.js",
        "graphiql.min.css": "node_modules/graphiql/graphiql.min.css",
        "graphiql.min.js": "node_modules/graphiql/graphiql.min.js",
        "react.production.min.js": "node_modules/react/umd/react.production.min.js",
        "react-dom.production.min.js": "node_modules/react-dom/umd/react-dom.production.min.js",
    }
)
"""What `/ide/NAME` serves, by name."""

CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "font-src data:",  # GraphiQL's style sheet carries its fonts
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)


class GraphQLIDE:
    """The page (an ASGI application, for `GraphQLEndpoint(ide=…)`) and the routes of its files."""

    def __init__(self, directory: Path = DIRECTORY) -> None:
        self._directory = directory
        self._texts: dict[str, tuple[int, StaticText]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the page, or how to install what it lacks."""
        response = await self._page().serve(Request(scope))
        await response(scope, receive, send)

    def routes(self) -> list[Route]:
        """The route of the files, `/ide/{name}`, which the page refers to relative to `/graphql`."""
        return [Route("/ide/{name}", self._file)]

    def _page(self) -> StaticText:
        name = "page.html" if self._is_installed() else "not_installed.html"
        headers = {"content-security-policy": CONTENT_SECURITY_POLICY, "cache-control": "no-cache", "vary": "Accept"}
        return StaticText((DIRECTORY / name).read_bytes(), "text/html", headers)

    def _is_installed(self) -> bool:
        return all((self._directory / path).is_file() for path in FILES.values())

    async def _file(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in FILES or not (self._directory / FILES[name]).is_file():
            return PlainTextResponse("not found", 404)
        return await self._text(name).serve(request)

    def _text(self, name: str) -> StaticText:
        """The file, read again when it has changed (an installation beside a running server)."""
        path = self._directory / FILES[name]
        changed = path.stat().st_mtime_ns
        held = self._texts.get(name)
        if held is None or held[0] != changed:
            media_type = "text/css" if name.endswith(".css") else "text/javascript"
            held = self._texts[name] = (
                changed,
                StaticText(path.read_bytes(), media_type, {"cache-control": "max-age=3600"}),
            )
        return held[1]
