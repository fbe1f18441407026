"""Verification of a stored trail: what was changed, removed, reordered, cut off or forked, and where.

Pure: blocks come as their stored bytes in the order of `_id`, claims (heads that somebody outside keeps, and those that
chains name of each other) beforehand. Memory grows with the claims and the chains, not with the entries.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from cryptography.exceptions import InvalidSignature

from documents.audit.chain import NO_HASH, Head, Link
from documents.audit.stored_blocks import read_block

UNKNOWN = b""
"""Stands for the hash of a block that was altered."""


class What(StrEnum):
    """What is wrong."""

    ALTERED = "the block was altered"
    UNROOTED = "the root is not that of the block's entries"
    UNSIGNED = "the signature is not of this installation's key"
    MISSING = "blocks are missing before this one"
    REORDERED = "the block stands at the wrong place"
    FORKED = "there is another block with this number"
    BROKEN = "the block does not follow from the one before it"
    TRUNCATED = "the chain ends before a head that was published"
    REWRITTEN = "the block is not the one whose head was published"
    REMOVED = "the whole chain is missing"
    BAD_HEAD = "the head is not signed by this installation's key"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. `number` is the block's; `first` and `last` are the entries concerned, where known."""

    what: What
    chain: str = ""
    number: int | None = None
    first: int | None = None
    last: int | None = None
    at: datetime | None = None
    source: str = ""  # where the claim comes from


@dataclass(frozen=True, slots=True)
class Claim:
    """Somebody says that block `number` of `chain` has `hash`."""

    chain: bytes
    number: int
    hash: bytes
    source: str
    last: int | None = None
    at: datetime | None = None


class VerificationKey(Protocol):
    """Ed25519PublicKey, as far as it is needed."""

    def verify(self, signature: bytes, data: bytes, /) -> None:
        """Raises InvalidSignature."""
        ...


Keys = Mapping[bytes, VerificationKey]


def verify(blocks: Iterable[bytes], claims: Iterable[Claim], keys: Keys) -> Iterator[Finding]:
    """Every finding, in the order of the blocks."""
    verifier = Verifier(claims, keys)
    for block in blocks:
        yield from verifier.block(block)
    yield from verifier.end()


def is_signed(head: Head, keys: Keys) -> bool:
    """Whether the head is signed by the key that it names, and that is one of `keys`."""
    key = keys.get(head.key)
    if key is None:
        return False
    try:
        key.verify(head.signature, head.signed_bytes())
    except InvalidSignature:
        return False
    return True


def claims_of_heads(heads: Iterable[tuple[int, Head | None]], keys: Keys) -> Iterator[Claim | Finding]:
    """A claim for every good line of a file of heads, a finding for any other."""
    for line, head in heads:
        source = f"line {line} of the heads"
        if head is None:
            yield Finding(What.BAD_HEAD, source=source)
        elif not is_signed(head, keys):
            yield Finding(What.BAD_HEAD, head.chain.hex(), head.number, None, head.last, head.at, source)
        else:
            yield Claim(head.chain, head.number, head.hash, source, head.last, head.at)


def claims_of_links(chains: Iterable[tuple[bytes, Iterable[Link]]]) -> Iterator[Claim]:
    """What the first blocks of chains say of others."""
    for chain, links in chains:
        for link in links:
            yield Claim(link.chain, link.number, link.hash, f"the first block of chain {chain.hex()}")


class Verifier:
    """Takes one block after the other."""

    def __init__(self, claims: Iterable[Claim], keys: Keys) -> None:
        self._keys = keys
        self._claims: dict[bytes, dict[int, list[Claim]]] = {}
        for claim in claims:
            self._claims.setdefault(claim.chain, {}).setdefault(claim.number, []).append(claim)
        self._seen: set[bytes] = set()
        self._last: Head | None = None

    def block(self, raw: bytes) -> Iterator[Finding]:
        """What is wrong with the next block."""
        read = read_block(raw)
        if read is None:
            yield self._unreadable()
            return
        head, first = read.head, read.first
        if read.is_misplaced or not read.is_intact:
            yield _finding(What.REORDERED if read.is_misplaced else What.ALTERED, head, first)
        elif not is_signed(head, self._keys):
            yield _finding(What.UNSIGNED, head, first)
        elif not read.is_rooted:
            yield _finding(What.UNROOTED, head, first)
        yield from self._placed(head, first, read.previous)
        for claim in self._claims.get(head.chain, {}).pop(head.number, ()):
            if read.is_intact and claim.hash != head.hash:
                yield _finding(What.REWRITTEN, head, first, claim.source)
        # What follows a block that was altered is not to blame for it.
        self._last = head if read.is_intact or read.is_misplaced else head._replace(hash=UNKNOWN)

    def end(self) -> Iterator[Finding]:
        """What is missing at the end."""
        yield from self._ended()
        for chain, claims in self._claims.items():
            for claim in _newest(claims):
                yield Finding(What.REMOVED, chain.hex(), claim.number, None, claim.last, claim.at, claim.source)

    def _placed(self, head: Head, first: int, previous: bytes) -> Iterator[Finding]:
        last = self._last
        if last is None or last.chain != head.chain:
            yield from self._ended()
            if head.chain in self._seen:
                yield _finding(What.REORDERED, head, first)
            elif head.number != 0:
                yield _finding(What.MISSING, head, first)
            elif first != 1 or previous != NO_HASH:
                yield _finding(What.BROKEN, head, first)
            self._seen.add(head.chain)
        elif head.number == last.number:
            yield _finding(What.FORKED, head, first)
        elif head.number < last.number:
            yield _finding(What.REORDERED, head, first)
        elif head.number > last.number + 1:
            yield _finding(What.MISSING, head, first)
        elif last.hash != UNKNOWN and (previous != last.hash or first != last.last + 1):
            yield _finding(What.BROKEN, head, first)

    def _ended(self) -> Iterator[Finding]:
        """The chain that was read last has no more blocks: whoever claims one says that it was cut off."""
        if self._last is None:
            return
        for claim in _newest(self._claims.pop(self._last.chain, {})):
            yield Finding(
                What.TRUNCATED,
                claim.chain.hex(),
                claim.number,
                self._last.last + 1 if claim.number > self._last.number else None,
                claim.last,
                claim.at,
                claim.source,
            )

    def _unreadable(self) -> Finding:
        after = self._last
        if after is None:
            return Finding(What.ALTERED)
        self._last = after._replace(number=after.number + 1, hash=UNKNOWN)
        return Finding(What.ALTERED, after.chain.hex(), after.number + 1, after.last + 1)


def _newest(claims: Mapping[int, list[Claim]]) -> list[Claim]:
    return [claims[max(claims)][0]] if claims else []


def _finding(what: What, head: Head, first: int, source: str = "") -> Finding:
    return Finding(what, head.chain.hex(), head.number, first, head.last, head.at, source)
