"""What a first start shows while it makes the demo's customers: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Report = Callable[[int, int], None]
"""Called with (done, total), done growing from 0."""


@contextmanager
def seeding_progress(console: Console) -> Iterator[Report]:
    """Show what is reported within the context."""
    if not console.is_terminal:
        yield _Lines(console)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("Making demo customers", total=None)

        def report(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        yield report


class _Lines:
    """A line at the start and about every tenth."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._next = 0

    def __call__(self, done: int, total: int) -> None:
        percent = 100 if total <= 0 else done * 100 // total
        if percent >= self._next:
            self._console.print(f"Making demo customers: {done} of {total} ({percent} %)", highlight=False)
            self._next = percent // 10 * 10 + 10
