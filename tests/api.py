"""The whole application in the process of a test, on the real database: logins, requests, and the services behind."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from starlette.types import ASGIApp, Receive, Scope, Send

import app
from settings import Settings

PASSWORD = "correct horse battery"


@dataclass
class Api:
    """A client of one running application."""

    http: httpx.AsyncClient
    services: app.Services
    tokens: dict[str, str] = field(default_factory=dict)

    async def login(self, username: str) -> str:
        """The access token of `username`, kept for the rest of the session."""
        if username not in self.tokens:
            query = "mutation($i: LoginInput!) { login(input: $i) { accessToken } }"
            response = await self.http.post(
                "/graphql", json={"query": query, "variables": {"i": {"username": username, "password": PASSWORD}}}
            )
            self.tokens[username] = response.json()["data"]["login"]["accessToken"]
        return self.tokens[username]

    async def ask(
        self,
        username: str | None,
        query: str,
        variables: Mapping[str, Any] | None = None,
        *,
        purpose: str | None = None,
        language: str = "en",
        key: str | None = None,
    ) -> dict[str, Any]:
        """The body of the answer."""
        headers = {"accept-language": language}
        if username is not None:
            headers["authorization"] = f"Bearer {await self.login(username)}"
        if purpose is not None:
            headers["dossier-purpose"] = purpose
        if key is not None:
            headers["idempotency-key"] = key
        body = {"query": query, "variables": dict(variables or {})}
        response = await self.http.post("/graphql", json=body, headers=headers)
        answer: dict[str, Any] = response.json()
        return answer


@asynccontextmanager
async def running(settings: Settings, mongodb_uri: str) -> AsyncIterator[Api]:
    """The application with its lifespan; its state is given to each request as a server would."""
    application = app.create_app(settings, mongodb_uri)
    async with application.router.lifespan_context(application) as state:
        if not state:
            raise RuntimeError("the application has no state")
        transport = httpx.ASGITransport(_with_state(application, state))
        async with httpx.AsyncClient(transport=transport, base_url="http://dossier.test", timeout=30) as http:
            yield Api(http, state["services"])


def _with_state(application: ASGIApp, state: Mapping[str, Any]) -> ASGIApp:
    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        await application({**scope, "state": dict(state)}, receive, send)

    return serve


@asynccontextmanager
async def demo(mongodb_uri: str, database: str, data_dir: Path, customers: int = 150) -> AsyncIterator[Api]:
    """The application on freshly made demo data; every demo login has `PASSWORD`."""
    # Nothing runs beside the tests, and a token lasts as long as all of them.
    settings = Settings(data_dir=data_dir, database=database, jobs="worker", access_token_seconds=86_400)
    async with running(settings, mongodb_uri) as api:
        await api.services.seed_demo(customers, PASSWORD, lambda _done, _total: None)
        yield api
