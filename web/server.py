"""The listening socket and the server on it: uvicorn with uvloop, httptools and websockets.

Owns how the process listens, says that it does, and stops. It must never build an application or read a setting.
"""

from __future__ import annotations

import errno
import gc
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp
from uvicorn.supervisors import Multiprocess

_BACKLOG: Final = 2_048
_COLLECT_AFTER: Final = 20_000  # objects more than there were
_DRAIN_SECONDS: Final = 10  # what open requests get to finish after the signal to stop

KEEP_ALIVE_SECONDS: Final = 75
"""How long an idle connection stays open: longer than clients and proxies keep one for the next request (nginx 60 s,
httpx 5 s). Whoever closes first must be the one that sends, or a request meets a connection that is just going away
(RFC 9112 section 9.5)."""


class ListenError(Exception):
    """The address cannot be listened on; the message is one plain sentence for an operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """How to serve. `certificate` and `key` are PEM files, both or none; `trusted_proxies` are networks;
    `message_bytes` is the largest message taken over a WebSocket."""

    certificate: Path | None = None
    key: Path | None = None
    trusted_proxies: Sequence[str] = ()
    message_bytes: int = 1_048_576


def listen(host: str, port: int) -> socket.socket:
    """Take `port` at once, so that nobody else does while the start goes on. Raises `ListenError`."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ListenError(f"{host} is no address of this machine: set DOSSIER_HOST to one") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise ListenError(_why_not(error, host, port)) from error
    listener.set_inheritable(True)  # workers share it
    return listener


def serve(application: ASGIApp, listener: socket.socket, options: ServerOptions, on_ready: Callable[[], None]) -> None:
    """Serve in this process until a signal ends it; `on_ready` is called when requests are answered.

    Raises `KeyboardInterrupt` after a clean end by SIGINT or, where its handler does so, SIGTERM.
    """
    rest_collector()
    _Server(_configuration(application, options), on_ready).run(sockets=[listener])


def rest_collector() -> None:
    """Takes what the application is made of out of the garbage collector's sight, and lets it look less often.

    Requests leave few cycles behind; at its defaults the collector would walk modules, schema and cached keys over and
    over again, for a tenth of all CPU time. For a process that serves and does nothing else."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER)


def serve_with_workers(
    factory: str, workers: int, listener: socket.socket, options: ServerOptions, on_ready: Callable[[], None]
) -> None:
    """Serve in `workers` processes, each with the application that `factory` ("module:callable") builds in it."""
    on_ready()
    Multiprocess(_configuration(factory, options, factory=True, workers=workers), sockets=[listener]).run()


class _Server(uvicorn.Server):
    """Says when it is ready."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()


def _configuration(application: ASGIApp | str, options: ServerOptions, **more: Any) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_max_size=options.message_bytes,
        ws_per_message_deflate=False,  # values of several records in one window: their lengths would tell of each other
        lifespan="on",
        log_level="warning",
        access_log=False,  # a query or a path may hold personal data
        server_header=False,
        backlog=_BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_DRAIN_SECONDS,
        # Without named proxies nobody is believed: uvicorn alone would believe whatever comes from this machine.
        proxy_headers=bool(options.trusted_proxies),
        forwarded_allow_ips=list(options.trusted_proxies),
        ssl_certfile=options.certificate,
        ssl_keyfile=options.key,
        **more,
    )


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use by another program: stop that one, or set DOSSIER_PORT to a free port"
    if error.errno == errno.EACCES:
        return f"this user may not listen on port {port}: set DOSSIER_PORT to a port from 1024 up"
    return f"{host} is no address of this machine: set DOSSIER_HOST to one"
