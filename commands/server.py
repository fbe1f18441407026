"""The commands that run the product: a demo, a server, a worker; and the schema that it serves.

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
from commands.terminal import console
from demo.accounts import DEMO_ACCOUNTS
from demo.banner import demo_banner
from demo.invented.company import DEMO_COMPANY
from demo.password import forget_demo_password, keep_demo_password, kept_demo_password, new_demo_password
from demo.progress import seeding_progress
from demo.seed import DEMO_USERNAMES
from documents.chapters.accounts.passwords import PasswordHasher
from settings import Settings
from web.server import ServerOptions, serve_with_workers
from web.server import serve as serve_alone

_FACTORY: Final = "app:create_app_from_environment"


def demo(settings: Settings, listener: socket) -> None:
    """Serves invented customers, made at the first start, on the port of `listener`."""
    variables = dict(DEMO_COMPANY) if settings.company_name is None else {}
    if settings.policy_approval is None:  # one person tries it out
        variables["DOSSIER_POLICY_APPROVAL"] = "false"
    settings = Settings.from_environment(os.environ | variables)
    _check(settings)
    with own_database(settings) as uri:
        password = run(_prepare_demo(settings, uri))
        # An operator's own address may hold a password; the embedded database has none.
        banner = demo_banner(_address(settings), password, uri if settings.mongodb_uri is None else None)
        os.environ.update(variables)  # worker processes read them too
        _serve_on(listener, settings, uri, lambda: console().print(banner, highlight=False))


def serve(settings: Settings, listener: socket) -> None:
    """Serves on the port of `listener`, and refuses a database with demo logins."""
    _check(settings)
    with own_database(settings) as uri:
        run(_refuse_demo_accounts(settings, uri))
        address = _address(settings)
        _serve_on(listener, settings, uri, lambda: print(f"Dossier is ready at {address}", flush=True))


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


def _check(settings: Settings) -> None:
    if (reason := app.refused_trusted_documents(settings)) is not None:
        raise CommandError(f"DOSSIER_TRUSTED_DOCUMENTS: {reason}")
    _check_broker(settings)


def _check_broker(settings: Settings) -> None:
    if settings.broker is not None:
        from jobs.brokers import external_broker  # noqa: PLC0415 - TaskIQ: who runs no jobs does without

        external_broker(settings.broker)


async def _prepare_demo(settings: Settings, uri: str) -> str:
    """See that the demo data and logins are there; return the password of the logins."""
    kept = kept_demo_password(settings.data_dir)
    password = settings.demo_password or kept or new_demo_password()
    async with app.open_services(settings, uri) as services:
        if not await services.has_demo_accounts():
            if any(account.username not in DEMO_USERNAMES for account in await services.accounts.list_accounts()):
                raise CommandError(
                    f"the database `{settings.database}` has accounts of its own, and the demo does not mix with them: "
                    "set DOSSIER_DATABASE or DOSSIER_DATA_DIR to another one, or run `dossier serve`"
                )
            forget_demo_password(settings.data_dir)
            with seeding_progress(console()) as progress:
                await services.seed_demo(settings.demo_customers, password, progress)
        elif password != kept:
            forget_demo_password(settings.data_dir)
            password_hash = await PasswordHasher().hash(password)  # one for all: they share the password anyway
            for account in DEMO_ACCOUNTS:
                await services.accounts.set_password(account.username, password_hash)
    keep_demo_password(settings.data_dir, password)
    return password


async def _refuse_demo_accounts(settings: Settings, uri: str) -> None:
    async with app.open_services(settings, uri) as services:
        if await services.has_demo_accounts():
            raise CommandError(
                f"the database `{settings.database}` holds demo accounts, whose password is no secret: set "
                "DOSSIER_DATABASE or DOSSIER_DATA_DIR to another one, or run `dossier demo`"
            )


def _serve_on(listener: socket, settings: Settings, uri: str, on_ready: Callable[[], None]) -> None:
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
    serve_alone(app.create_app(settings, uri), listener, options, on_ready)


def _address(settings: Settings) -> str:
    """Where a browser on this machine finds the server."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104 - read, not bound
    host = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return f"{'https' if settings.tls_certificate else 'http'}://{host}:{settings.port}"
