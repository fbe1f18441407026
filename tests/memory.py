"""Folders in memory that end with the process that asked for them, however it ends.

Owns where they are, and that nothing is left there: a keeper, a shell that waits for the end of this process, kills the
database in the folder and removes it. Where the keeper was killed too, the next run sweeps what is nobody's.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

MEMORY: Final = Path("/dev/shm")
PREFIX: Final = "dossier-databases-"
ENOUGH_BYTES: Final = 8 * 2**30
SECONDS_TO_LOCK: Final = 60.0
"""A folder this young may be one that its owner is about to lock."""

_KEEPER: Final = """
cat
kill -9 $(cat "$1/mongodb/mongod.lock") 2>/dev/null
while ! rm -rf "$1"; do sleep 0.1; done
"""


def has_room() -> bool:
    """Whether this machine has such memory, and plenty of it."""
    return MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ENOUGH_BYTES


@contextmanager
def folder_in_memory() -> Iterator[Path]:
    """An empty folder, in which a mongod may run; removed in the end, or when this process is killed."""
    sweep()
    folder = Path(mkdtemp(dir=MEMORY, prefix=PREFIX))
    lock = os.open(folder, os.O_RDONLY)  # held, and not inherited: whoever gets the lock knows that the owner is gone
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        keeper = subprocess.Popen(
            ["sh", "-c", _KEEPER, "keeper", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            yield folder
        finally:
            keeper.communicate()  # closes its input
    finally:
        os.close(lock)


def sweep() -> None:
    """Removes the folders of owners that are gone."""
    for folder in MEMORY.glob(f"{PREFIX}*"):
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime < SECONDS_TO_LOCK:
                continue
            lock = os.open(folder, os.O_RDONLY)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)
            finally:
                os.close(lock)
