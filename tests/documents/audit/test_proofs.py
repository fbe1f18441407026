"""Proofs: they hold for every entry and customer, show nothing of others, and stop to hold when anything is changed."""

from __future__ import annotations

import asyncio
import copy
import json
import random
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import bson
import pytest
from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st

from documents.audit.chain import Chain, Head, TrailKey
from documents.audit.entries import Entry
from documents.audit.proofs import (
    Asked,
    Proof,
    ProofError,
    ProvenBlock,
    Shown,
    check_proof,
    left_out,
    proof_json,
    prove_block,
    read_proof,
)
from documents.audit.stored_blocks import StoredBlock, read_block
from documents.chapters.audit.verification import is_signed
from tests.documents.audit.trails import KEY, KEYS, entries, ids, invented, of_format_1
from tests.patience import PROCESS_SECONDS

PAGE = Path(__file__).resolve().parents[3] / "docs" / "audit.md"
AT = datetime(2026, 12, 1, 9, 30, tzinfo=UTC)


def blocks_of(batches: Sequence[Sequence[Entry]], key: TrailKey = KEY) -> list[StoredBlock]:
    """A chain of a block for each batch, a second apart, read from its stored bytes."""
    chain, read = Chain(bytes(range(16)), key), []
    for number, batch in enumerate(batches):
        block = chain.seal(batch, AT + timedelta(seconds=number))
        chain.advance(block)
        read.append(read_block(bson.encode(block.document)))
    found = [block for block in read if block is not None and block.is_intact and block.is_rooted]
    assert len(found) == len(batches)
    return found


def written(asked: Asked, proven: Sequence[ProvenBlock | None]) -> str:
    """The proof as the command writes it."""

    async def blocks() -> AsyncIterator[ProvenBlock]:
        for block in proven:
            if block is not None:
                yield block

    async def whole() -> str:
        return "".join([part async for part in proof_json(asked, blocks())])

    return asyncio.run(whole())


def proof_of(blocks: Sequence[StoredBlock], customer: ObjectId | None) -> str:
    asked = Asked(customer=str(customer) if customer is not None else None)
    return written(asked, [prove_block(block, customer) for block in blocks])


def is_ours(head: Head) -> bool:
    return is_signed(head, KEYS)


def checked(text: str) -> list[Shown]:
    return list(check_proof(read_proof(text), is_ours))


def has(entry: Entry, customer: ObjectId) -> bool:
    return any(customer in touch.get("customers", ()) for touch in entry.get("touches", ()))


def row_ids(entry: Entry) -> Iterator[tuple[ObjectId | None, ObjectId | None]]:
    """Customer and record of each row."""
    for touch in entry.get("touches", ()):
        customers, records = touch.get("customers", []), touch.get("records", [])
        for place in range(max(len(customers), len(records))):
            yield (
                customers[place] if place < len(customers) else None,
                records[place] if place < len(records) else None,
            )


@given(st.lists(st.lists(entries(), min_size=1, max_size=4), min_size=1, max_size=3), ids())
def test_a_proof_of_a_customer_shows_its_part_of_every_entry_and_nothing_of_others(
    batches: list[list[Entry]], customer: ObjectId
) -> None:
    """Of each entry the context and that customer's rows. No id of another customer, record or entry is in the file."""
    text = proof_of(blocks_of(batches), customer)
    of_customer = [entry for batch in batches for entry in batch if has(entry, customer)]
    shown = checked(text)
    assert [found.entry for found in shown] == [str(entry["id"]) for entry in of_customer]
    for found, entry in zip(shown, of_customer, strict=True):
        rows = [record for owner, record in row_ids(entry) if owner == customer]
        assert [row.record for row in found.leaf.rows] == [str(r) if r is not None else None for r in rows]
        assert found.context["username"] == entry["username"]
    told = {str(entry["id"]) for entry in of_customer} | {str(customer)}
    told |= {str(r) for entry in of_customer for owner, r in row_ids(entry) if owner == customer and r is not None}
    everything = {str(entry["id"]) for batch in batches for entry in batch}
    everything |= {
        str(found) for batch in batches for entry in batch for row in row_ids(entry) for found in row if found
    }
    assert {hidden for hidden in everything - told if hidden in text} == set()


