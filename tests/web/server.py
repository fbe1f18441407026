"""A real uvicorn on a free port of this machine, in a thread, for tests that need a socket."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import uvicorn
from starlette.types import ASGIApp

from tests.patience import PATIENCE_SECONDS
from web.server import KEEP_ALIVE_SECONDS


@contextmanager
def serving(app: ASGIApp, lifespan: Literal["on", "off"] = "off") -> Iterator[str]:
    """The address (`http://127.0.0.1:PORT`) at which `app` is served until the block ends."""
    with served(app, lifespan) as (address, _):
        yield address


@contextmanager
def served(app: ASGIApp, lifespan: Literal["on", "off"] = "on") -> Iterator[tuple[str, dict[str, Any]]]:
    """As `serving`, with the state that the lifespan made; it belongs to the server's thread."""
    listener = socket.create_server(("127.0.0.1", 0))
    options: dict[str, Any] = {"log_level": "warning", "timeout_keep_alive": KEEP_ALIVE_SECONDS}
    server = uvicorn.Server(uvicorn.Config(app, lifespan=lifespan, **options))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not server.started:
            assert time.monotonic() < deadline, "uvicorn did not start"
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", server.lifespan.state
    finally:
        server.should_exit = True
        thread.join(timeout=PATIENCE_SECONDS)
        listener.close()
