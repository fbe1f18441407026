"""Liveness, readiness, the schema's text, and the headers of every answer."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route
from starlette.types import ASGIApp

from web.graphql.schema_document import SchemaDocument
from web.health import Readiness, ReadinessCheck, livez
from web.http.security_headers import HEADERS, SecurityHeaders
from web.ide import GraphQLIDE

SDL = 'type Query {\n  "姓名"\n  name: String\n}\n'


def client_of(app: ASGIApp) -> httpx.AsyncClient:
    """A client whose requests reach `app`."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


def application(check: ReadinessCheck) -> Starlette:
    """An application with all that stands beside the endpoint."""
    routes = [
        Route("/livez", livez),
        Route("/readyz", Readiness(check).readyz),
        Route("/schema.graphql", SchemaDocument(SDL).serve),
        *GraphQLIDE().routes(),
    ]
    return Starlette(routes=routes, middleware=[Middleware(SecurityHeaders)])


async def ready() -> str | None:
    """Nothing amiss."""
    return None


async def rules_missing() -> str | None:
    """The rules are not loaded yet."""
    return "RULES_NOT_LOADED"


async def unreachable() -> str | None:
    """The driver's own error, with a host in it."""
    raise ConnectionError("db.internal:27017 refused")


async def hanging() -> str | None:
    """A database that never answers."""
    await asyncio.sleep(60)
    return None


class TestHealth:
    """`/livez` and `/readyz`."""

    @pytest.mark.parametrize(
        ("check", "status", "body"),
        [
            (ready, 200, {"status": "ready"}),
            (rules_missing, 503, {"status": "unavailable", "reason": "RULES_NOT_LOADED"}),
            (unreachable, 503, {"status": "unavailable", "reason": "DATABASE_UNAVAILABLE"}),
        ],
    )
    async def test_readiness_is_a_reason_code_and_no_more(
        self, check: ReadinessCheck, status: int, body: dict[str, str]
    ) -> None:
        """The text of an error stays inside; the process is live all the same."""
        async with client_of(application(check)) as client:
            answer, alive = await client.get("/readyz"), await client.get("/livez")
        assert (answer.status_code, answer.json()) == (status, body)
        assert (alive.status_code, alive.json()) == (200, {"status": "live"})
        assert answer.headers["cache-control"] == "no-store"

    async def test_a_check_that_hangs_is_not_ready(self) -> None:
        """The balancer gets its answer in time."""
        app = Starlette(routes=[Route("/readyz", Readiness(hanging, seconds=0.05).readyz)])
        async with client_of(app) as client:
            answer = await client.get("/readyz")
        assert (answer.status_code, answer.json()["reason"]) == (503, "DATABASE_UNAVAILABLE")


class TestSchemaDocument:
    """`/schema.graphql`."""

    async def test_the_text_is_served_with_an_entity_tag(self) -> None:
        """A reader that has the present text gets 304, one that has another gets the text."""
        async with client_of(application(ready)) as client:
            answer = await client.get("/schema.graphql")
            known = await client.get("/schema.graphql", headers={"if-none-match": f'"x", W/{answer.headers["etag"]}'})
            other = await client.get("/schema.graphql", headers={"if-none-match": '"x"'})
        assert (answer.text, answer.headers["content-type"]) == (SDL, "text/plain; charset=utf-8")
        assert (known.status_code, known.content, other.status_code) == (304, b"", 200)


class TestSecurityHeaders:
    """What every answer carries."""

    @pytest.mark.parametrize("path", ["/livez", "/schema.graphql", "/nothing"])
    async def test_every_answer_has_them(self, path: str) -> None:
        """Errors too."""
        async with client_of(application(ready)) as client:
            answer = await client.get(path)
        assert HEADERS
        for name, value in HEADERS:
            assert answer.headers[name.decode()] == value.decode()
