"""What the test run itself keeps in memory: a run that is killed leaves nothing there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.command import ROOT
from tests.memory import MEMORY, PREFIX, SECONDS_TO_LOCK, has_room, sweep
from tests.patience import PROCESS_SECONDS

RUN = """
import signal
from documents.database.embedded import EmbeddedMongoDB
from tests.memory import folder_in_memory

with folder_in_memory() as folder:
    mongodb = EmbeddedMongoDB(folder, cache_gigabytes=0.25)
    mongodb.start()
    print(folder, mongodb.pid, flush=True)
    signal.pause()
"""


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PROCESS_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.skipif(not has_room(), reason="the tests use no memory where there is little")
def test_a_run_that_is_killed_leaves_neither_database_nor_folder() -> None:
    """SIGKILL, which nobody can handle, while a mongod writes in the folder."""
    with subprocess.Popen([sys.executable, "-c", RUN], cwd=ROOT, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        folder, pid = run.stdout.readline().split()
        assert (Path(folder) / "mongodb" / "mongod.lock").is_file()
        run.kill()
        _until(lambda: not Path(folder).exists() and not _is_running(int(pid)))


@pytest.mark.skipif(not has_room(), reason="the tests use no memory where there is little")
def test_what_a_killed_keeper_left_is_swept_by_the_next_run_and_nothing_else() -> None:
    """The folder of a process that lives, and one just made, are left alone."""
    with subprocess.Popen([sys.executable, "-c", RUN], cwd=ROOT, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        living = Path(run.stdout.readline().split()[0])
        left, young = MEMORY / f"{PREFIX}left-{os.getpid()}", MEMORY / f"{PREFIX}young-{os.getpid()}"
        (left / "mongodb").mkdir(parents=True)
        young.mkdir()
        try:
            long_ago = time.time() - 2 * SECONDS_TO_LOCK
            for folder in (left, living):
                os.utime(folder, (long_ago, long_ago))
            sweep()
            assert (left.exists(), young.exists(), living.exists()) == (False, True, True)
        finally:
            young.rmdir()
            run.send_signal(signal.SIGINT)
