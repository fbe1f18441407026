"""The console: the pages under `/console`, where people look after rules, customers, work and proof.

Owns how the pages' files are served. The pages talk to the public GraphQL API alone and are served as they are written:
ES modules, no build; one of them is made of the labels of the default roles. lit-html comes from npm into the folder
`node_modules` here when installed; without it the page says how to install it. Every path that is no file is the one
page, which finds its screen by the path. Nothing served here holds a secret, a value of a record or anything of the
request. The content security policy allows no inline script or style, no other host, no frame around the page, and no
HTML from strings but lit-html's own templates.
"""

from __future__ import annotations

import json
import mimetypes
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from policies.default import role_labels
from web.http.static_text import StaticText

DIRECTORY: Final = Path(__file__).parent
TEMPLATES: Final = PurePosixPath("node_modules/lit-html")
ROLE_WORDS: Final = PurePosixPath("policies/role_words.js")
"""No file: made of the labels that policies keep beside the roles."""
_UNCACHED: Final = MappingProxyType({"cache-control": "no-cache"})  # asked for each time, and answered with 304
SERVED: Final = MappingProxyType(
    {".js": "text/javascript", ".css": "text/css", ".svg": mimetypes.types_map.get(".svg", "image/svg+xml")}
)
"""What is served at all, by suffix."""

CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types lit-html",
    )
)


class Console:
    """The routes of the console, its files from `directory`."""

    def __init__(self, directory: Path = DIRECTORY) -> None:
        self._directory = directory
        self._texts: dict[PurePosixPath, tuple[int, StaticText]] = {}
        self._role_words = StaticText(role_words().encode(), SERVED[ROLE_WORDS.suffix], _UNCACHED)

    def routes(self) -> list[Route]:
        """`/console` and everything under it."""
        return [Route("/console", self._root), Route("/console/{path:path}", self._serve)]

    async def _root(self, _request: Request) -> Response:
        return RedirectResponse("/console/", 308)

    async def _serve(self, request: Request) -> Response:
        path = PurePosixPath(request.path_params["path"])
        if path == ROLE_WORDS:
            return await self._role_words.serve(request)
        if path.suffix in SERVED:
            return await self._file(request, path)
        page = "index.html" if self._is_installed() else "not_installed.html"
        return await self._text(PurePosixPath(page), "text/html").serve(request)

    def _is_installed(self) -> bool:
        return (self._directory / TEMPLATES / "lit-html.js").is_file()

    async def _file(self, request: Request, path: PurePosixPath) -> Response:
        """INVARIANT: only files that the console is made of, none above its folder and none beside them."""
        is_ours = "node_modules" not in path.parts or path.is_relative_to(TEMPLATES)
        if ".." in path.parts or not is_ours or not (self._directory / path).is_file():
            return PlainTextResponse("not found", 404)
        return await self._text(path, SERVED[path.suffix]).serve(request)

    def _text(self, path: PurePosixPath, media_type: str) -> StaticText:
        """The file, read again when it has changed (an installation beside a running server)."""
        file = self._directory / path
        changed = file.stat().st_mtime_ns
        held = self._texts.get(path)
        if held is None or held[0] != changed:
            headers = dict(_UNCACHED)
            if media_type == "text/html":
                headers["content-security-policy"] = CONTENT_SECURITY_POLICY
            held = self._texts[path] = (changed, StaticText(file.read_bytes(), media_type, headers))
        return held[1]


def role_words() -> str:
    """An ES module: `ROLES`, in their order for people, and `ROLE_WORDS`, their texts as `addWords` takes them."""
    words = {f"role.{role}": [label.en, label.zh] for role, label in role_labels().items()}
    roles, texts = json.dumps(list(role_labels())), json.dumps(words, ensure_ascii=False)
    return f"export const ROLES = {roles};\nexport const ROLE_WORDS = {texts};\n"
