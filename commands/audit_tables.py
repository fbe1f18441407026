"""The verification of the trail as an operator sees it: a bar while it runs, a line for each finding, one sum."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from documents.chapters.audit.examination import Examined
from documents.chapters.audit.verification import Finding


@contextmanager
def verification_progress(console: Console) -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal; elsewhere nothing, so that the output is findings alone."""
    if not console.is_terminal:
        yield lambda _done, _total: None
        return
    columns = (TextColumn("Verifying blocks"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def finding_line(finding: Finding) -> str:
    """`2026-11-24T20:15:03.120+00:00 chain 5f… block 17 entries 40–43: the block was altered`."""
    parts = [finding.at.isoformat(timespec="milliseconds")] if finding.at is not None else []
    if finding.chain:
        parts.append(f"chain {finding.chain}")
    if finding.number is not None:
        parts.append(f"block {finding.number}")
    if finding.first is not None and finding.last is not None:
        parts.append(f"entries {finding.first}–{finding.last}")
    elif finding.first is not None or finding.last is not None:
        parts.append(f"entry {finding.first or finding.last}")
    where = " ".join(parts)
    source = f" ({finding.source})" if finding.source else ""
    return f"{where}: {finding.what.value}{source}" if where else f"{finding.what.value}{source}"


def summary(examined: Examined, *, has_heads: bool) -> str:
    """What was looked at and what came of it."""
    heads = f"{examined.heads} heads" if has_heads else "no heads: the end of each chain was not checked"
    result = "nothing is wrong" if not examined.findings else f"{examined.findings} findings"
    return f"{examined.blocks} blocks, {heads}: {result}"
