"""Processes as the kernel sees them: CPU time, memory, and on which cores they run. Linux only."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

ROOT = Path(__file__).parents[1]
_TICKS = os.sysconf("SC_CLK_TCK")
_START_SECONDS = 60
_CPU_GROUPS: Final = Path("/sys/fs/cgroup/cpu")  # control groups of version 1, the controller `cpu`
_PERIOD_MICROSECONDS: Final = 10_000


def tree(pid: int) -> Iterator[int]:
    """The process and all that descend from it."""
    yield pid
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from tree(int(child))


def cpu_seconds(pid: int) -> float:
    """User and system time of the process tree so far."""
    total = 0
    for member in tree(pid):
        with suppress(OSError):
            fields = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])  # utime, stime: fields 14 and 15 of proc(5)
    return total / _TICKS


def resident_bytes(pid: int) -> int:
    """The resident set of the process tree."""
    total = 0
    for member in tree(pid):
        with suppress(OSError):
            total += int(Path(f"/proc/{member}/statm").read_text().split()[1])
    return total * os.sysconf("SC_PAGE_SIZE")


def pin(pid: int, core: int) -> None:
    """Keeps all threads of the process on one core; harmless on a machine that lacks it."""
    if core not in os.sched_getaffinity(0):
        return
    with suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            with suppress(OSError):
                os.sched_setaffinity(int(task), {core})


@contextmanager
def limited(pids: Sequence[int], share: float) -> Iterator[None]:
    """Gives each of the processes at most `share` of a core, as the CPU limit of a container does.

    OSError where the kernel has no control groups of version 1 or does not let this user make any."""
    with ExitStack() as stack:
        for pid in pids:
            stack.enter_context(_limited(pid, share))
        yield


def cpu_group(pid: int) -> Path:
    """The control group that bounds the process's CPU time. OSError where it is none of version 1."""
    for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if "cpu" in controllers.split(","):
            return _CPU_GROUPS / path.lstrip("/")
    raise OSError(errno.ENOTSUP, "none of version 1")


@contextmanager
def _limited(pid: int, share: float) -> Iterator[None]:
    parent = cpu_group(pid)
    group = parent / f"dossier-benchmark-{pid}"
    group.mkdir()
    try:
        (group / "cpu.cfs_period_us").write_text(str(_PERIOD_MICROSECONDS))
        (group / "cpu.cfs_quota_us").write_text(str(int(_PERIOD_MICROSECONDS * share)))
        (group / "cgroup.procs").write_text(str(pid))
        yield
    finally:
        for member in (group / "cgroup.procs").read_text().split():  # a group with processes cannot be removed
            with suppress(OSError):
                (parent / "cgroup.procs").write_text(member)
        group.rmdir()


@contextmanager
def server(arguments: list[str], variables: Mapping[str, str], ready: str) -> Iterator[int]:
    """A Python process that prints a line with `ready` when it serves; its process id. Ended with the block."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DOSSIER_")}
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment | dict(variables),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        _wait_for(process, ready, " ".join(arguments))
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(process: subprocess.Popen[str], ready: str, command: str) -> None:
    assert process.stdout is not None
    overdue = threading.Timer(_START_SECONDS, process.kill)  # ends the reading below
    overdue.start()
    try:
        if not any(ready in line for line in process.stdout):
            raise RuntimeError(f"`{command}` did not start")
    finally:
        overdue.cancel()


def post(port: int, request: bytes) -> bytes:
    """The body of the answer to one request made by `workloads.http_request`; not for measuring."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    url = f"http://127.0.0.1:{port}{first.split()[1]}"
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=30) as response:
            content: bytes = response.read()
    except urllib.error.HTTPError as error:
        raise RuntimeError(f"{url} answered {error.code}: {error.read()[:500]!r}") from error
    return content
