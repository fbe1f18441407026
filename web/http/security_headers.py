"""Headers that keep browsers from misusing any answer of ours, whichever part of the application gave it.

Owns what holds for all answers. An answer that needs something else (the IDE's page) brings its own header of that
name, which stands.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)


NAMES = frozenset(name for name, _ in HEADERS)


class SecurityHeaders:
    """ASGI middleware that adds `HEADERS` to every HTTP answer of `app`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = list(message.get("headers", ()))
                given = NAMES.intersection([name for name, _ in own])
                missing = [header for header in HEADERS if header[0] not in given] if given else HEADERS
                message["headers"] = [*own, *missing]
            await send(message)

        await self._app(scope, receive, send_with_headers)
