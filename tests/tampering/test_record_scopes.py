"""Whose a record is cannot be forged: kind of record × what a raw client does to its row × every way in which it is
read or changed. The kinds and their rows come from the declarations: a new one is in the matrix by itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from bson import ObjectId

from documents.chapters.credit.figures import CreditFigures
from documents.chapters.reminders.due import EXPIRIES, ReminderRepository
from documents.chapters.service.figures import ServiceFigures
from documents.declaring.kind import Kind
from documents.declaring.names import camel_case, pascal_case
from documents.declaring.record import CustomerRecord, SourceChannel, plural
from documents.encryption.row_bindings import BINDING
from documents.errors import FieldAccessError, RecordNotFoundError
from documents.reading.typed_rows import Known
from documents.reading.where import Where
from documents.registry import RECORD_CLASSES
from documents.storing.layout import is_scoped
from documents.writing.customers import Change
from documents.writing.records import RecordWrites
from resolvers.reads import RECENT
from tests.bound_rows import proven
from tests.leaks.records import RecordWorlds
from tests.tampering.scenes import ABROAD, HOME, MALLORY, OWNER, SEER, Scene, scene
from tests.units import AUTHOR, Writing

KINDS = {record.kind: record for record in RECORD_CLASSES if is_scoped(record)}
Row = dict[str, Any]
Forge = Callable[[Row, Scene], Row]


@pytest.fixture(scope="module")
async def staged(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    async with scene(mongodb_uri, tmp_path_factory.mktemp("record_scopes")) as made:
        yield made


def _copied(row: Row, _: Scene) -> Row:
    return {**row, "_id": ObjectId(), "_owner": MALLORY, "_department": ABROAD}


def _without(name: str) -> Forge:
    return lambda row, _: {key: value for key, value in row.items() if key != name}


EDITS: dict[str, Forge] = {
    "owner edited": lambda row, _: {**row, "_owner": MALLORY},
    "owner of another type": lambda row, _: {**row, "_owner": [OWNER, MALLORY]},
    "owner removed": _without("_owner"),
    "department edited": lambda row, _: {**row, "_department": ABROAD},
    "department removed": _without("_department"),
    "both edited": lambda row, _: {**row, "_owner": MALLORY, "_department": ABROAD},
    "binding removed": _without(BINDING),
    "binding emptied": lambda row, _: {**row, BINDING: b""},
    "binding of another type": lambda row, _: {**row, BINDING: {"x": 1}},
    "row inserted": _copied,
    "row inserted as it is": lambda row, _: {**row, "_id": ObjectId()},
}
EDITS_OF_CUSTOMERS: dict[str, Forge] = {
    "moved to another customer of the same owner": lambda row, at: {**row, "customer_id": at.customers[1].row_id},
    "moved to a customer of one's own": lambda row, at: {
        **row,
        "customer_id": at.mallorys.row_id,
        "_owner": MALLORY,
        "_department": ABROAD,
    },
    "moved to nobody": lambda row, _: {**row, "customer_id": ObjectId()},
    "without a customer": _without("customer_id"),
    "customer of another type": lambda row, at: {**row, "customer_id": str(at.customers[0].row_id)},
}


def genuine_row(staged: Scene, kind: Kind) -> Row:
    """A row of `OWNER`, as the product stores one."""
    reader = staged.api.services.storage.readers[kind]
    mine = staged.customers[0]
    worlds = RecordWorlds(reader, [(mine, staged.keys[mine.row_id])], Random(kind.value))
    row = worlds.rows(None)[0].a
    assert (row["_owner"], row["_department"]) == (OWNER, HOME)
    return row


async def shown_to(staged: Scene, username: str, row: Row) -> set[str]:
    """The ways in which the product shows the row to the account."""
    kind = Kind(row["kind"])
    listed, one, public_id = camel_case(plural(kind)), camel_case(kind.value), f"{kind.value}_{row['_id']}"
    parts = {
        "list": f"{listed}(first: 100) {{ nodes {{ id }} }}",
        "last_of_the_list": f"{listed}(last: 1) {{ nodes {{ id }} }}",
        "by_id": f'{one}(id: "{public_id}") {{ id }}',
        "node": f'node(id: "{public_id}") {{ __typename ... on {pascal_case(kind.value)} {{ id }} }}',
    }
    if issubclass(KINDS[kind], CustomerRecord):
        for name in (name for name, (of, _) in RECENT.items() if of is kind):
            parts["newest"] = f"customers(first: 100) {{ nodes {{ id {camel_case(name)} {{ id }} }} }}"
        for place, customer in enumerate((staged.customers[0], staged.customers[1], staged.mallorys)):
            section = f"{listed}(first: 100) {{ nodes {{ id }} }}"
            parts[f"dossier_{place}"] = f'dossier(customer: "{customer.public_id}") {{ state {section} }}'
    asked = " ".join(f"{way}: {part}" for way, part in parts.items())
    answer = await staged.api.ask(username, f"{{ {asked} }}", purpose="business_operation")
    assert "INTERNAL" not in str(answer.get("errors", "")), answer
    return {way for way, found in answer["data"].items() if str(row["_id"]) in str(found)}


async def changeable_by(staged: Scene, username: str, row: Row) -> set[str]:
    """The ways in which an operation of the account gets at the row."""
    kind, found = Kind(row["kind"]), set[str]()
    public_id, plan = f"{kind.value}_{row['_id']}", await staged.plan(username, kind)
    names = [name for name in KINDS[kind].model_fields if name not in ("version", "customer")]

    async def work(writes: RecordWrites) -> str:
        if await writes.find(plan, kind, Where(id=public_id)):
            found.add("find")
        for way, attempt in (
            ("load", lambda: writes.load(plan, kind, public_id, Known)),
            ("check", lambda: writes.check(plan, kind, public_id, names)),
            ("update", lambda: writes.update(plan, kind, public_id, {}, version=99)),
        ):
            try:
                await attempt()
            except RecordNotFoundError:
                continue
            except FieldAccessError:
                pass
            found.add(way)
        return ""

    await staged.api.services.storage.record_writer.run(AUTHOR, work)
    return found


@pytest.mark.parametrize("kind", [pytest.param(kind, id=kind.value) for kind in KINDS])
async def test_a_record_that_does_not_prove_whose_it_is_is_nobodys(
    staged: Scene, kind: Kind, caplog: pytest.LogCaptureFixture
) -> None:
    """Not of whom it was, not of whom it says, not of who sees all; nor can anybody change it. It is told once."""
    record = KINDS[kind]
    collection = staged.database[record.collection]
    row = genuine_row(staged, kind)
    edits = EDITS | (EDITS_OF_CUSTOMERS if issubclass(record, CustomerRecord) else {})
    try:
        await collection.insert_one(row)
        assert {"list", "by_id", "node", "last_of_the_list"} <= await shown_to(staged, OWNER, row)
        seen = await shown_to(staged, SEER, row)
        assert {"list", "by_id", "node"} <= seen
        assert ("dossier_0" in seen) == issubclass(record, CustomerRecord)
        assert await changeable_by(staged, SEER, row) == {"find", "load", "check", "update"}
        for name, forge in edits.items():
            forged = forge(row, staged)
            await collection.replace_one({"_id": row["_id"]}, forged) if forged["_id"] == row["_id"] else (
                await collection.insert_one(forged)
            )
            caplog.clear()
            with caplog.at_level(logging.CRITICAL):
                for username in (OWNER, MALLORY, SEER):
                    assert await shown_to(staged, username, forged) == set(), (name, username)
                assert await changeable_by(staged, SEER, forged) == set(), name
            messages = [one.getMessage() for one in caplog.records if str(forged["_id"]) in one.getMessage()]
            new = name == "owner edited" or forged["_id"] != row["_id"]
            assert len(messages) == new, (name, messages)
            assert not [one for one in messages if MALLORY in one or OWNER in one]
            await collection.delete_many({})
            await collection.insert_one(row)
            assert {"list", "by_id", "node"} <= await shown_to(staged, OWNER, row), name
    finally:
        await collection.delete_many({})


async def test_jobs_act_on_no_forged_record(staged: Scene) -> None:
    """However many stand before the genuine ones: they neither stop a job nor come to be done."""
    readers, customers = staged.api.services.storage.readers, staged.api.services.storage.reader
    mine, now = staged.customers[0], datetime(2026, 3, 1, tzinfo=UTC)
    service, reminders = ServiceFigures(readers), ReminderRepository(readers, customers)
    credit = CreditFigures(readers[Kind.RECEIVABLE], customers)
    values: dict[Kind, Row] = {
        Kind.TICKET: {"next_due_at": now},
        Kind.RECEIVABLE: {"state": "open", "due_on": "2026-01-01", "customer": mine.public_id},
        Kind.CONSENT: {"expires_at": now + timedelta(days=3)},
        Kind.TRAINING_RESULT: {"validity": "valid", "valid_until": "2026-01-01"},
        Kind.UNDERTAKING: {"expires_at": now + timedelta(days=3), "staff": OWNER},
    }
    plans = {kind: await staged.plan(SEER, kind) for kind in values}

    async def acted_on(kind: Kind, limit: int) -> list[str]:
        plan = plans[kind]
        match kind:
            case Kind.TICKET:
                return list(map(str, await service.due(plan, kind, now, limit)))
            case Kind.TRAINING_RESULT:
                return list(map(str, await service.lapsing(plan, now.date(), 5, limit)))
            case Kind.RECEIVABLE:
                return [one.id[-24:] for one in await credit.overdue(plan, now.date(), None, limit)]
        return [one.about[-24:] for one in await reminders.expiring(plan, EXPIRIES[kind], now, None, limit)]

    for kind, given in values.items():
        collection, rows = staged.database[KINDS[kind].collection], []
        for place in range(9):
            row = {**genuine_row(staged, kind), **given, "_id": ObjectId(f"{place:024x}")}
            for ended in ("withdrawn_at", "ended_at"):
                row.pop(ended, None)
            forged = {"_owner": MALLORY} if place not in (4, 7, 8) else {}
            rows.append(proven(readers[kind].store, row) | forged)
        await collection.insert_many(rows)
        genuine = [f"{place:024x}" for place in (4, 7, 8)]
        try:
            assert await acted_on(kind, 2) == genuine[:2], kind
            assert await acted_on(kind, 50) == genuine, kind
            await collection.update_many({}, {"$set": {"_department": ABROAD}})
            assert await acted_on(kind, 2) == [], kind
        finally:
            await collection.delete_many({})


async def test_jobs_act_on_no_forged_customer(staged: Scene) -> None:
    """The same of customers whose review is due."""
    storage = staged.api.services.storage
    reminders, plan = ReminderRepository(storage.readers, storage.reader), await staged.customer_plan(SEER)
    made = [await staged.create(Kind.ENTERPRISE, OWNER, HOME) for _ in range(5)]
    ids = [one.row_id for one in made]
    due = {"$set": {"next_review_on": "2020-01-01"}}
    await staged.database["customers"].update_many({"_id": {"$in": ids}}, due)
    forged = sorted(ids)[:3]
    await staged.database["customers"].update_many({"_id": {"$in": forged}}, {"$set": {"account_manager": MALLORY}})
    found = await reminders.reviews(plan, date(2020, 2, 1), date(2020, 2, 1), None, 2)
    assert [one.about[-24:] for one in found] == [str(each) for each in sorted(ids)[3:]]
    assert {one.person for one in found} == {OWNER}
    await staged.database["customers"].delete_many({"_id": {"$in": ids}})


async def test_a_record_is_of_the_owner_that_its_customer_has_when_it_is_stored(staged: Scene) -> None:
    """Not of the one that it had when the operation began: it would be shown to whoever had the customer before."""
    storage = staged.api.services.storage
    customer = await staged.create(Kind.INDIVIDUAL, OWNER, HOME)
    change = Change(Kind.INDIVIDUAL, {"account_manager": MALLORY}, SourceChannel.CONTRACT)
    await Writing(storage).update(await staged.customer_plan(SEER), customer.row_id, 1, change)
    plan, values = (
        await staged.plan(SEER, Kind.REVIEW),
        {"reviewed_on": "2026-01-01", "result": "confirmed", "next_review_on": "2027-01-01"},
    )

    async def insert(writes: RecordWrites) -> str:
        return await writes.insert(plan, Kind.REVIEW, values, customer=customer, by=SEER)

    await storage.record_writer.run(AUTHOR, insert)
    (row,) = await staged.database["reviews"].find({"customer_id": customer.row_id}).to_list()
    assert (row["_owner"], row["_department"]) == (MALLORY, HOME)


async def test_records_made_while_a_customer_changes_hands_are_its_owners(staged: Scene) -> None:
    """However the two meet: none is left behind, where it would be nobody's."""
    storage = staged.api.services.storage
    customer = await staged.create(Kind.INDIVIDUAL, OWNER, HOME)
    plan, customers = await staged.plan(SEER, Kind.REVIEW), await staged.customer_plan(SEER)
    values = {"reviewed_on": "2026-01-01", "result": "confirmed", "next_review_on": "2027-01-01"}

    async def insert() -> bool:
        known = await storage.record_writer.customer(customers, customer.public_id)

        async def work(writes: RecordWrites) -> str:
            return await writes.insert(plan, Kind.REVIEW, values, customer=known, by=SEER)

        try:
            await storage.record_writer.run(AUTHOR, work)
        except RecordNotFoundError:
            return False
        return True

    async def hand_over() -> None:
        for version in range(1, 7):
            owner = OWNER if version % 2 == 0 else MALLORY
            change = Change(Kind.INDIVIDUAL, {"account_manager": owner}, SourceChannel.CONTRACT)
            await Writing(storage).update(customers, customer.row_id, version, change)

    async def insert_often() -> list[bool]:
        return [await insert() for _ in range(12)]

    _, *made = await asyncio.gather(hand_over(), insert_often(), insert_often())
    stored = await staged.database["reviews"].find({"customer_id": customer.row_id}).to_list()
    assert len(stored) == sum(map(sum, made)) > 0
    assert {(row["_owner"], row["_department"]) for row in stored} == {(OWNER, HOME)}
    asked = f'{{ dossier(customer: "{customer.public_id}") {{ state reviews(first: 100) {{ nodes {{ id }} }} }} }}'
    assert len((await staged.ask(OWNER, asked))["dossier"]["reviews"]["nodes"]) == len(stored)
    await staged.database["reviews"].delete_many({})
