"""The commands that run the product: a server, a worker; and the schema that it serves.

Owns what is refused before a start, what is printed when it is done, and how worker processes learn of the database.
"""

from __future__ import annotations

import asyncio
import os
import signal
from argparse import Namespace
from collections.abc import Callable
from socket import socket
from typing import Final

import app
from commands.errors import CommandError
from commands.running import own_database, run, shared_database
from settings import Settings
from web.server import ServerOptions, serve, serve_with_workers

_FACTORY: Final = "app:create_app_from_environment"


def production_on(listener: socket, settings: Settings) -> None:
    """Serves on the port of `listener`, and refuses a database with demo logins."""
    check(settings)
    with own_database(settings) as uri:
        run(_refuse_demo_accounts(settings, uri))
        serve_on(listener, settings, uri, lambda: print(f"Dossier is ready at {address(settings)}", flush=True))


def work(settings: Settings, _: Namespace) -> None:
    """Runs background jobs until a signal ends it."""

    async def work_until_stopped() -> None:
        stopped = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
        async with app.open_services(settings, uri) as services, app.job_engine(settings, services).running():
            print("Dossier runs background jobs.", flush=True)
            await stopped.wait()

    _check_broker(settings)
    with shared_database(settings) as uri:
        run(work_until_stopped())


def print_schema(_: Settings, __: Namespace) -> None:
    """Prints the SDL; needs neither database nor port."""
    print(app.print_schema().rstrip("\n"))


def check(settings: Settings) -> None:
    """Refuses settings that nothing could be served with, before a database is started."""
    if (reason := app.refused_trusted_documents(settings)) is not None:
        raise CommandError(f"DOSSIER_TRUSTED_DOCUMENTS: {reason}")
    _check_broker(settings)


def _check_broker(settings: Settings) -> None:
    if settings.broker is not None:
        from jobs.brokers import external_broker  # noqa: PLC0415 - TaskIQ: who runs no jobs does without

        external_broker(settings.broker)


async def _refuse_demo_accounts(settings: Settings, uri: str) -> None:
    async with app.open_services(settings, uri) as services:
        if await services.has_demo_accounts():
            raise CommandError(
                f"the database `{settings.database}` holds demo accounts, whose password is no secret: set "
                "DOSSIER_DATABASE or DOSSIER_DATA_DIR to another one, or run `dossier demo`"
            )


def serve_on(listener: socket, settings: Settings, uri: str, on_ready: Callable[[], None]) -> None:
    """Serves until a signal ends it, in this process or in workers; `on_ready` is called when requests are answered."""
    options = ServerOptions(
        certificate=settings.tls_certificate,
        key=settings.tls_key,
        trusted_proxies=settings.trusted_proxies,
        message_bytes=settings.max_body_bytes,
    )
    if settings.workers > 1:
        os.environ["DOSSIER_MONGODB_URI"] = uri  # how the workers learn of an embedded database
        serve_with_workers(_FACTORY, settings.workers, listener, options, on_ready)
        return
    serve(app.create_app(settings, uri), listener, options, on_ready)


def address(settings: Settings) -> str:
    """Where a browser on this machine finds the server."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104 - read, not bound
    host = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return f"{'https' if settings.tls_certificate else 'http'}://{host}:{settings.port}"
