"""Takes the server's port before anything slow begins: the whole product takes a second to import, and a port in use is
answered before."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from socket import socket

from commands.errors import CommandError
from settings import Settings
from web.server import ListenError, listen


def demo(settings: Settings, _: Namespace) -> None:
    """Starts with invented customers and demo logins."""
    with _port(settings) as listener:
        from commands.demo import demo_on  # noqa: PLC0415 - imports the product

        demo_on(listener, settings)


def serve(settings: Settings, _: Namespace) -> None:
    """Starts for production."""
    with _port(settings) as listener:
        from commands.server import production_on  # noqa: PLC0415 - imports the product

        production_on(listener, settings)


@contextmanager
def _port(settings: Settings) -> Iterator[socket]:
    try:
        listener = listen(settings.host, settings.port)
    except ListenError as error:
        raise CommandError(str(error)) from error
    with listener:
        yield listener
