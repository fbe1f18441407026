"""Liveness and readiness, for whatever starts and balances the processes.

Owns two plain answers that need no login. They must never say more than a reason code: no host, version or error text.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse

ReadinessCheck = Callable[[], Awaitable[str | None]]
"""Returns None when ready, else a reason code such as `DATABASE_UNAVAILABLE` or `RULES_NOT_LOADED`. May raise."""

UNAVAILABLE: Final = "DATABASE_UNAVAILABLE"
CHECK_SECONDS: Final = 2.0

_NO_STORE = {"cache-control": "no-store"}
_log = logging.getLogger("dossier.web.health")


async def livez(_request: Request) -> JSONResponse:
    """The process serves requests. Says nothing of what stands behind it."""
    return JSONResponse({"status": "live"}, headers=_NO_STORE)


class Readiness:
    """`/readyz`: 200 when `check` finds nothing amiss, 503 with its reason code otherwise.

    A check that raises or takes longer than `seconds` counts as `DATABASE_UNAVAILABLE`: it asks nothing else that can.
    """

    def __init__(self, check: ReadinessCheck, seconds: float = CHECK_SECONDS) -> None:
        self._check = check
        self._seconds = seconds

    async def readyz(self, _request: Request) -> JSONResponse:
        """Whether requests can be served in full now."""
        try:
            async with asyncio.timeout(self._seconds):
                reason = await self._check()
        except Exception as fault:
            _log.warning("not ready: %s", type(fault).__name__)
            reason = UNAVAILABLE
        if reason is None:
            return JSONResponse({"status": "ready"}, headers=_NO_STORE)
        return JSONResponse({"status": "unavailable", "reason": reason}, 503, headers=_NO_STORE)
