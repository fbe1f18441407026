"""Ports for servers that a test starts in a process of their own.

Owns the choice. They lie below those that the system gives to clients, and each process of the test run has its own
share: between the choice and the moment when the server takes it, nobody else does.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final

from documents.database.embedded import free_port

_FIRST: Final = 20_000
_SHARE: Final = 1_000  # up to 12 processes, below the 32,768 with which Linux begins by default


def _share() -> Iterator[int]:
    first = _FIRST + _SHARE * (int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 12)
    while True:
        yield from range(first + os.getpid() % _SHARE, first + _SHARE)
        yield from range(first, first + os.getpid() % _SHARE)


_PORTS: Final = _share()


def unused_port() -> int:
    """A port of 127.0.0.1 at which nobody listens. Raises `OSError` when there is none."""
    for port in _PORTS:
        try:
            return free_port(port)
        except OSError:
            continue
    raise AssertionError
