"""Proofs to outsiders: what the trail holds of one customer, or of one period, checked with the public key alone.

A proof is one JSON document. Of each block it has what the signed head is made of; of each leaf that is shown, all that
is hashed in it and the way to the root. INVARIANT: of any other leaf there is nothing in it but hashes. Checking
believes nothing: what it gives out is what the hashes and the signature hold. Neither needs a database.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from bson import ObjectId
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from documents.audit import leaves
from documents.audit.chain import Frame, Head, Link
from documents.audit.stored_blocks import StoredBlock

FORMAT: Final = "dossier-audit-proof-1"

Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{24}$")]
Hex = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{2})*$")]
Hex16 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Number = Annotated[int, Field(ge=0, lt=2**63)]
Beside = Annotated[list[Hash], Field(min_length=leaves.CHILDREN - 1, max_length=leaves.CHILDREN - 1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ProvenRow(_Part):
    """A row of the customer: the number of its touch, and the record's id where it is a record's."""

    touch: Annotated[int, Field(ge=0, lt=2**32)]
    record: Id | None = None


class ProvenLeaf(_Part):
    """One customer in one entry, or what is no customer's. `path` has the fifteen nodes beside, from the leaves up."""

    customer: Id | None
    rows: list[ProvenRow]
    salt: Hex16
    path: Annotated[list[Beside], Field(min_length=1, max_length=16)]


class ProvenEntry(_Part):
    """An entry: its id, the JSON text of all else but ids of rows, and the leaves that are shown."""

    id: Id
    context: str
    leaves: Annotated[list[ProvenLeaf], Field(min_length=1)]


class ProvenLink(_Part):
    """The head of another chain, as the block names it."""

    chain: Hex16
    number: Number
    hash: Hash


class ProvenBlock(_Part):
    """What the hash of a block is over, the signature of its head, and the entries that are shown."""

    chain: Hex16
    number: Number
    first: Number
    last: Number
    at: AwareDatetime
    previous: Hash
    key: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
    links: list[ProvenLink]
    root: Hash
    content: Hash
    signature: Hex
    entries: Annotated[list[ProvenEntry], Field(min_length=1)]

    def head(self) -> Head:
        """The head, with the hash that follows from all else."""
        frame = Frame(
            chain=bytes.fromhex(self.chain),
            number=self.number,
            first=self.first,
            last=self.last,
            at=self.at,
            previous=bytes.fromhex(self.previous),
            key=bytes.fromhex(self.key),
            links=tuple(Link(bytes.fromhex(one.chain), one.number, bytes.fromhex(one.hash)) for one in self.links),
            root=bytes.fromhex(self.root),
            content=bytes.fromhex(self.content),
        )
        return frame.head(bytes.fromhex(self.signature))


class Asked(_Part):
    """What is to be proven: entries of one customer, or of all, from `since` on and before `until`."""

    customer: Id | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None

    def has(self, at: datetime) -> bool:
        """Whether entries of that time are asked for."""
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)


class Proof(_Part):
    """A proof."""

    format: Literal["dossier-audit-proof-1"]
    asked: Asked
    blocks: list[ProvenBlock]


class ProofError(Exception):
    """A proof that does not hold; the text says where and why."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A proven leaf, and of what entry of the block under `head`. `context` is the entry without ids of rows."""

    head: Head
    entry: str
    context: Mapping[str, Any]
    leaf: ProvenLeaf

    def touches(self) -> list[tuple[Mapping[str, Any], list[str]]]:
        """What was done with rows of the customer, and the ids of those that are records."""
        return [
            (touch, [row.record for row in self.leaf.rows if row.touch == number and row.record is not None])
            for number, touch in enumerate(self.context.get("touches", ()))
            if any(row.touch == number for row in self.leaf.rows)
        ]


def prove_block(block: StoredBlock, customer: ObjectId | None) -> ProvenBlock | None:
    """What a proof has of one block: the leaves of `customer`, or all. None where it has none of that customer.

    Raises ValueError for a block of format 1, which has no root."""
    frame = block.frame
    if frame is None:
        raise ValueError("a block of format 1 has no root")
    tree = leaves.Commitment(block.entries, (), block.seed)
    entries, place = [], 0
    for entry in block.entries:
        shown = []
        for subject in leaves.subjects(entry):
            if customer is None or subject.startswith(customer.binary):
                shown.append(_leaf(subject, tree, place))
            place += 1
        if shown:
            told = leaves.context(entry).decode()
            entries.append(ProvenEntry(id=str(entry["id"]), context=told, leaves=shown))
    if not entries:
        return None
    return ProvenBlock(
        chain=frame.chain.hex(),
        number=frame.number,
        first=frame.first,
        last=frame.last,
        at=frame.at,
        previous=frame.previous.hex(),
        key=frame.key.hex(),
        links=[ProvenLink(chain=one.chain.hex(), number=one.number, hash=one.hash.hex()) for one in frame.links],
        root=frame.root.hex(),
        content=frame.content.hex(),
        signature=block.head.signature.hex(),
        entries=entries,
    )


