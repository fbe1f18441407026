"""Whether those who have a socket open may still have it: one task per process asks for all of them.

Owns when it is asked. It must never decide: contexts and checks do.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from typing import Any, Final, Generic, Protocol

from web.graphql.fault_format import Context

INTERVAL_SECONDS: Final = 0.4
"""What is left of the second in which the end of a right must count is for the question and the answer."""

_logger = logging.getLogger("dossier.web.subscriptions")


class Watched(Protocol):
    """A socket whose client has said who it is."""

    @property
    def context(self) -> Any:
        """The context that was made last; None where there was none yet."""

    async def check(self) -> None:
        """Ends what may go on no longer."""


class Watch(Generic[Context]):
    """`refresh` is awaited with the contexts of all sockets before each is checked: one question for all."""

    def __init__(self, refresh: Callable[[Collection[Context]], Awaitable[None]] | None = None) -> None:
        self._refresh = refresh
        self.sockets: set[Watched] = set()

    async def run(self) -> None:
        """Watches until cancelled. Nothing is sent while nobody can be asked, so that a fault here ends nothing."""
        while True:
            await asyncio.sleep(INTERVAL_SECONDS)
            contexts = [socket.context for socket in self.sockets if socket.context is not None]
            if not contexts:
                continue
            try:
                if self._refresh is not None:
                    await self._refresh(contexts)
                for socket in list(self.sockets):
                    await self._check(socket)
            except Exception as fault:
                _log_fault(fault)

    async def _check(self, socket: Watched) -> None:
        try:
            await socket.check()
        except Exception as fault:  # one socket's fault is not another's
            _log_fault(fault)


def _log_fault(fault: Exception) -> None:
    _logger.warning("open subscriptions cannot be checked (%s), trying again", type(fault).__name__)
