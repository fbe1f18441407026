"""The data directory of one installation and its layout mark.

Owns which arrangement of files this version reads. It must never change or convert what another version wrote: it
names it in one plain sentence.

    <data directory>/layout.json       {"layout": 1}: how the files beside it are arranged
    <data directory>/mongodb/          the files of the embedded mongod
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from documents.errors import EmbeddedMongoDBError

LAYOUT: Final = 1

ANOTHER_DIRECTORY: Final = "start it with the version that wrote it, or set DOSSIER_DATA_DIR to another directory"


def prepare_data_directory(data_dir: Path) -> None:
    """Create `data_dir` with its layout mark, open to its owner alone, or check the mark that is there.

    Raises `EmbeddedMongoDBError` when the directory cannot be used, or is of another layout.
    """
    mark = data_dir / "layout.json"
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)  # keys may lie here: for this user only
        if mark.exists():
            _check_layout(data_dir, mark.read_bytes())
        elif (data_dir / "mongodb").exists():
            raise EmbeddedMongoDBError(
                f"the data directory {data_dir} holds database files but no layout.json, so it is not known which "
                f"version wrote it: {ANOTHER_DIRECTORY}"
            )
        else:
            mark.write_text(json.dumps({"layout": LAYOUT}) + "\n", encoding="utf-8")
    except OSError as error:
        raise EmbeddedMongoDBError(
            f"the data directory {data_dir} cannot be used ({error.strerror}): set DOSSIER_DATA_DIR to a directory "
            "that this user may write"
        ) from error


def _check_layout(data_dir: Path, content: bytes) -> None:
    try:
        layout = json.loads(content)["layout"]
    except (ValueError, KeyError, TypeError):
        layout = None
    if type(layout) is not int:
        raise EmbeddedMongoDBError(
            f"the data directory {data_dir} has a layout.json that cannot be read: {ANOTHER_DIRECTORY}"
        )
    if layout != LAYOUT:
        age = "a newer" if layout > LAYOUT else "an older"
        raise EmbeddedMongoDBError(
            f"the data directory {data_dir} has layout {layout} of {age} version, and this version reads layout "
            f"{LAYOUT}: {ANOTHER_DIRECTORY}"
        )
