"""The command that brings a database to the layout of this version, and how its progress is shown."""

from __future__ import annotations

from argparse import Namespace
from typing import Final

import app
from commands.running import run, shared_database
from commands.terminal import console
from settings import Settings

_PERCENT: Final = 10
"""A line for each so many per cent."""


def migrate(settings: Settings, _: Namespace) -> None:
    """Does what is still to be done, and says how far it is."""
    with shared_database(settings) as uri:
        done = migrate_at(settings, uri)
    print("The database has the layout of this version now." if done else "There is nothing to migrate.")


def migrate_at(settings: Settings, uri: str) -> bool:
    """The same for a database that is there already; whether anything was to be done."""
    return run(app.migrate(settings, uri, _Lines()))


class _Lines:
    """A line where something begins, and now and then."""

    def __init__(self) -> None:
        self._said: tuple[str, int] | None = None

    def __call__(self, what: str, done: int, total: int) -> None:
        percent = done * 100 // total if total > 0 else 0
        saying = what, percent // _PERCENT
        if saying != self._said:
            self._said = saying
            number = f": {done} of {total} ({percent} %)" if total > 0 else ""
            console().print(f"Migrating {what}{number}", highlight=False, markup=False)
