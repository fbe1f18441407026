"""The processes that are killed, as a test has them: begun by the launcher, asked over HTTP, dead in the end."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from documents.chapters.encryption import rotation
from tests.command import ROOT, environment
from tests.patience import PROCESS_SECONDS, patience

LINE_BYTES = 1 << 16


@dataclass
class Process:
    """One process. `steps` are those it told of, `killed` the one at which it killed itself; `is_dead` also where
    somebody else killed it."""

    number: int
    pid: int = 0
    port: int | None = None
    steps: list[str] = field(default_factory=list)
    killed: str | None = None
    ended: tuple[int, str] | None = None
    is_dead: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def ready(self) -> None:
        """Returns when it answers requests, or works."""
        while self.port is None and not self.is_dead:
            await self.next_line()

    async def next_line(self) -> None:
        """Returns when it tells something."""
        self.changed.clear()
        async with patience():
            await self.changed.wait()

    def told(self, line: dict[str, Any]) -> None:
        """Takes one line of it."""
        self.pid = line.get("pid", self.pid)
        self.port = line.get("ready", self.port)
        self.killed = line.get("killed", self.killed)
        self.ended = line.get("ended", self.ended)
        self.is_dead = self.is_dead or self.killed is not None or self.ended is not None
        if "step" in line:
            self.steps.append(line["step"])
        self.changed.set()

    def kill(self) -> None:
        """Now, wherever it is."""
        if self.pid and not self.is_dead:
            self.is_dead = True
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)


class Launcher:
    """The launcher, and what it started."""

    def __init__(self, process: asyncio.subprocess.Process, uri: str) -> None:
        self._process = process
        self._uri = uri
        self._started: dict[int, Process] = {}

    async def start(self, database: str, data_dir: Path, **more: Any) -> Process:
        """An API process, a worker of one job, or a command, once it is ready, or dead."""
        number = len(self._started) + 1
        process = self._started[number] = Process(number)
        order = {"number": number, "uri": self._uri, "database": database, "data_dir": str(data_dir), **more}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        await self._process.stdin.drain()
        await process.ready()
        return process

    async def listen(self) -> None:
        """Hears what processes tell, until all have ended."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            told = json.loads(line)
            if told["number"] in self._started:
                self._started[told["number"]].told(told)


@asynccontextmanager
async def launcher(uri: str) -> AsyncIterator[Launcher]:
    """A launcher for processes on the MongoDB at `uri`; none of them outlives the context."""
    command = (sys.executable, "-m", "tests.faults.launcher")
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=ROOT,
        env=environment(),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LINE_BYTES,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    async with patience(PROCESS_SECONDS):
        await process.stdout.readline()  # it has imported everything
    made = Launcher(process, uri)
    listening = asyncio.create_task(made.listen())
    try:
        with patch.object(rotation, "SETTLING_SECONDS", 0.0):  # as in the processes
            yield made
    finally:
        process.kill()  # and whatever it started dies with it
        await process.wait()
        await listening