@given(st.lists(entries(), min_size=1, max_size=5))
def test_a_proof_of_a_period_shows_every_row_of_it(batch: list[Entry]) -> None:
    """All leaves of all entries, without a customer to ask for."""
    rows = [
        (found.entry, found.leaf.customer, row.touch, row.record)
        for found in checked(proof_of(blocks_of([batch]), None))
        for row in found.leaf.rows
    ]
    assert len(rows) == sum(1 for entry in batch for _ in row_ids(entry))


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of every value in a JSON document that is neither list nor object."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield from places(value, (*path, key))
    if not isinstance(node, (dict, list)):
        yield path


def changed(value: Any) -> list[Any]:
    """Other values of the same form, and of another."""
    match value:
        case None:
            return ["65f000000000000000000001", 1]
        case int():
            return [value + 1, -1, str(value), float(value), 2**70]
        case str() if value.startswith("{"):
            return [value.replace("agent", "other"), value + " ", "{", "[]", ""]
        case str() if value.startswith("20"):
            return ["2026-12-01T09:30:00.001Z", "2026-12-01T09:30:00.000001Z", "2026-12-01T09:30:00", "today"]
        case _:
            flipped = ("0" if value[0] != "0" else "1") + value[1:]
            return [flipped, value[:-2], value + "00", value.upper() + "G", "", None]


def put(document: Any, path: tuple[Any, ...], value: Any) -> str:
    other = copy.deepcopy(document)
    node = other
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value
    return json.dumps(other)


def sample() -> tuple[str, ObjectId]:
    """A proof of a customer with rows in three blocks of a chain that names another."""
    generator, customer = random.Random(8), ObjectId("65f0000000000000000000aa")
    batches = [[invented(generator), invented(generator)] for _ in range(3)]
    for batch in batches:
        batch[0].setdefault("touches", [{"act": "read", "kind": "individual"}])
        batch[0]["touches"][0]["customers"] = [customer, ObjectId("65f0000000000000000000bb")]
    return proof_of(blocks_of(batches), customer), customer


def test_no_value_of_a_proof_can_be_changed() -> None:
    """Each in turn, to several others. What was asked for is nobody's signature: it may say something else only where
    that shows the same."""
    text, _ = sample()
    document, shown = json.loads(text), checked(text)
    tried = 0
    for path in places(document):
        value = document
        for step in path:
            value = value[step]
        for other in changed(value):
            if other == value and type(other) is type(value):
                continue
            tried += 1
            manipulated = put(document, path, other)
            try:
                found = checked(manipulated)
            except ProofError:
                continue
            assert path[0] == "asked", (path, other)
            assert found == shown
    assert tried > 300


MANIPULATIONS: list[Callable[[Any], object]] = [
    lambda proof: proof["blocks"].append(proof["blocks"][0]),
    lambda proof: proof["blocks"][0]["entries"].append(proof["blocks"][0]["entries"][0]),
    lambda proof: proof["blocks"][0]["entries"][0]["leaves"].append(proof["blocks"][0]["entries"][0]["leaves"][0]),
    lambda proof: proof["blocks"][0].update(entries=proof["blocks"][1]["entries"]),
    lambda proof: proof["blocks"][0]["entries"][0].update(leaves=proof["blocks"][1]["entries"][0]["leaves"]),
    lambda proof: proof["blocks"][0]["entries"][0].update(context=proof["blocks"][1]["entries"][0]["context"]),
    lambda proof: proof["blocks"][0]["entries"][0]["leaves"][0]["path"].clear(),
    lambda proof: proof["blocks"][0]["entries"][0]["leaves"][0]["path"].append(["00" * 32] * 15),
    lambda proof: proof["blocks"][0]["entries"][0]["leaves"][0]["path"][0].pop(),
    lambda proof: proof["blocks"][0]["entries"][0]["leaves"][0]["rows"].append({"touch": 0, "record": None}),
    lambda proof: proof["blocks"][0]["entries"][0]["leaves"][0]["rows"].clear(),
    lambda proof: proof["blocks"][0]["links"].append({"chain": "00" * 16, "number": 0, "hash": "00" * 32}),
    lambda proof: proof["blocks"][0].update(more=1),
    lambda proof: proof["asked"].update(customer="65f0000000000000000000bb"),
    lambda proof: proof["asked"].update(since="2026-12-01T09:30:01Z"),
    lambda proof: proof["asked"].update(until="2026-12-01T09:30:02Z"),
    lambda proof: proof.pop("asked"),
]


