"""Content codings: how an answer is compressed for the way, by `Accept-Encoding` (RFC 9110 section 12.5.3).

Owns the choice of the coding and the work of compressing. What must not be compressed is its callers' to know:
docs/decisions says why answers with tokens are among it, and how the levels were chosen.
"""

from __future__ import annotations

import asyncio
import threading
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final, Literal

import brotli
import zstandard

from web.http.accept import quality_values

Coding = Literal["zstd", "br", "gzip"]

CODINGS: Final[tuple[Coding, ...]] = ("zstd", "br", "gzip")
"""Ours, the best for the time that it takes first: the order among those that a client likes equally."""

SMALL: Final = 1024
"""Bytes below which compressing saves no packet."""

LARGE: Final = 64 * 1024
"""Bytes from which a body is compressed in a thread: up to here it takes less than 0.3 ms."""

_GZIP: Final = 16 + zlib.MAX_WBITS


@dataclass(frozen=True, slots=True)
class AcceptedCodings:
    """What a client takes: the coding that it likes best (None: the plain body), and whether it takes the plain body.

    With neither, nothing that we have is acceptable to it.
    """

    best: Coding | None
    plain: bool

    def for_size(self, size: int) -> Coding | None:
        """The coding of a body of `size` bytes. A small one stays plain, unless the client refuses that."""
        return self.best if size >= SMALL or not self.plain else None


@lru_cache(maxsize=256)
def accepted_codings(accept_encoding: str) -> AcceptedCodings:
    """What the value of an `Accept-Encoding` field allows; nothing but the plain body where it is empty or absent."""
    weights = {name.removeprefix("x-"): quality for name, quality in quality_values(accept_encoding)}
    others = weights.get("*", 0.0)
    best = max(CODINGS, key=lambda coding: weights.get(coding, others))  # the first of equals
    weight = weights.get(best, others)
    plain = weights.get("identity", weights.get("*", 1.0)) > 0
    return AcceptedCodings(best if weight > 0 and weight >= weights.get("identity", 0.0) else None, plain)


def compress(body: bytes, coding: Coding) -> bytes:
    """`body` in `coding`, at the level for answers that are made once and sent once."""
    return _FAST[coding](body)


def compress_small(body: bytes, coding: Coding) -> bytes:
    """`body` in `coding`, as small as it gets, in up to seconds: for texts that are sent many times."""
    return _SMALLEST[coding](body)


async def compressed(body: bytes, coding: Coding) -> bytes:
    """As `compress`, beside the event loop where the body is large."""
    if len(body) < LARGE:
        return compress(body, coding)
    return await asyncio.to_thread(compress, body, coding)


def _gzip(body: bytes, level: int) -> bytes:
    compressor = zlib.compressobj(level, wbits=_GZIP)
    return compressor.compress(body) + compressor.flush()


class _Thread(threading.local):
    """A Zstandard compressor for each thread: making one costs as much as a page, and two threads cannot share one."""

    def __init__(self) -> None:
        self.zstandard = zstandard.ZstdCompressor(level=1)


_thread = _Thread()


def _zstd(body: bytes) -> bytes:
    return _thread.zstandard.compress(body)


_FAST: Final[Mapping[Coding, Callable[[bytes], bytes]]] = MappingProxyType(
    {
        "zstd": _zstd,
        "br": lambda body: brotli.compress(body, quality=2),
        "gzip": lambda body: _gzip(body, 1),
    }
)
_SMALLEST: Final[Mapping[Coding, Callable[[bytes], bytes]]] = MappingProxyType(
    {
        "zstd": lambda body: zstandard.ZstdCompressor(level=19).compress(body),  # RFC 9659: a window of at most 8 MiB
        "br": lambda body: brotli.compress(body, quality=9),
        "gzip": lambda body: _gzip(body, 9),
    }
)
