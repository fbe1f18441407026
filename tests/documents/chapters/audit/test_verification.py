"""Verification finds every single manipulation of a stored trail, and none in one that nobody touched."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import bson
import pytest
from bson import Binary, Int64, ObjectId
from bson.raw_bson import RawBSONDocument
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pymongo.asynchronous.database import AsyncDatabase

from documents.audit.blocks import all_blocks, block_collection, ensure_block_indexes, links
from documents.audit.chain import Frame, Head, Link, TrailKey, key_id
from documents.audit.heads import parse_head
from documents.audit.leaves import Commitment
from documents.audit.trail import AuditTrail
from documents.chapters.audit.verification import Claim, What, claims_of_heads, claims_of_links, verify
from tests.documents.audit.trails import KEY, invented, of_format_1

Blocks = list[bytes]
_GONE = object()
CODEC: Any = bson.DEFAULT_CODEC_OPTIONS.with_options(tz_aware=True)


class RememberingKey:
    """The public key; it remembers, because the same signatures are looked at ten thousand times."""

    verify = staticmethod(lru_cache(maxsize=None)(KEY.public.verify))


KEYS = {KEY.key_id: RememberingKey()}


@pytest.fixture
async def trail(database: AsyncDatabase[dict[str, Any]]) -> tuple[Blocks, list[Claim]]:
    """The blocks of three chains as the database keeps them, and what their heads and beginnings claim."""
    await ensure_block_indexes(database)
    blocks, generator = block_collection(database), random.Random(1)
    newest: dict[bytes, Head] = {}
    for length in (7, 9, 5):
        writer = AuditTrail(blocks, KEY, lambda head: newest.update({head.chain: head}))
        for _ in range(length):
            await writer.record(invented(generator))
    claims = [*claims_of_heads(enumerate(newest.values(), 1), KEYS), *claims_of_links(await links(blocks))]
    assert all(isinstance(claim, Claim) for claim in claims)
    return [raw async for raw in all_blocks(blocks)], [claim for claim in claims if isinstance(claim, Claim)]


def found(blocks: Sequence[bytes], claims: Sequence[Claim]) -> list[What]:
    return [finding.what for finding in verify(blocks, claims, KEYS)]


def edit(generator: random.Random, blocks: Blocks) -> Blocks:
    """Changes one octet somewhere."""
    index = generator.randrange(len(blocks))
    raw = bytearray(blocks[index])
    raw[generator.randrange(len(raw))] ^= generator.randint(1, 255)
    return [*blocks[:index], bytes(raw), *blocks[index + 1 :]]


def edit_value(generator: random.Random, blocks: Blocks) -> Blocks:
    """Changes one value to another that is good BSON, as a person at a database shell would."""
    index = generator.randrange(len(blocks))
    document = bson.decode(blocks[index], CODEC)
    places: list[tuple[Any, Any]] = []

    def walk(node: Any) -> None:
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            places.append((node, key))
            if isinstance(value, (dict, list)):
                walk(value)

    walk(document)
    node, key = generator.choice(places)
    if isinstance(node, dict) and generator.random() < 0.2:
        node["added"] = 1
    elif generator.random() < 0.3:
        del node[key]
    else:
        node[key] = {"another": node[key]} if generator.random() < 0.5 else "another"
    return [*blocks[:index], bson.encode(document), *blocks[index + 1 :]]


def remove(generator: random.Random, blocks: Blocks) -> Blocks:
    """Removes one block, first, last or between."""
    index = generator.randrange(len(blocks))
    return blocks[:index] + blocks[index + 1 :]


def truncate(generator: random.Random, blocks: Blocks) -> Blocks:
    """Cuts a chain off at some block, the first one too."""
    cut = bson.decode(generator.choice(blocks), CODEC)["_id"]
    ids = [bson.decode(raw, CODEC)["_id"] for raw in blocks]
    return [raw for raw, found in zip(blocks, ids, strict=True) if not cut <= found <= cut[:16] + b"\xff" * 8]


def swap(generator: random.Random, blocks: Blocks) -> Blocks:
    """Exchanges the contents of two blocks, with or without their ids."""
    one, other = generator.sample(range(len(blocks)), 2)
    swapped = list(blocks)
    first, second = bson.decode(blocks[one], CODEC), bson.decode(blocks[other], CODEC)
    if generator.random() < 0.5:
        first["_id"], second["_id"] = second["_id"], first["_id"]
    swapped[one], swapped[other] = bson.encode(second), bson.encode(first)
    return swapped


def fork(generator: random.Random, blocks: Blocks) -> Blocks:
    """Puts another block beside or in the place of one: a copy, or one signed by whoever holds the key."""
    index = generator.randrange(len(blocks))
    document = bson.decode(blocks[index], CODEC)
    body = document["body"]
    if generator.random() < 0.5:
        body["entries"] = [invented(generator)]
        body["first"] = generator.choice([body["first"], body["first"] + 1])
        forged = _sealed(body, KEY)
    else:
        forged = blocks[index]
    beside = generator.random() < 0.5 or forged == blocks[index]
    return [*blocks[: index + beside], forged, *blocks[index + 1 :]]


def forge(generator: random.Random, blocks: Blocks) -> Blocks:
    """Rewrites a block and signs it with another key: its own name, or the name of the right one."""
    index = generator.randrange(len(blocks))
    body = bson.decode(blocks[index], CODEC)["body"]
    body["entries"] = [invented(generator) for _ in body["entries"]]
    stranger = TrailKey(generator.randbytes(32))
    if generator.random() < 0.5:
        body["key"] = stranger.key_id
    return [*blocks[:index], _sealed(body, stranger), *blocks[index + 1 :]]


def _sealed(body: dict[str, Any], key: TrailKey) -> bytes:
    """A block of format 2 in which everything holds, whatever the body says; made as the format is described."""
    seed, entries = bytes(32), body["entries"]
    committed = Commitment(entries, [bson.encode(entry) for entry in entries], seed)
    return _signed(body | {"root": committed.root, "content": committed.content}, key, seed)


def _signed(body: dict[str, Any], key: TrailKey, seed: bytes) -> bytes:
    links = tuple(Link(link["chain"], link["number"], link["hash"]) for link in body.get("links", ()))
    named = {name: body[name] for name in ("chain", "number", "first", "at", "previous", "key", "root", "content")}
    head = Frame(**named, last=body["first"] + len(body["entries"]) - 1, links=links).head()
    return bson.encode(
        {
            "_id": body["chain"] + body["number"].to_bytes(8, "big"),
            "body": body,
            "seed": seed,
            "hash": head.hash,
            "signature": key.sign(head.signed_bytes()),
        }
    )


MANIPULATIONS: list[Callable[[random.Random, Blocks], Blocks]] = [
    edit,
    edit_value,
    remove,
    truncate,
    swap,
    fork,
    forge,
]


async def test_an_untouched_trail_has_no_finding(trail: tuple[Blocks, list[Claim]]) -> None:
    """All three chains, with every claim."""
    blocks, claims = trail
    assert len(blocks) == 21
    assert len(claims) >= 5
    assert found(blocks, claims) == []


async def test_blocks_of_format_1_still_verify(database: AsyncDatabase[dict[str, Any]]) -> None:
    """As an earlier version left them, with newer chains that name them; and what is changed in them is found."""
    blocks, lines = of_format_1()
    collection = block_collection(database)
    await collection.insert_many([RawBSONDocument(block) for block in blocks])
    await AuditTrail(collection, KEY).record(invented(random.Random(3)))
    claims = [*claims_of_heads(enumerate(map(parse_head, lines), 1), KEYS), *claims_of_links(await links(collection))]
    known = [claim for claim in claims if isinstance(claim, Claim)]
    assert len(known) == len(claims) == 4
    mixed = [raw async for raw in all_blocks(collection)]
    assert len(mixed) == len(blocks) + 1
    assert found(mixed, known) == []
    generator = random.Random(4)
    for _ in range(200):
        assert found(edit(generator, blocks), known)


@pytest.mark.parametrize("tries", [2_000, pytest.param(10_000, marks=pytest.mark.slow)])
async def test_every_single_manipulation_is_found(trail: tuple[Blocks, list[Claim]], tries: int) -> None:
    """Random ones: edits, removals, swaps, truncations, forks, forgeries."""
    blocks, claims = trail
    generator = random.Random(20_260)
    tried = 0
    while tried < tries:
        manipulate = MANIPULATIONS[tried % len(MANIPULATIONS)]
        manipulated = manipulate(generator, blocks)
        if manipulated == blocks:
            continue
        tried += 1
        assert found(manipulated, claims), f"{manipulate.__name__} was not found, try {tried}"


def parts(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of everything in a document, of lists and documents too."""
    for key, value in node.items() if isinstance(node, dict) else enumerate(node):
        yield (*path, key)
        if isinstance(value, (dict, list)):
            yield from parts(value, (*path, key))


