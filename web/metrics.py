"""`/metrics`: counters of this process in the Prometheus text format, for whoever runs on the same machine.

Owns counts of work, by how it was done. It must never count by field, kind, caller or outcome: a count can tell too.
Answers loopback addresses only, and to all others as to a path that does not exist.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

Counters = Callable[[], Mapping[str, int]]
"""The counters by name; a name ends in `_total`."""


class Metrics:
    """Serves `counters`."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters

    async def serve(self, request: Request) -> Response:
        """The counters now."""
        if request.client is None or not _is_loopback(request.client.host):
            return PlainTextResponse("Not Found", 404)
        lines = [f"# TYPE {name} counter\n{name} {value}\n" for name, value in self._counters().items()]
        return PlainTextResponse("".join(lines), media_type="text/plain; version=0.0.4")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
