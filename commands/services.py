"""The services of the product, opened for one command."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from app import open_services
from commands.running import run, shared_database
from resolvers.services import Services
from settings import Settings

_T = TypeVar("_T")


def with_services(settings: Settings, work: Callable[[Services], Coroutine[Any, Any, _T]]) -> _T:
    """The result of `work`, on the services of the server's database."""

    async def opened() -> _T:
        async with open_services(settings, uri) as services:
            return await work(services)

    with shared_database(settings) as uri:
        return run(opened())
