"""Signed heads outside the database: a file beside it, one JSON object a line, so that a trail cut short is noticed.

A line has a fixed length. While it is young, its process writes the newest head over it, at every block, in a few
microseconds; then it begins another line. So the file grows slowly and still holds the newest head of each chain. It is
not synchronised to the disk: it survives the death of the process, not of the machine.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from documents.audit.chain import Head

FILE_NAME: Final = "audit-heads.ndjson"
LINE_BYTES: Final = 512
LINE_SECONDS: Final = 600.0


def head_json(head: Head) -> str:
    """The head as one JSON object; bytes in hexadecimal, the time in ISO 8601."""
    return (  # at every block; and nothing in it needs escaping
        f'{{"chain": "{head.chain.hex()}", "number": {head.number}, "last": {head.last}, '
        f'"at": "{head.at.isoformat(timespec="milliseconds")}", "hash": "{head.hash.hex()}", '
        f'"key": "{head.key.hex()}", "signature": "{head.signature.hex()}"}}'
    )


def parse_head(text: str) -> Head | None:
    """The head in a line; None where it is none."""
    try:
        found = json.loads(text)
        at = datetime.fromisoformat(found["at"])
        chain, hashed, key, signature = (bytes.fromhex(found[n]) for n in ("chain", "hash", "key", "signature"))
        number, last = int(found["number"]), int(found["last"])
    except (ValueError, KeyError, TypeError):
        return None
    is_whole = len(chain) == 16 and len(hashed) == 32 and at.tzinfo is not None and number >= 0 and last >= 0
    return Head(chain, number, last, at, hashed, key, signature) if is_whole else None


def read_heads(path: Path) -> Iterator[tuple[int, Head | None]]:
    """Each line's number, from 1, and its head; None where the line is none."""
    with path.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            yield number, parse_head(line)


class HeadsFile:
    """Writes the heads of one process's chains. Several processes may write to one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._appending = self._writing = -1
        self._chain = b""
        self._offset = 0
        self._begun_at = 0.0

    def write(self, head: Head) -> None:
        """Puts the head into the line of its chain. Raises OSError."""
        if self._writing < 0:
            self._open()
        line = head_json(head).encode().ljust(LINE_BYTES - 1) + b"\n"
        now = time.monotonic()
        if head.chain == self._chain and now - self._begun_at < LINE_SECONDS:
            os.pwrite(self._writing, line, self._offset)
            return
        os.write(self._appending, line)
        self._offset = os.lseek(self._appending, 0, os.SEEK_CUR) - len(line)
        self._chain, self._begun_at = head.chain, now

    def close(self) -> None:
        """Makes what was written durable, and closes the file, if it was ever opened."""
        if self._writing < 0:
            return
        os.fsync(self._writing)
        os.close(self._appending)
        os.close(self._writing)
        self._appending = self._writing = -1

    def _open(self) -> None:
        flags = os.O_CREAT | os.O_WRONLY
        self._appending = os.open(self._path, flags | os.O_APPEND, 0o600)
        self._writing = os.open(self._path, flags, 0o600)