@pytest.mark.parametrize("manipulation", range(len(MANIPULATIONS)))
def test_no_part_of_a_proof_can_be_added_exchanged_or_repeated(manipulation: int) -> None:
    """Nor may it have what was not asked for."""
    document = json.loads(sample()[0])
    MANIPULATIONS[manipulation](document)
    with pytest.raises(ProofError):
        checked(json.dumps(document))


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"format": "dossier-audit-proof-2"}', "\0", "[" * 100_000])
def test_a_file_that_is_no_proof_is_refused(text: str) -> None:
    """Whatever it is; the message does not repeat what is in it."""
    with pytest.raises(ProofError, match="no proof"):
        read_proof(text)


def test_blocks_that_are_left_out_are_counted_and_two_chains_with_one_id_are_noticed() -> None:
    """Within a chain; what the key's holder forked does not follow."""
    generator = random.Random(9)
    batches = [[invented(generator)] for _ in range(5)]
    proven = [prove_block(block, None) for block in blocks_of(batches)]
    assert left_out(read_proof(written(Asked(), proven))) == 0
    assert left_out(read_proof(written(Asked(), [proven[0], proven[3], proven[4]]))) == 2
    other = prove_block(blocks_of([[invented(generator)] for _ in range(2)])[1], None)
    with pytest.raises(ProofError, match="does not follow"):
        left_out(read_proof(written(Asked(), [proven[0], other, proven[2]])))


def test_a_proof_of_another_key_is_none() -> None:
    """The key that is trusted is given by whoever checks, never by the file."""
    stranger = TrailKey(bytes(32))
    text = proof_of(blocks_of([[invented(random.Random(2))]], stranger), None)
    with pytest.raises(ProofError, match="not signed"):
        checked(text)
    assert list(check_proof(read_proof(text), lambda head: is_signed(head, {stranger.key_id: stranger.public})))


def test_nothing_is_proven_from_a_block_of_format_1() -> None:
    """It has no root."""
    (block, *_) = (read_block(raw) for raw in of_format_1()[0])
    assert block is not None
    with pytest.raises(ValueError, match="format 1"):
        prove_block(block, None)


def test_the_script_of_the_page_checks_a_proof_with_nothing_of_this_program(tmp_path: Path) -> None:
    """And stumbles over one that was changed."""
    script = tmp_path / "by_hand.py"
    page = PAGE.read_text(encoding="utf-8").partition("## Proofs for outsiders")[2]
    script.write_text(page.partition("```python\n")[2].partition("```")[0], encoding="utf-8")
    (tmp_path / "key.pem").write_text(KEY.public_pem(), encoding="ascii")
    text, customer = sample()

    def by_hand(proof: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "proof.json").write_text(proof, encoding="utf-8")
        command = [sys.executable, "-P", str(script), "proof.json", "key.pem"]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=PROCESS_SECONDS, check=False, cwd=tmp_path
        )

    whole = by_hand(text)
    assert whole.returncode == 0, whole.stderr
    assert len(whole.stdout.splitlines()) == 3
    assert whole.stdout.count(str(customer)) == 3
    document = json.loads(text)
    generator = random.Random(6)
    for path in generator.sample([place for place in places(document["blocks"]) if place[-1] != "context"], 4):
        value = document["blocks"]
        for step in path:
            value = value[step]
        assert by_hand(put(document, ("blocks", *path), changed(value)[0])).returncode != 0, path


def test_what_a_proof_says_is_read_as_it_was_written() -> None:
    """The model of a proof and its JSON are the same thing."""
    text, _ = sample()
    assert Proof.model_validate_json(text) == read_proof(text)
    assert json.loads(text) == json.loads(read_proof(text).model_dump_json())