def others(value: Any) -> list[Any]:
    """Other values: of the same form, of a form that compares equal, and of another."""
    match value:
        case int():
            return [value + 1, Int64(value), float(value), None]
        case bytes():
            return [bytes([value[0] ^ 1]) + value[1:], value + b"\0", Binary(value, 128), value.hex()]
        case str():
            return [value + "x", value.encode(), ""]
        case ObjectId():
            return [ObjectId(bytes([value.binary[0] ^ 1]) + value.binary[1:]), str(value)]
        case datetime():
            return [value + timedelta(milliseconds=1), value.timestamp()]
        case list():
            return [[*value, *value], value[:-1], dict(zip("0123456789", value, strict=False)), None]
        case _:
            return [{**value, "more": 1}, dict(reversed(value.items())), [value], None]


async def test_every_part_of_a_block_is_held(trail: tuple[Blocks, list[Claim]]) -> None:
    """Each in turn removed, and replaced by several others: whatever is in the document, in the first block of a chain
    and in a later one."""
    blocks, _ = trail
    firsts = [raw for raw in blocks if bson.decode(raw, CODEC)["body"]["number"] == 0]
    linking = next(raw for raw in firsts if bson.decode(raw, CODEC)["body"]["links"])
    later = next(raw for raw in blocks if bson.decode(raw, CODEC)["body"]["number"] == 3)
    for raw in (linking, later):
        alone = found([raw], ())
        document = bson.decode(raw, CODEC)
        for path in parts(document):
            value = document
            for step in path:
                value = value[step]
            for other in [_GONE, *others(value)]:
                changed = copy.deepcopy(document)
                node: Any = changed
                for step in path[:-1]:
                    node = node[step]
                if other is _GONE:
                    del node[path[-1]]
                else:
                    node[path[-1]] = other
                encoded = bson.encode(changed)
                assert encoded == raw or found([encoded], ()) != alone, (path, other)


