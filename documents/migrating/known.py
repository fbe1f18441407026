"""What this installation knows of the layouts of its databases, outside of them.

A migration believes what an old layout holds, because nothing in it was authenticated yet. So whoever can write to the
database, but not to this machine, must not be able to have one run again: by a mark that was put back or removed.

    <data directory>/known-layouts.json    {"<database>": the highest layout that it was opened or migrated to}
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Final

from documents.errors import LayoutError

FILE_NAME: Final = "known-layouts.json"

log = logging.getLogger(__name__)


class KnownLayouts:
    """The file in one data directory."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / FILE_NAME

    def refuse_older(self, database: str, version: int) -> None:
        """Raises LayoutError where the database is known to have had a higher layout than `version`."""
        if (known := self._read().get(database, 0)) > version:
            raise LayoutError(
                f"the database `{database}` says that it has layout {version}, but had layout {known} before, so that "
                "somebody changed it: do not migrate it. Only if you put back an old backup of it yourself, remove "
                f"`{self._path}` and run `dossier migrate` again"
            )

    def keep(self, database: str, version: int) -> None:
        """Remembers the layout. A disk that takes nothing is told, and stops nobody."""
        try:
            known = self._read()
            if known.get(database, 0) < version:
                new = self._path.with_name(f"{FILE_NAME}.new")
                new.write_text(json.dumps(known | {database: version}) + "\n", encoding="utf-8")
                new.replace(self._path)
        except OSError as error:
            log.error("the layout of the database is not written to its file: %s", error.strerror)

    def _read(self) -> dict[str, int]:
        try:
            return {str(name): int(version) for name, version in json.loads(self._path.read_bytes()).items()}
        except FileNotFoundError:
            return {}
        except (ValueError, TypeError, AttributeError) as error:
            raise LayoutError(f"`{self._path}` cannot be read: put it back from a backup") from error
