"""How commands write to the terminal: its width, tables without markup, times of this machine."""

from __future__ import annotations

import sys
from datetime import datetime

from rich.console import Console, RenderableType


def console() -> Console:
    """A terminal as wide as it is; elsewhere wide enough for tables."""
    return Console() if sys.stdout.isatty() else Console(width=140)


def show(content: RenderableType) -> None:
    """Prints as it is: what stands in square brackets is no markup, and nothing is highlighted."""
    console().print(content, highlight=False, markup=False)


def local_time(moment: datetime) -> str:
    """`2026-11-24 20:15:03`, where this machine stands."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"
