"""Where the time of a request goes: the server with a sampler in it, and its samples as microseconds per step.

As a program it is `dossier serve` with an interval timer of CPU time (ITIMER_PROF), whose handler notes to which step
the running code belongs. Sampling every millisecond costs about two percent and favours no kind of code, which
a tracing profiler does.
"""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Final

import orjson

INTERVAL: Final = 0.001
FILE_VARIABLE: Final = "BENCH_STEPS_FILE"

# The innermost frame that matches decides; (part of the file name, function or "", step).
_STEPS: Final = (
    ("/documents/audit/", "", "audit trail"),
    ("/documents/access/trace", "", "audit trail"),
    ("/resolvers/recording", "", "audit trail"),
    ("/pymongo/", "", "MongoDB driver"),
    ("/bson/decimal128", "", "MongoDB driver"),
    ("/bson/", "decode", "MongoDB driver"),
    ("<record builder>", "", "building the answer from records"),
    ("/schema/execution/builder", "", "building the answer from records"),
    ("/schema/execution/selection", "", "selection"),
    ("/schema/roots/query", "selection_of", "selection"),
    ("/documents/encryption/cursors", "", "cursors"),
    ("/documents/encryption/", "", "reading and decrypting rows"),
    ("/documents/storing/decimals", "", "reading and decrypting rows"),
    ("/documents/storing/codec", "", "reading and decrypting rows"),
    ("/documents/storing/row_reader", "", "reading and decrypting rows"),
    ("/documents/reading/customers", "_read", "reading and decrypting rows"),
    ("/documents/access/report", "", "access report"),
    ("/schema/wording/access_extensions", "", "access report"),
    ("/documents/", "", "condition and projection"),
    ("/policies/", "", "authorize"),
    ("/resolvers/chapters/accounts/principals", "", "token and session"),
    ("/resolvers/chapters/accounts/access_tokens", "", "token and session"),
    ("/web/authentication", "", "token and session"),
    ("/web/contexts", "", "token and session"),
    ("/resolvers/", "", "use case"),
    ("/web/graphql/answer", "", "orjson and compression"),
    ("/web/", "", "GraphQL endpoint and limits"),
    ("/graphql/", "", "GraphQL execution"),
    ("/strawberry/", "", "GraphQL execution"),
    ("/schema/", "", "GraphQL execution"),
    ("/starlette/", "", "HTTP server and routing"),
    ("/uvicorn/", "", "HTTP server and routing"),
)
OTHER: Final = "event loop and sockets"


def step_of(frame: FrameType | None) -> str:
    """The step to which the running code belongs."""
    while frame is not None:
        code = frame.f_code
        for part, function, step in _STEPS:
            if part in code.co_filename and code.co_name.startswith(function):
                return step
        frame = frame.f_back
    return OTHER


class Sampler:
    """Counts samples by step while it runs; SIGUSR1 starts a new count, SIGUSR2 writes the count to the file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._counts: Counter[str] = Counter()

    def start(self) -> None:
        signal.signal(signal.SIGPROF, lambda _, frame: self._counts.update((step_of(frame),)))
        signal.signal(signal.SIGUSR1, lambda *_: self._counts.clear())
        signal.signal(signal.SIGUSR2, lambda *_: self._write())
        signal.setitimer(signal.ITIMER_PROF, INTERVAL, INTERVAL)

    def _write(self) -> None:
        new = self._path.with_suffix(".new")
        new.write_bytes(orjson.dumps(dict(self._counts)))
        new.replace(self._path)


def main() -> int:
    """`dossier serve` under the sampler."""
    from cli import main as dossier  # noqa: PLC0415 - the process that reads the samples does not need the product

    Sampler(Path(os.environ[FILE_VARIABLE])).start()
    return dossier(["serve"])


if __name__ == "__main__":
    sys.exit(main())
