"""What a block of format 2 commits to: the root of a hash tree with one salted leaf for each entry and customer.

A leaf says what one entry has of one customer, so that this can be proven to an outsider; docs/audit.md says it byte by
byte. INVARIANT: a proof lets nobody guess or count others. Every leaf has a salt of its own, nodes stand in the order
of their hashes, and every node has sixteen children, of which those that are missing are made up.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Any, Final

import orjson

from documents.audit.entries import Entry

SEED_BYTES: Final = 32
SALT_BYTES: Final = 16
HASH_BYTES: Final = 32
NOBODY: Final = bytes(12)
"""Stands for the customer where there is none."""
CHILDREN: Final = 16

_LEAF: Final = b"\x00"
_INNER: Final = b"\x01"
_CONTENT: Final = b"\x02"
_WITHOUT_RECORD: Final = b"\x00"
_WITH_RECORD: Final = b"\x01"
_ROWS: Final = ("customers", "records", "versions")  # parallel: how many there are is nobody's business
_SALT: Final = struct.Struct(f"{SALT_BYTES}s")
_NODE: Final = struct.Struct(f"{HASH_BYTES}s")
_sha256: Final = hashlib.sha256


def context(entry: Entry) -> bytes:
    """The entry without its id, those of rows and their versions, as JSON in UTF-8: keys as stored, no spaces, bytes in
    hexadecimal."""
    shown: dict[str, Any] = {name: value for name, value in entry.items() if name != "id"}
    if touches := entry.get("touches"):
        shown["touches"] = [{name: value for name, value in touch.items() if name not in _ROWS} for touch in touches]
    return orjson.dumps(shown, default=bytes.hex)


def context_hash(entry: Entry) -> bytes:
    """The SHA-256 of the context; an entry that was made from a form (`forms.py`) brings it along."""
    known: bytes | None = getattr(entry, "context_hash", None)
    return known if known is not None else _sha256(context(entry)).digest()


def subjects(entry: Entry) -> list[bytes]:
    """Whose rows the entry has, one item for each customer, and one for rows that are no customer's, or where there are
    none.

    An item is the customer's id, or twelve zero bytes; then of each row the number of its touch (4 bytes, big endian),
    and 1 and the record's id, or 0."""
    found: dict[bytes, bytes] = {}
    for number, touch in enumerate(entry.get("touches", ())):
        customers, records = touch.get("customers", ()), touch.get("records", ())
        place = number.to_bytes(4, "big")
        if records:
            for customer, record in zip_longest(customers, records):
                owner = customer.binary if customer is not None else NOBODY
                row = place + (_WITH_RECORD + record.binary if record is not None else _WITHOUT_RECORD)
                found[owner] = found.get(owner, owner) + row
            continue
        row = place + _WITHOUT_RECORD
        for customer in customers:
            owner = customer.binary
            found[owner] = found.get(owner, owner) + row
    return list(found.values()) or [NOBODY]


def read_subject(subject: bytes) -> tuple[bytes | None, list[tuple[int, bytes | None]]]:
    """The customer's id and the rows in an item of `subjects`: the number of the touch, and the record's id if any."""
    owner, rest = subject[: len(NOBODY)], subject[len(NOBODY) :]
    rows: list[tuple[int, bytes | None]] = []
    while rest:
        length = len(NOBODY) if rest[4:5] == _WITH_RECORD else 0
        rows.append((int.from_bytes(rest[:4], "big"), rest[5 : 5 + length] or None))
        rest = rest[5 + length :]
    return owner if owner != NOBODY else None, rows


def write_subject(customer: bytes | None, rows: Iterable[tuple[int, bytes | None]]) -> bytes:
    """The item that `read_subject` reads."""
    written = (
        touch.to_bytes(4, "big") + (_WITH_RECORD + record if record is not None else _WITHOUT_RECORD)
        for touch, record in rows
    )
    return b"".join((NOBODY if customer is None else customer, *written))


def of_entry(entry_id: bytes, context_hash: bytes) -> bytes:
    """What the leaves of an entry begin with."""
    return _LEAF + entry_id + context_hash


def leaf(beginning: bytes, salt: bytes, subject: bytes) -> bytes:
    """The hash of a leaf."""
    return _sha256(beginning + salt + subject).digest()


def node(children: Iterable[bytes]) -> bytes:
    """The hash of an inner node over its children, in whatever order they come."""
    return _sha256(_INNER + b"".join(sorted(children))).digest()


class Commitment:
    """What a block commits to. `root` is of the tree, `content` of the entries' bytes; `leaves` and `salts` are
    parallel, in the order of entries and, within one, of `subjects`."""

    def __init__(self, entries: Sequence[Entry], encoded: Sequence[bytes], seed: bytes) -> None:
        """`encoded` are the entries in BSON, `seed` is random and shown to nobody: all salts, and the nodes that are
        made up, are expanded from it."""
        beginnings = [of_entry(entry["id"].binary, context_hash(entry)) for entry in entries]
        items = [subjects(entry) for entry in entries]
        count = sum(map(len, items))
        made_up = _made_up(count)
        salted = HASH_BYTES + SALT_BYTES * count
        stream = hashlib.shake_256(seed).digest(salted + HASH_BYTES * sum(made_up))
        self.content = _sha256(b"".join((_CONTENT, stream[:HASH_BYTES], *encoded))).digest()
        self.salts = [salt for (salt,) in _SALT.iter_unpack(stream[HASH_BYTES:salted])]
        salts = iter(self.salts)
        self.leaves = [
            _sha256(beginning + next(salts) + item).digest()  # as `leaf` does; a page has fifty
            for beginning, of_entry in zip(beginnings, items, strict=True)
            for item in of_entry
        ]
        padding = (hash_ for (hash_,) in _NODE.iter_unpack(stream[salted:]))
        self.levels: list[list[bytes]] = []
        level = self.leaves
        for missing in made_up:
            level = sorted([*level, *(next(padding) for _ in range(missing))])
            self.levels.append(level)
            level = [
                _sha256(_INNER + b"".join(level[first : first + CHILDREN])).digest()
                for first in range(0, len(level), CHILDREN)
            ]
        (self.root,) = level

    def path(self, place: int) -> list[list[bytes]]:
        """Of leaf `place`: on each level, from the leaves up, the fifteen nodes beside it or what is above it."""
        found, path = self.leaves[place], []
        for level in self.levels:
            first = level.index(found) // CHILDREN * CHILDREN
            group = level[first : first + CHILDREN]
            path.append([other for other in group if other != found])
            found = node(group)
        return path


def _made_up(count: int) -> list[int]:
    """How many nodes are made up on each level over `count` leaves, so that every node has sixteen children."""
    missing = [-count % CHILDREN]
    while (count := -(-count // CHILDREN)) > 1:
        missing.append(-count % CHILDREN)
    return missing
