"""The load generator: a process of its own, so that making requests costs the server nothing.

It keeps connections busy with requests encoded beforehand and reads no more of an answer than its status, its length
and how its body begins. A job comes as one pickle on stdin, its result leaves as one pickle on stdout.
"""

from __future__ import annotations

import asyncio
import pickle
import random
import struct
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, cast

import uvloop

_LENGTH = struct.Struct("!Q")
_CONTENT_LENGTH = b"content-length: "
_OK = b"HTTP/1.1 200"


@dataclass(frozen=True, slots=True)
class Job:
    """`requests`, drawn at random, on each of `connections` for `seconds`; a good body begins with `expected`."""

    port: int
    requests: Sequence[bytes]
    expected: bytes
    connections: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Sample:
    """What came of a job. Latencies in seconds, of the good answers only."""

    latencies: list[float]
    errors: int
    seconds: float

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """The latency, in seconds, that `share` of the answers did not exceed."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


class _Connection(asyncio.Protocol):
    """Sends the next request when the answer to the last one is complete."""

    def __init__(self, job: Job, latencies: list[float], done: asyncio.Future[int]) -> None:
        self._job = job
        self._latencies = latencies
        self._done = done
        self._errors = 0
        self._received = bytearray()
        self._needed = 0
        self._body = 0
        self._started = 0.0
        self._stopping = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's does not descend from it
        self._send()

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._needed:
            head = self._received.find(b"\r\n\r\n")
            if head < 0:
                return
            headers = self._received[: head + 2].lower()  # Node writes `Content-Length`
            start = headers.index(_CONTENT_LENGTH) + len(_CONTENT_LENGTH)
            length = int(headers[start : headers.index(b"\r\n", start)])
            self._body = head + 4
            self._needed = self._body + length
        if len(self._received) >= self._needed:
            self._complete()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.done():
            self._done.set_result(self._errors + (0 if self._stopping else 1))

    def stop(self) -> None:
        """No further request; the one under way is waited for."""
        self._stopping = True

    def _complete(self) -> None:
        if self._received.startswith(_OK) and self._received.startswith(self._job.expected, self._body):
            self._latencies.append(time.perf_counter() - self._started)
        else:
            self._errors += 1
        if self._stopping:
            if self._transport is not None:
                self._transport.close()
            return
        self._send()

    def _send(self) -> None:
        self._received.clear()
        self._needed = 0
        self._started = time.perf_counter()
        if self._transport is not None:
            self._transport.write(random.choice(self._job.requests))


def _same(connection: _Connection) -> _Connection:
    return connection


async def generate(job: Job) -> Sample:
    """Carries the job out."""
    loop = asyncio.get_running_loop()
    latencies: list[float] = []
    ends: list[asyncio.Future[int]] = []
    connections: list[_Connection] = []
    started = time.perf_counter()
    for _ in range(job.connections):
        done: asyncio.Future[int] = loop.create_future()
        connection = _Connection(job, latencies, done)
        await loop.create_connection(partial(_same, connection), "127.0.0.1", job.port)
        ends.append(done)
        connections.append(connection)
    await asyncio.sleep(job.seconds)
    for connection in connections:
        connection.stop()
    errors = sum(await asyncio.wait_for(asyncio.gather(*ends), 30))
    return Sample(latencies, errors, time.perf_counter() - started)


class LoadGenerator:
    """The process that generates the load."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.load"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[1],
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def run(self, job: Job) -> Sample:
        """Blocks until the job is done."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        _write(self._process.stdin, job)
        sample = _read(self._process.stdout)
        if not isinstance(sample, Sample):
            raise RuntimeError("the load generator ended")
        return sample

    def __enter__(self) -> LoadGenerator:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)


def _write(stream: IO[bytes], value: object) -> None:
    content = pickle.dumps(value)
    stream.write(_LENGTH.pack(len(content)) + content)
    stream.flush()


def _read(stream: IO[bytes]) -> object:
    head = stream.read(_LENGTH.size)
    return pickle.loads(stream.read(_LENGTH.unpack(head)[0])) if head else None


def main() -> None:
    """Carry out jobs until stdin ends."""
    while isinstance(job := _read(sys.stdin.buffer), Job):
        _write(sys.stdout.buffer, uvloop.run(generate(job)))


if __name__ == "__main__":
    # Pickles name this module by its import name, not as the script that runs.
    from benchmarks.load import main as run

    run()
