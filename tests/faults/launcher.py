"""Starts processes of the product that kill themselves at a chosen step: `python -m tests.faults.launcher`.

It has everything imported and forks, because a start from nothing takes seconds. It owns how steps are counted, and
never changes what the product does: it listens to the commands that PyMongo sends, and to the answer as the server gets
it. A step is each command of the operation under way (sent, and its reply not read), each reply, and the answer before
and after it is sent. What the process does beside the operation is not counted.

Each line of standard input is an order (JSON: `number`, `uri`, `database`, `data_dir`; with `kill_at` a `job`, or the
arguments of a `command` and its `stdin`), each line of standard output what a process does (`number`, `pid`; `ready`: a
port; `step`, `killed`; `ended`: the exit code and what was said). An API process counts in requests with the header
`dossier-test-kill-at`. 0 kills nothing, and has each step told.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import io
import json
import os
import signal
import sys
import traceback
from contextlib import redirect_stderr, redirect_stdout
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import uvloop
from pymongo import monitoring
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import app
import cli
from documents.chapters.encryption import rotation
from jobs.engine import JobEngine
from jobs.registry import JOBS
from jobs.runner import JobRunner, Worker
from settings import Settings
from tests.api import unhurried
from web.server import ServerOptions, listen, serve

WRITES: Final = ("insert", "update", "delete", "findAndModify")
HEADER: Final = "dossier-test-kill-at"
LEASE: Final = timedelta(seconds=2)
"""Of workers that are killed: so long nobody else takes their job."""
STANDARD_OUTPUT: Final = 1
_PR_SET_PDEATHSIG: Final = 1


def settings_of(database: str, data_dir: Path) -> Settings:
    """Those of every process at the database."""
    company = "徐州彭城设备有限公司"  # without which there are no letters
    return Settings(data_dir=data_dir, database=database, jobs="worker", credit_four_eyes=True, company_name=company)


@dataclass
class Steps:
    """The steps of one operation. Kills this process at the one with the number `kill_at`. They begin with the first
    command that writes, unless they have begun."""

    number: int
    kill_at: int
    is_begun: bool = True
    count: int = 0

    def reached(self, name: str, *, soon: bool = False) -> None:
        """`soon`: once what is on its way has left this process."""
        self.is_begun = self.is_begun or name.startswith(WRITES)
        self.count += self.is_begun
        if not self.is_begun:
            return
        if self.kill_at == 0:
            _tell(self.number, step=name)
        elif self.count == self.kill_at and soon:
            asyncio.get_running_loop().call_soon(self._die, name)
        elif self.count == self.kill_at:
            self._die(name)

    def _die(self, name: str) -> None:
        _tell(self.number, killed=f"{self.kill_at}: {name}")
        os.kill(os.getpid(), signal.SIGKILL)


_STEPS: ContextVar[Steps | None] = ContextVar("steps", default=None)


class Commands(monitoring.CommandListener):
    """Counts commands that belong to an operation."""

    def __init__(self) -> None:
        self._names: dict[int, str] = {}

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if (steps := _STEPS.get()) is not None:
            target = event.command.get(event.command_name)
            name = f"{event.command_name} {target}" if isinstance(target, str) else event.command_name
            self._names[event.request_id] = name
            steps.reached(f"{name} under way", soon=True)

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        self._ended(event.request_id, "done")

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        self._ended(event.request_id, "failed")

    def _ended(self, request_id: int, how: str) -> None:
        name = self._names.pop(request_id, None)
        if name is not None and (steps := _STEPS.get()) is not None:
            steps.reached(f"{name} {how}")


class Counted:
    """The application, with the steps of those requests counted that ask for it."""

    def __init__(self, application: ASGIApp, number: int) -> None:
        self._application = application
        self._number = number

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kill_at = dict(scope.get("headers", ())).get(HEADER.encode())
        if kill_at is None:
            await self._application(scope, receive, send)
            return
        steps = Steps(self._number, int(kill_at))

        async def counted_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                steps.reached("answer")
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                steps.reached("answered")

        _STEPS.set(steps)  # of this request's task, and of those that it makes
        await self._application(scope, receive, counted_send)


def _serve(order: dict[str, Any], settings: Settings) -> None:
    number = order["number"]
    listener = listen("127.0.0.1", 0)
    application = Counted(app.create_app(unhurried(settings), order["uri"]), number)
    serve(application, listener, ServerOptions(), lambda: _tell(number, ready=listener.getsockname()[1]))


def _work(order: dict[str, Any], settings: Settings) -> None:
    async def work() -> None:
        async with app.open_services(settings, order["uri"]) as services:
            resources = app.job_resources(services)
            # Without its schedule: the job that is looked at is the only one.
            once = [replace(job, schedule=None) for job in JOBS if job.name == order["job"]]
            worker = Worker(f"worker {os.getpid()}", services.store.decided_by)
            engine = JobEngine(JobRunner(services.ledger, once, resources, worker, LEASE))
            _STEPS.set(Steps(order["number"], order["kill_at"]))
            async with engine.running():
                _tell(order["number"], ready=0)
                await asyncio.Event().wait()

    rotation.SETTLING_SECONDS = 0.0  # type: ignore[misc]  # half a minute, in which nothing is done
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work())


def _command(order: dict[str, Any], settings: Settings) -> None:
    given = {"DOSSIER_MONGODB_URI": order["uri"], "DOSSIER_DATABASE": settings.database}
    os.environ |= {**given, "DOSSIER_DATA_DIR": str(settings.data_dir)}
    sys.stdin, number = io.StringIO(order["stdin"]), order["number"]
    _STEPS.set(Steps(number, order["kill_at"], is_begun=False))
    with redirect_stdout(io.StringIO()) as said, redirect_stderr(said):
        code = cli.run(order["command"])
    _tell(number, ended=[code, said.getvalue()])


def _tell(number: int, **what: object) -> None:
    line = json.dumps({"number": number, "pid": os.getpid(), **what})
    os.write(STANDARD_OUTPUT, line.encode() + b"\n")  # whole, as it is short


def _child(order: dict[str, Any]) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    sys.stdin.close()
    try:
        way = _command if order.get("command") else _work if order.get("job") else _serve
        way(order, settings_of(order["database"], Path(order["data_dir"])))
    except BaseException:
        traceback.print_exc()
    os._exit(1)


def main() -> None:
    """Carries orders out until standard input ends; then whatever was started is killed."""
    monitoring.register(Commands())
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the dead
    app.print_schema()  # built once, before there are processes
    gc.collect()
    gc.freeze()
    _tell(0, ready=0)
    for line in iter(sys.stdin.readline, ""):
        order = json.loads(line)
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _child(order)


if __name__ == "__main__":
    main()