async def proof_json(asked: Asked, blocks: AsyncIterable[ProvenBlock]) -> AsyncIterator[str]:
    """The document, part by part: a line for each block."""
    yield f'{{"format":"{FORMAT}","asked":{asked.model_dump_json()},"blocks":['
    between = "\n"
    async for block in blocks:
        yield between + block.model_dump_json()
        between = ",\n"
    yield "\n]}\n"


def read_proof(text: str | bytes) -> Proof:
    """The proof in a file, not yet checked. Raises ProofError where it is none."""
    try:
        return Proof.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(step) for step in first["loc"]) or "the file"
        raise ProofError(f"this is no proof: {where}: {first['msg']}") from None


def check_proof(proof: Proof, is_signed: Callable[[Head], bool]) -> Iterator[Shown]:
    """Every leaf that the proof proves. `is_signed` says whether a head is signed by a key that is trusted.

    Raises ProofError at the first thing that does not hold: then nothing of the proof may be believed."""
    seen: set[tuple[object, ...]] = set()
    for number, block in enumerate(proof.blocks):
        where = f"block {number} of the proof"
        head = block.head()
        if block.at.microsecond % 1000 or not is_signed(head):
            raise ProofError(f"{where} is not signed by the given key")
        if not proof.asked.has(block.at):
            raise ProofError(f"{where} is of another time than was asked for")
        for entry in block.entries:
            named = f"entry {entry.id} in {where}"
            beginning, told = _context(entry, named)
            for leaf in entry.leaves:
                identity = (block.chain, block.number, entry.id, leaf.customer)
                if identity in seen:
                    raise ProofError(f"{named} is there twice")
                seen.add(identity)
                if proof.asked.customer not in (None, leaf.customer):
                    raise ProofError(f"{named} is of another customer than was asked for")
                if _root(leaf, beginning) != block.root:
                    raise ProofError(f"{named} is not what the block's root was made of")
                yield Shown(head, entry.id, told, leaf)


def left_out(proof: Proof) -> int:
    """How many blocks are not shown between those that are, over all chains. Raises ProofError where two blocks that
    should follow each other do not."""
    missing = 0
    before: ProvenBlock | None = None
    for block in sorted(proof.blocks, key=lambda block: (block.chain, block.number)):
        if before is not None and before.chain == block.chain:
            missing += block.number - before.number - 1
            if block.number == before.number + 1 and bytes.fromhex(block.previous) != before.head().hash:
                raise ProofError(f"block {block.number} of chain {block.chain} does not follow from the one before it")
        before = block
    return missing


def _leaf(subject: bytes, tree: leaves.Commitment, place: int) -> ProvenLeaf:
    owner, rows = leaves.read_subject(subject)
    return ProvenLeaf(
        customer=owner.hex() if owner is not None else None,
        rows=[ProvenRow(touch=touch, record=record.hex() if record else None) for touch, record in rows],
        salt=tree.salts[place].hex(),
        path=[[beside.hex() for beside in level] for level in tree.path(place)],
    )


def _context(entry: ProvenEntry, named: str) -> tuple[bytes, Mapping[str, Any]]:
    """What the entry's leaves begin with, and what the entry says."""
    try:
        told, text = json.loads(entry.context), entry.context.encode()
    except (ValueError, RecursionError):
        told, text = None, b""
    if not isinstance(told, dict):
        raise ProofError(f"{named} says nothing")
    digest = hashlib.sha256(text).digest()
    return leaves.of_entry(bytes.fromhex(entry.id), digest), told


def _root(leaf: ProvenLeaf, beginning: bytes) -> str:
    """The root that the leaf and its path lead to."""
    rows = ((row.touch, bytes.fromhex(row.record) if row.record is not None else None) for row in leaf.rows)
    subject = leaves.write_subject(bytes.fromhex(leaf.customer) if leaf.customer is not None else None, rows)
    found = leaves.leaf(beginning, bytes.fromhex(leaf.salt), subject)
    for beside in leaf.path:
        found = leaves.node([found, *map(bytes.fromhex, beside)])
    return found.hex()
