"""What a block commits to: every row of every entry in one leaf, every node full, and the bytes that the page says."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from pathlib import Path

import bson
from bson import ObjectId
from hypothesis import assume, given
from hypothesis import strategies as st

from documents.access.trace import AccessTrace, Rows
from documents.audit.entries import Entry
from documents.audit.forms import Form
from documents.audit.leaves import (
    CHILDREN,
    Commitment,
    context,
    context_hash,
    leaf,
    node,
    of_entry,
    read_subject,
    subjects,
    write_subject,
)
from tests.documents.audit.trails import entries, made_of, traces

PAGE = Path(__file__).resolve().parents[3] / "docs" / "audit.md"
SEEDS = st.binary(min_size=32, max_size=32)


def rows_of(entry: Entry) -> Counter[tuple[bytes | None, int, bytes | None]]:
    """Customer, touch and record of each row, told from the entry as docs/audit.md says it."""
    rows: Counter[tuple[bytes | None, int, bytes | None]] = Counter()
    for number, touch in enumerate(entry.get("touches", ())):
        customers = [customer.binary for customer in touch.get("customers", ())]
        records = [record.binary for record in touch.get("records", ())]
        for place in range(max(len(customers), len(records))):
            customer = customers[place] if place < len(customers) else None
            rows[customer, number, records[place] if place < len(records) else None] += 1
    return rows


def ids_in(entry: Entry) -> set[ObjectId]:
    """Its own, and those of all rows."""
    touches = entry.get("touches", ())
    rows = [(*touch.get("customers", ()), *touch.get("records", ())) for touch in touches]
    return {entry["id"], *(found for row in rows for found in row)}


@given(entries())
def test_every_row_of_an_entry_is_in_the_one_leaf_of_its_customer(entry: Entry) -> None:
    """An entry without rows has one leaf too; and what is read is what was written."""
    items = subjects(entry)
    read = [read_subject(item) for item in items]
    assert [write_subject(*parts) for parts in read] == items
    customers = [customer for customer, _ in read]
    assert len(set(customers)) == len(customers)
    assert Counter((customer, *row) for customer, rows in read for row in rows) == rows_of(entry)
    assert items


@given(entries())
def test_the_context_holds_all_of_an_entry_but_ids_of_rows_and_its_own(entry: Entry) -> None:
    """And none of these: it is what a proof of one customer shows of all others."""
    text = context(entry).decode()
    for name in entry.keys() - {"id"}:
        assert f'"{name}":' in text
    assert text.count('"kind":') == len(entry.get("touches", ()))
    assert not any(str(found) in text for found in ids_in(entry))


@given(traces(), traces())
def test_an_entry_filled_into_a_form_is_the_one_that_would_have_been_made(one: AccessTrace, other: AccessTrace) -> None:
    """With other rows, an id of its own, and the hash of its own context."""
    assume(one.is_of_rows_alone and not one.not_found)
    trace = AccessTrace(plans=one.plans)
    for number, (act, served) in enumerate(one.rows):
        rows = list(other.rows.values())[number : number + 1] or [Rows([None], [ObjectId()])]
        trace.add_rows(act, served, rows[0].customers, rows[0].records)
    filled, made = Form(made_of(one)).filled(trace.rows.values()), made_of(trace)
    assert list(filled) == list(made)
    assert filled["id"] != made["id"]
    assert {**filled, "id": made["id"]} == made
    assert context_hash(filled) == hashlib.sha256(context(made)).digest()


@given(st.lists(entries(), min_size=1, max_size=12), SEEDS)
def test_the_path_of_every_leaf_leads_to_the_root_through_full_nodes(several: list[Entry], seed: bytes) -> None:
    """Whatever the number of leaves: a path has fifteen nodes beside it on each level, and tells nothing of the number
    but its power of sixteen."""
    committed = Commitment(several, (), seed)
    items = [(entry, subject) for entry in several for subject in subjects(entry)]
    assert len(committed.leaves) == len(committed.salts) == len(items)
    depth = next(level for level in range(1, 9) if len(items) <= CHILDREN**level)
    for place, (entry, subject) in enumerate(items):
        beginning = of_entry(entry["id"].binary, hashlib.sha256(context(entry)).digest())
        found = leaf(beginning, committed.salts[place], subject)
        path = committed.path(place)
        assert [len(beside) for beside in path] == [CHILDREN - 1] * depth
        for beside in path:
            found = node([*beside, found])
        assert found == committed.root


@given(entries(), SEEDS, st.binary(min_size=1, max_size=40))
def test_salts_and_nodes_that_are_made_up_never_come_twice(entry: Entry, seed: bytes, encoded: bytes) -> None:
    """Not within a block, and not with another seed: from what is shown of one leaf no other can be tried out."""
    one, other = Commitment([entry], [encoded], seed), Commitment([entry], [encoded], bytes(b ^ 1 for b in seed))
    shown = [*one.salts, *one.levels[0], *other.salts, *other.levels[0]]
    assert len(set(shown)) == len(shown)
    assert one.root != other.root
    assert one.content != other.content


@given(entries(), entries(), SEEDS)
def test_another_entry_has_another_root_and_content(one: Entry, other: Entry, seed: bytes) -> None:
    """Unless the two are the same."""
    roots, contents = set(), set()
    for entry in (one, other):
        committed = Commitment([entry], [bson.encode(entry)], seed)
        roots.add(committed.root)
        contents.add(committed.content)
    assert len(roots) == len(contents) == (1 if one == other else 2)


def test_the_vector_of_the_page() -> None:
    """A block of one entry of two customers, whose seed is 32 zero bytes."""
    text = PAGE.read_text(encoding="utf-8").partition("### A vector")[2].partition("\n## ")[0]
    found = dict(re.findall(r"^\| ([a-z ]+) \| `([^`]+)` \|$", text, re.MULTILINE))
    entry = bson.decode(bytes.fromhex(found["entry in bson"]))
    assert [subject.hex() for subject in subjects(entry)] == [found["first subject"], found["second subject"]]  # type: ignore[arg-type]
    committed = Commitment([entry], [bytes.fromhex(found["entry in bson"])], bytes(32))  # type: ignore[list-item]
    assert context(entry).decode() == found["context"]  # type: ignore[arg-type]
    assert [salt.hex() for salt in committed.salts] == [found["first salt"], found["second salt"]]
    assert [hashed.hex() for hashed in committed.leaves] == [found["first leaf"], found["second leaf"]]
    assert (committed.root.hex(), committed.content.hex()) == (found["root"], found["content"])
