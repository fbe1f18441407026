"""`python -m tests.faults.every_step [KIND …]`: a kill at every step of every kind of operation.

On a MongoDB of its own. Says how far it is, and in the end what was wrong; the exit code is 1 then.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import uvloop

from documents.database.embedded import EmbeddedMongoDB
from tests.faults.campaign import every_step
from tests.faults.operations.table import OPERATIONS
from tests.memory import folder_in_memory, has_room


def main(kinds: list[str]) -> int:
    """All of `OPERATIONS` where none are named."""
    begun = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - begun:6.0f} s  {line}", flush=True)

    with (
        folder_in_memory() if has_room() else tempfile.TemporaryDirectory() as folder,
        EmbeddedMongoDB(Path(folder), cache_gigabytes=1.0) as uri,
    ):
        results = uvloop.run(every_step(uri, kinds or list(OPERATIONS), say))
    for failure in results.failures:
        print(failure, file=sys.stderr)
    print(f"{results.kills} kills, {len(results.failures)} failures; the slowest retry took {results.slowest:.1f} s")
    return 1 if results.failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
