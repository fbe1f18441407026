"""Reading a block as it is stored, of either format: where it stands, what it says, and whether it is what was written.

Takes bytes from whoever had them in hand: nothing in them is believed before it was checked. It judges one block alone,
and no signature.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Final

import bson
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument

from documents.audit.chain import Frame, Head, Link, block_id
from documents.audit.entries import Entry
from documents.audit.leaves import Commitment

_FIELDS: Final = {
    1: frozenset({"format", "chain", "number", "first", "at", "previous", "key", "entries"}),
    2: frozenset({"format", "chain", "number", "first", "at", "previous", "key", "root", "content", "entries"}),
}
_LENGTHS: Final = {"chain": 16, "previous": 32, "key": 8, "root": 32, "content": 32}
_RAW: Final[CodecOptions[RawBSONDocument]] = CodecOptions(document_class=RawBSONDocument, tz_aware=True)
_DECODED: Final[CodecOptions[dict[str, Any]]] = CodecOptions(tz_aware=True)


@dataclass(frozen=True, slots=True)
class StoredBlock:
    """A block. `head` has the hash that it must have; `frame` and `seed` are those of format 2."""

    head: Head
    first: int
    previous: bytes
    entries: list[Entry]
    is_misplaced: bool  # its `_id` is another's
    is_intact: bool  # every byte is as it was written
    is_rooted: bool  # its root, where it has one, is that of its entries
    frame: Frame | None = None
    seed: bytes = b""


def read_block(raw: bytes) -> StoredBlock | None:
    """The block in the bytes of a document; None where they are none at all."""
    try:
        stored = RawBSONDocument(raw, _RAW)
        body: Any = stored["body"]
        content = bson.decode(bytes(body.raw), _DECODED)
        of_format = content["format"]
        if content.keys() - {"links"} != _FIELDS[of_format] or ("links" in content) != (content["number"] == 0):
            return None
        if any(len(content[name]) != length for name, length in _LENGTHS.items() if name in content):
            return None
        found = _of_format_1(raw, stored, content) if of_format == 1 else _of_format_2(raw, stored, content)
        found.head.signed_bytes()
    except Exception:  # bytes that are no block can fail in any way there is
        return None
    return found if found.entries else None


def _of_format_1(raw: bytes, stored: Any, content: dict[str, Any]) -> StoredBlock:
    hashed = hashlib.sha256(stored["body"].raw).digest()
    last = content["first"] + len(content["entries"]) - 1
    head = Head(
        content["chain"], content["number"], last, content["at"], hashed, content["key"], bytes(stored["signature"])
    )
    own_id = block_id(head.chain, head.number)
    written = {"_id": own_id, "body": stored["body"], "hash": hashed, "signature": head.signature}
    return StoredBlock(
        head=head,
        first=content["first"],
        previous=bytes(content["previous"]),
        entries=content["entries"],
        is_misplaced=stored["_id"] != own_id,
        is_intact=bson.encode(written) == raw,
        is_rooted=True,
    )


def _of_format_2(raw: bytes, stored: Any, content: dict[str, Any]) -> StoredBlock:
    entries, encoded = content["entries"], [bytes(entry.raw) for entry in stored["body"]["entries"]]
    seed = bytes(stored["seed"])
    # Plain numbers and binaries, whatever they came as: what was written is rebuilt from them, and compared.
    frame = Frame(
        chain=bytes(content["chain"]),
        number=int(content["number"]),
        first=int(content["first"]),
        last=int(content["first"]) + len(entries) - 1,
        at=content["at"],
        previous=bytes(content["previous"]),
        key=bytes(content["key"]),
        links=tuple(_link(link) for link in content.get("links", ())),
        root=bytes(content["root"]),
        content=bytes(content["content"]),
    )
    head = frame.head(bytes(stored["signature"]))
    committed = Commitment(entries, encoded, seed)
    own_id = block_id(head.chain, head.number)
    written = {
        "_id": own_id,
        "body": frame.body() | {"entries": stored["body"]["entries"]},
        "seed": seed,
        "hash": head.hash,
        "signature": head.signature,
    }
    return StoredBlock(
        head=head,
        first=frame.first,
        previous=frame.previous,
        entries=entries,
        is_misplaced=stored["_id"] != own_id,
        is_intact=committed.content == frame.content and bson.encode(written) == raw,
        is_rooted=committed.root == frame.root,
        frame=frame,
        seed=seed,
    )


def _link(link: dict[str, Any]) -> Link:
    chain, hashed = bytes(link["chain"]), bytes(link["hash"])
    if (len(chain), len(hashed)) != (16, 32) or len(link) != 3:
        raise ValueError
    return Link(chain, int(link["number"]), hashed)
