"""The demo with its console on a real socket, in the event loop of the tests.

Owns the server and the data behind it. Because both live in the test's own process, a test may also ask the API, and
look at the database, without the browser.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import httpx
import uvicorn
from starlette.types import ASGIApp

import app
from settings import Settings
from tests.api import Api, put_demo, unhurried
from tests.patience import PATIENCE_SECONDS, newly_followed
from tests.policies.rule_sets import default_rules
from web.server import KEEP_ALIVE_SECONDS


@dataclass(frozen=True)
class Console:
    """`url`: the origin at which the console is served, without a slash at its end; `api`: the same application."""

    url: str
    api: Api

    async def put_default_rules_in_force(self) -> None:
        """Ends whatever a test did to the rules: drafts, versions, grants."""
        services = self.api.services
        for collection in ("rule_drafts", "role_grants"):
            await services.database[collection].delete_many({})
        await services.store.activate(default_rules(), "tests")

    @asynccontextmanager
    async def newly_followed(self, collection: str) -> AsyncIterator[None]:
        """Ends when a page that is opened in the block follows what changes in `collection`; no page shows when."""
        async with newly_followed(self.api.services.storage.changes, collection):
            yield


class _Server(uvicorn.Server):
    """Leaves signals to pytest."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def listening(
    application: ASGIApp, lifespan: Literal["on", "off"] = "off"
) -> AsyncIterator[tuple[int, dict[str, Any]]]:
    """(the port of 127.0.0.1, and so of localhost, at which `application` answers; the state of its lifespan)."""
    listener = socket.create_server(("127.0.0.1", 0))
    options: dict[str, Any] = {
        "http": "httptools",
        "ws": "websockets-sansio",
        "timeout_keep_alive": KEEP_ALIVE_SECONDS,
        "timeout_graceful_shutdown": 1,
    }
    server = _Server(uvicorn.Config(application, log_level="warning", lifespan=lifespan, **options))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started:
            if serving.done():
                raise RuntimeError("the server did not start")
            await asyncio.sleep(0.01)
        yield int(listener.getsockname()[1]), server.lifespan.state
    finally:
        server.should_exit = True
        await serving


@asynccontextmanager
async def demo_console(mongodb_uri: str, database: str, data_dir: Path, customers: int = 150) -> AsyncIterator[Console]:
    """The console on demo data; a change of rules needs the second administrator."""
    settings = Settings(data_dir=data_dir, database=database, jobs="worker", policy_approval=True)
    await put_demo(settings, mongodb_uri, customers)
    async with listening(app.create_app(unhurried(settings), mongodb_uri), "on") as (port, state):
        url = f"http://127.0.0.1:{port}"
        async with httpx.AsyncClient(base_url=url, timeout=PATIENCE_SECONDS) as http:
            yield Console(url, Api(http, state["services"]))
