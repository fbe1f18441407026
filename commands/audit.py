"""The commands about the audit trail: its verification, the public key that it takes, and proofs for outsiders.

Owns what an operator or an outside auditor sees: a bar while it runs, a line for each finding, one sum. It needs the
database alone, neither a server nor the root key; and for the check of a proof nothing but the proof and the key.
"""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bson import ObjectId
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from commands.errors import CommandError
from commands.running import run, shared_database
from commands.terminal import console
from documents.audit.heads import FILE_NAME
from documents.audit.installation import KEY_FILE_NAME
from documents.audit.proofs import Asked, ProofError, Shown, left_out, read_proof
from documents.audit.proofs import check_proof as proven_by
from documents.chapters.audit.agreement import RowFinding
from documents.chapters.audit.examination import Examined, Kept, Keys, Stored, examine, read_keys
from documents.chapters.audit.proving import AlteredBlockError, write_proof
from documents.chapters.audit.verification import Finding, is_signed
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
    keys = _keys(key_path)
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


def prove(settings: Settings, arguments: Namespace) -> None:
    """Writes the proof, and says what it has."""
    asked = Asked(customer=_customer(arguments.customer), since=arguments.since, until=arguments.until)
    if asked == Asked():
        raise CommandError("name a customer with --customer, or a period with --since and --until")
    try:
        descriptor = os.open(arguments.file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except OSError as error:
        raise CommandError(f"{arguments.file} cannot be written: {error.strerror}") from error
    is_whole = False
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file, shared_database(settings) as uri:
            counted = run(write_proof(uri, settings.database, asked, file.write))
        is_whole = True
    except AlteredBlockError as error:
        raise CommandError("a block that is asked for was altered: `dossier audit verify` says which") from error
    finally:
        if not is_whole:
            arguments.file.unlink()
    print(f"{counted.entries} entries of {counted.blocks} blocks are in {arguments.file}.")
    if counted.unprovable:
        print(
            f"{counted.unprovable} older entries are not: their blocks are of format 1, which proves nothing alone.",
            file=sys.stderr,
        )


def check_proof(_: Settings, arguments: Namespace) -> None:
    """Prints a line for each entry that is proven, and a sum."""
    keys = _keys(arguments.key)
    try:
        proof = read_proof(arguments.file.read_bytes())
        shown = list(proven_by(proof, lambda head: is_signed(head, keys)))
        missing = left_out(proof)
    except OSError as error:
        raise CommandError(f"{arguments.file} cannot be read: {error.strerror}") from error
    except ProofError as error:
        raise CommandError(f"the proof does not hold: {error}") from error
    for found in shown:
        print(_shown_line(found))
    entries = len({(found.head.chain, found.head.number, found.entry) for found in shown})
    held = sum(block.last - block.first + 1 for block in proof.blocks)
    sum_of_it = f"{entries} of {held} entries of {len(proof.blocks)} signed blocks are proven"
    print(f"{_asked_words(proof.asked)}: {sum_of_it}; {missing} blocks between these are not shown")


def _customer(text: str | None) -> str | None:
    """The 24 digits of an id, with or without the kind before them."""
    if text is None:
        return None
    digits = text.rpartition("_")[2].lower()
    if not ObjectId.is_valid(digits):
        raise CommandError(f"{text} is no id of a customer")
    return digits


def _keys(path: Path) -> Keys:
    try:
        return read_keys(path)
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} is no file of Ed25519 public keys in PEM: name it with --key") from error


def _shown_line(shown: Shown) -> str:
    """`2026-11-24T20:15:03.120+00:00 entry 66… customer 65… demo.agent customer_service query Page ok: read individual
    plain name, masked telephone`."""
    told = shown.context
    operation = told["operation"]
    parts = [shown.head.at.isoformat(timespec="milliseconds"), f"entry {shown.entry}"]
    parts += [f"customer {shown.leaf.customer}"] if shown.leaf.customer is not None else []
    parts += [told["username"], told.get("purpose", "without purpose"), operation["type"], operation.get("name", "")]
    touches = [_touch_words(touch, records) for touch, records in shown.touches()]
    return f"{' '.join(part for part in (*parts, told['outcome']) if part)}: {'; '.join(touches) or 'no rows'}"


def _touch_words(touch: Mapping[str, Any], records: Sequence[str]) -> str:
    fields = [
        f"{name} {', '.join(touch[name])}"
        for name in ("plain", "masked", "denied", "written", "refused")
        if name in touch
    ]
    return " ".join((touch["act"], touch["kind"], *records, *fields))


def _asked_words(asked: Asked) -> str:
    bounds = (("customer", asked.customer), ("since", asked.since), ("until", asked.until))
    return ", ".join(f"{name} {bound}" for name, bound in bounds if bound is not None)


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
