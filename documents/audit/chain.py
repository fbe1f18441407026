"""The hash chain: entries become blocks, each block names the hash of the one before, and its head is signed.

Pure functions and values; docs/audit.md says the format byte by byte. A block is one document:

    _id        24 bytes: chain (16), number (8, big-endian), so that the order of `_id` is the order of the chain
    body       {format, chain, number, first, at, previous, key, links?, root, content, entries}
    seed       32 random bytes, from which the salts of `root` and `content` (`leaves.py`) are expanded
    hash       SHA-256 over all fields of `body` but the entries, for which `root` and `content` stand
    signature  Ed25519 over the head: what names chain, number, last entry, time and hash

Blocks of format 1 have neither `root`, `content` nor `seed`; their `hash` is the SHA-256 of the BSON bytes of `body`.
"""

from __future__ import annotations

import hashlib
import secrets
import struct
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import bson
from bson.raw_bson import RawBSONDocument
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from documents.audit.entries import Entry
from documents.audit.leaves import SEED_BYTES, Commitment

FORMAT: Final = 2
CHAIN_BYTES: Final = 16
NO_HASH: Final = bytes(32)
HEAD_PREFIX: Final = b"dossier-audit-head-v1\x00"
BLOCK_PREFIX: Final = b"dossier-audit-block-v2\x00"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_HEAD: Final = struct.Struct(">QQq")
_BLOCK: Final = struct.Struct(">16sQQQq32s8s32s32sI")
_LINK: Final = struct.Struct(">16sQ32s")


class Head(NamedTuple):
    """Where a chain stands: block `number` ends with entry `last` and has `hash`. Signed with the key `key`."""

    chain: bytes
    number: int
    last: int
    at: datetime
    hash: bytes
    key: bytes
    signature: bytes = b""

    def signed_bytes(self) -> bytes:
        """What the signature covers, 86 bytes: prefix, chain, number, last, milliseconds since 1970, hash."""
        return HEAD_PREFIX + self.chain + _HEAD.pack(self.number, self.last, milliseconds(self.at)) + self.hash


class Link(NamedTuple):
    """A head of another chain, as the first block of a chain names it."""

    chain: bytes
    number: int
    hash: bytes


class Frame(NamedTuple):
    """Everything of a block of format 2 but its entries, which `root` and `content` stand for."""

    chain: bytes
    number: int
    first: int
    last: int
    at: datetime
    previous: bytes
    key: bytes
    links: tuple[Link, ...]
    root: bytes
    content: bytes

    def hashed_bytes(self) -> bytes:
        """What the block's hash is over: 179 bytes, and 56 for each link. Raises struct.error for numbers that are none
        of a block."""
        numbers = (self.chain, self.number, self.first, self.last, milliseconds(self.at))
        packed = _BLOCK.pack(*numbers, self.previous, self.key, self.root, self.content, len(self.links))
        links = [_LINK.pack(link.chain, link.number, link.hash) for link in self.links]
        return b"".join((BLOCK_PREFIX, packed, *links))

    def head(self, signature: bytes = b"") -> Head:
        """The head of the block."""
        hashed = hashlib.sha256(self.hashed_bytes()).digest()
        return Head(self.chain, self.number, self.last, self.at, hashed, self.key, signature)

    def body(self) -> dict[str, Any]:
        """The fields of the body as they are stored, in their order, without the entries."""
        body: dict[str, Any] = {
            "format": FORMAT,
            "chain": self.chain,
            "number": self.number,
            "first": self.first,
            "at": self.at,
            "previous": self.previous,
            "key": self.key,
        }
        if self.number == 0:
            body["links"] = [{"chain": link.chain, "number": link.number, "hash": link.hash} for link in self.links]
        return body | {"root": self.root, "content": self.content}


def milliseconds(at: datetime) -> int:
    """Since 1970."""
    return (at - _EPOCH) // timedelta(milliseconds=1)


class TrailKey:
    """The key pair that signs heads. `key_id` is the first 8 bytes of the SHA-256 of the raw public key."""

    def __init__(self, secret: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(secret)
        self.public = self._private.public_key()
        self.key_id = key_id(self.public.public_bytes_raw())

    def sign(self, content: bytes) -> bytes:
        """The 64 bytes of an Ed25519 signature (RFC 8032)."""
        return self._private.sign(content)

    def public_pem(self) -> str:
        """The public key as PEM (SubjectPublicKeyInfo, RFC 8410)."""
        return self.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def key_id(public_key: bytes) -> bytes:
    """The id of a raw public key."""
    return hashlib.sha256(public_key).digest()[:8]


class Block(NamedTuple):
    """A sealed block: the document to store, and its head."""

    document: dict[str, Any]
    head: Head


class Chain:
    """One process's chain. `seal` makes the next block; it counts once `advance` is called: after it was stored."""

    def __init__(self, chain: bytes, key: TrailKey, links: Sequence[Link] = ()) -> None:
        self.id = chain
        self._key = key
        self._links = tuple(links)
        self._number = 0
        self._first = 1
        self._previous = NO_HASH

    def seal(self, entries: Sequence[Entry], at: datetime) -> Block:
        """The next block, of at least one entry."""
        encoded = [bson.encode(entry) for entry in entries]
        seed = secrets.token_bytes(SEED_BYTES)
        commitment = Commitment(entries, encoded, seed)
        frame = Frame(
            chain=self.id,
            number=self._number,
            first=self._first,
            last=self._first + len(entries) - 1,
            at=at.replace(microsecond=at.microsecond // 1000 * 1000),  # what BSON keeps
            previous=self._previous,
            key=self._key.key_id,
            links=self._links if self._number == 0 else (),
            root=commitment.root,
            content=commitment.content,
        )
        head = frame.head()
        signature = self._key.sign(head.signed_bytes())
        document = {
            "_id": block_id(self.id, self._number),
            "body": RawBSONDocument(_with_entries(bson.encode(frame.body()), encoded)),
            "seed": seed,
            "hash": head.hash,
            "signature": signature,
        }
        return Block(document, Head(head.chain, head.number, head.last, head.at, head.hash, head.key, signature))

    def advance(self, block: Block) -> None:
        """The block is stored: the next one follows it."""
        self._number = block.head.number + 1
        self._first = block.head.last + 1
        self._previous = block.head.hash


def _with_entries(body: bytes, encoded: Sequence[bytes]) -> bytes:
    """The BSON of a body with its entries as the last element, of BSON at hand: nothing is encoded twice."""
    items = b"".join([b"\x03%d\x00%b" % item for item in enumerate(encoded)])
    array = b"%b%b\x00" % ((len(items) + 5).to_bytes(4, "little"), items)
    elements = b"%b\x04entries\x00%b\x00" % (body[4:-1], array)
    return (len(elements) + 4).to_bytes(4, "little") + elements


def block_id(chain: bytes, number: int) -> bytes:
    """The `_id` of a block."""
    return chain + number.to_bytes(8, "big")