async def test_whoever_has_the_key_cannot_say_another_root(trail: tuple[Blocks, list[Claim]]) -> None:
    """A last block, signed with the right key, from which something else could be proven than it says."""
    blocks, _ = trail
    document = bson.decode(blocks[-1], CODEC)
    body = document["body"]
    assert found([*blocks[:-1], _signed(body, KEY, document["seed"])], ()) == []
    other = Commitment([invented(random.Random(5))], (), document["seed"])
    assert found([*blocks[:-1], _signed(body | {"root": other.root}, KEY, document["seed"])], ()) == [What.UNROOTED]


async def test_another_seed_is_an_alteration(trail: tuple[Blocks, list[Claim]]) -> None:
    """It is hashed by nothing, and yet of no other block: it is what `root` and `content` were made with."""
    blocks, claims = trail
    for number, raw in enumerate(blocks):
        document = bson.decode(raw, CODEC) | {"seed": bytes(32)}
        assert found([*blocks[:number], bson.encode(document), *blocks[number + 1 :]], claims) == [What.ALTERED]


async def test_a_finding_says_where(trail: tuple[Blocks, list[Claim]]) -> None:
    """One altered block gives one finding, with its chain, number, entries and time."""
    blocks, claims = trail
    document = bson.decode(blocks[3], CODEC)
    document["body"]["entries"][0]["username"] = "somebody.else"
    (finding,) = verify([*blocks[:3], bson.encode(document), *blocks[4:]], claims, KEYS)
    body = document["body"]
    assert finding.what is What.ALTERED
    assert (finding.chain, finding.number, finding.first) == (body["chain"].hex(), body["number"], body["first"])
    assert finding.at == body["at"]


async def test_the_last_block_is_missed_through_its_head(trail: tuple[Blocks, list[Claim]]) -> None:
    """A chain that ends early is told from one that ended there, by the head that was published."""
    blocks, claims = trail
    assert found(blocks[:-1], claims) == [What.TRUNCATED]


async def test_a_chain_that_is_gone_altogether_is_missed_through_the_next_ones_beginning(
    trail: tuple[Blocks, list[Claim]],
) -> None:
    """Without any head outside the database."""
    blocks, claims = trail
    within = [claim for claim in claims if claim.source.startswith("the first block")]
    named = within[0].chain
    rest = [raw for raw in blocks if bson.decode(raw, CODEC)["body"]["chain"] != named]
    assert What.REMOVED in found(rest, within)


async def test_a_head_that_another_key_signed_is_no_proof(trail: tuple[Blocks, list[Claim]]) -> None:
    """It is reported, and what it says counts for nothing."""
    stranger = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    _, claims = trail
    forged = Head(claims[0].chain, 99, 99, datetime.now(UTC), bytes(32), key_id(stranger), bytes(64))
    (finding,) = claims_of_heads([(1, forged)], KEYS)
    assert not isinstance(finding, Claim)
    assert finding.what is What.BAD_HEAD
