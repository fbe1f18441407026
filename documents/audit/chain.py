"""The hash chain: entries become blocks, each block names the hash of the one before, and its head is signed.

Pure functions and values; docs/audit.md says the format byte by byte. A block is one document:

    _id        24 bytes: chain (16), number (8, big-endian), so that the order of `_id` is the order of the chain
    body       {format, chain, number, first, at, previous, key, links?, entries}
    hash       SHA-256 of the BSON bytes of `body`
    signature  Ed25519 over the head: what names chain, number, last entry, time and hash
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import bson
from bson.raw_bson import RawBSONDocument
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from documents.audit.entries import Entry

FORMAT: Final = 1
CHAIN_BYTES: Final = 16
NO_HASH: Final = bytes(32)
HEAD_PREFIX: Final = b"dossier-audit-head-v1\x00"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_HEAD: Final = struct.Struct(">QQq")


@dataclass(frozen=True, slots=True)
class Head:
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
        milliseconds = (self.at - _EPOCH) // timedelta(milliseconds=1)
        return HEAD_PREFIX + self.chain + _HEAD.pack(self.number, self.last, milliseconds) + self.hash


@dataclass(frozen=True, slots=True)
class Link:
    """A head of another chain, as the first block of a chain names it."""

    chain: bytes
    number: int
    hash: bytes


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


@dataclass(frozen=True, slots=True)
class Block:
    """A sealed block: the document to store, and its head."""

    document: dict[str, Any]
    head: Head


class Chain:
    """One process's chain. `seal` makes the next block; it counts once `advance` is called: after it was stored."""

    def __init__(self, chain: bytes, key: TrailKey, links: Sequence[Link] = ()) -> None:
        self.id = chain
        self._key = key
        self._links = links
        self._number = 0
        self._first = 1
        self._previous = NO_HASH

    def seal(self, entries: Sequence[Entry], at: datetime) -> Block:
        """The next block, of at least one entry."""
        at = at.replace(microsecond=at.microsecond // 1000 * 1000)  # what BSON keeps
        body: dict[str, Any] = {
            "format": FORMAT,
            "chain": self.id,
            "number": self._number,
            "first": self._first,
            "at": at,
            "previous": self._previous,
            "key": self._key.key_id,
        }
        if self._number == 0:
            body["links"] = [{"chain": link.chain, "number": link.number, "hash": link.hash} for link in self._links]
        body["entries"] = entries
        encoded = bson.encode(body)
        head = Head(
            self.id,
            self._number,
            self._first + len(entries) - 1,
            at,
            hashlib.sha256(encoded).digest(),
            self._key.key_id,
        )
        signature = self._key.sign(head.signed_bytes())
        document = {
            "_id": block_id(self.id, self._number),
            "body": RawBSONDocument(encoded),
            "hash": head.hash,
            "signature": signature,
        }
        signed = Head(head.chain, head.number, head.last, head.at, head.hash, head.key, signature)
        return Block(document, signed)

    def advance(self, block: Block) -> None:
        """The block is stored: the next one follows it."""
        self._number = block.head.number + 1
        self._first = block.head.last + 1
        self._previous = block.head.hash


def block_id(chain: bytes, number: int) -> bytes:
    """The `_id` of a block."""
    return chain + number.to_bytes(8, "big")
