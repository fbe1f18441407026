"""The commands about the audit trail: its verification, and the public key that it takes.

Owns what an operator or an outside auditor sees: a bar while it runs, a line for each finding, one sum. It needs the
database alone: neither a server nor the root key.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from commands.errors import CommandError
from commands.running import run, shared_database
from commands.terminal import console
from documents.audit.heads import FILE_NAME
from documents.audit.installation import KEY_FILE_NAME
from documents.chapters.audit.agreement import RowFinding
from documents.chapters.audit.examination import Examined, Kept, Stored, examine, read_keys
from documents.chapters.audit.verification import Finding
from documents.registry import AUDITED
from settings import Settings


def verify(settings: Settings, arguments: Namespace) -> int:
    """Prints a line for each finding and a sum; 1 if anything was found."""
    key_path = arguments.key or settings.data_dir / KEY_FILE_NAME
    heads = arguments.heads or settings.data_dir / FILE_NAME
    if not heads.exists():
        if arguments.heads is not None:
            raise CommandError(f"there is no file {heads}")
        heads = None
    try:
        keys = read_keys(key_path)
    except (OSError, ValueError) as error:
        raise CommandError(f"{key_path} is no file of Ed25519 public keys in PEM: name it with --key") from error
    with shared_database(settings) as uri, _progress() as progress:
        examined = run(
            examine(
                Stored(uri, settings.database, AUDITED),
                Kept(keys, heads),
                lambda finding: print(_finding_line(finding)),
                progress,
            )
        )
    print(_summary(examined, has_heads=heads is not None))
    return 1 if examined.findings else 0


def print_key(settings: Settings, _: Namespace) -> None:
    """Prints the public key in PEM."""
    try:
        print((settings.data_dir / KEY_FILE_NAME).read_text(encoding="ascii").rstrip("\n"))
    except OSError as error:
        raise CommandError(f"{settings.data_dir} holds no {KEY_FILE_NAME}: start Dossier once") from error


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal; elsewhere nothing, so that the output is findings alone."""
    terminal = console()
    if not terminal.is_terminal:
        yield lambda _done, _total: None
        return
    columns = (TextColumn("Verifying blocks"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=terminal, transient=True) as progress:
        task = progress.add_task("", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _finding_line(finding: Finding | RowFinding) -> str:
    """`2026-11-24T20:15:03.120+00:00 chain 5f… block 17 entries 40–43: the block was altered`, or
    `tickets 66… entry 67…: no change entry tells of the row`."""
    if isinstance(finding, RowFinding):
        entry = f" entry {finding.entry}" if finding.entry else ""
        return f"{finding.collection} {finding.row}{entry}: {finding.what.value}"
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


def _summary(examined: Examined, *, has_heads: bool) -> str:
    """What was looked at and what came of it."""
    heads = f"{examined.heads} heads" if has_heads else "no heads: the end of each chain was not checked"
    result = "nothing is wrong" if not examined.findings else f"{examined.findings} findings"
    rows = f"{examined.rows} rows against {examined.changes} change entries"
    return f"{examined.blocks} blocks, {heads}, {rows}: {result}"
