"""Rows and change entries agree after everything that the demo does, and whatever somebody does to the rows, or keeps
from the trail, is found, without a key."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Final

import pytest
from bson import ObjectId

from documents.audit.blocks import COLLECTION as BLOCKS
from documents.audit.pending import COLLECTION as PENDING
from documents.audit.takeover import Takeover
from documents.chapters.audit.agreement import Agreement, Compared, Disagreement, RowFinding
from documents.registry import AUDITED
from documents.storing.public_ids import parse_customer_id
from tests.api import Api, demo
from tests.chapters.customers.test_customers import CREATE, DELETE, MANAGER, UPDATE, create, person

ADMIN: Final = {"username": "demo.admin", "purpose": "business_operation"}
READ_BACK: Final = "query($id: ID!) { customer(id: $id) { id version } }"


@pytest.fixture(scope="module")
async def api(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    """Demo data that these tests may spoil, if they mend it."""
    async with demo(mongodb_uri, tmp_path_factory.mktemp("agreement"), 60) as api:
        yield api


async def compared(api: Api, **options: Any) -> Compared:
    return await Agreement(api.services.database, AUDITED).compare(look_again_seconds=0, **options)


async def findings(api: Api) -> list[RowFinding]:
    return (await compared(api)).findings


async def ask(
    api: Api, who: Mapping[str, str], query: str, variables: Mapping[str, Any], key: str | None = None
) -> Any:
    return await api.ask(who["username"], query, variables, purpose=who["purpose"], key=key)


async def note(api: Api, customer: str) -> Any:
    """Records a contact with the customer."""
    mutation = "mutation($i: RecordContactInput!) { recordContact(input: $i) { userErrors { code } } }"
    given = {"customer": customer, "content": "CONSULTATION", "channel": "TELEPHONE", "summary": "问候"}
    return await ask(api, {"username": "demo.manager", "purpose": "customer_service"}, mutation, {"i": given})


@asynccontextmanager
async def trail_out_of_order(api: Api) -> AsyncIterator[None]:
    """No block can be stored: the database refuses each."""
    command = api.services.database.command
    await command("collMod", BLOCKS, validator={"$jsonSchema": {"required": ["never"]}})
    try:
        yield
    finally:
        await command("collMod", BLOCKS, validator={})


async def entries_of(api: Api, change: ObjectId) -> int:
    """In how many places of the trail the change entry stands."""
    found = api.services.storage.trail.blocks.find({"body.entries.id": change}, {"body.entries.id": 1})
    return [entry["id"] async for block in found for entry in block["body"]["entries"]].count(change)


async def test_everything_that_the_demo_does_is_told(api: Api) -> None:
    """By use cases, jobs and commands, whatever the kind of record; and in several passes it is the same."""
    whole, in_passes = await compared(api), await compared(api, rows_at_once=100)
    assert whole.findings == in_passes.findings == []
    assert whole.rows == in_passes.rows > 200
    assert whole.changes == in_passes.changes > 100


async def test_whatever_is_done_to_the_rows_is_found(api: Api) -> None:
    """Of each kind of record: a row inserted, removed, put back, moved on without an entry, or under another's."""
    expected: set[tuple[Disagreement, str, str]] = set()
    spoilt: list[tuple[str, Any, Mapping[str, Any] | None]] = []
    database = api.services.database
    for rows in AUDITED:
        collection = database[rows.collection]
        found = await collection.find({}).sort("_id", 1).limit(5).to_list()
        if not found:
            continue
        forged = {**copy.deepcopy(found[0]), "_id": ObjectId(), "number": -1}
        await collection.insert_one(forged)
        spoilt.append((rows.collection, forged["_id"], None))
        expected.add((Disagreement.UNTOLD, rows.collection, str(forged["_id"])))
        changes: list[tuple[Disagreement, Any]] = [
            (Disagreement.UNNAMED, {"$unset": {"_entry": ""}}),
            (Disagreement.OLDER, {"$inc": {rows.version: -1}}),
            (Disagreement.OTHER, {"$inc": {rows.version: 1}}),
            (Disagreement.OTHER, {"$set": {"_entry": ObjectId()}}),
        ]
        await collection.delete_one({"_id": found[0]["_id"]})
        expected.add((Disagreement.REMOVED, rows.collection, str(found[0]["_id"])))
        for row, (what, change) in zip(found[1:], changes, strict=False):
            await collection.update_one({"_id": row["_id"]}, change)
            expected.add((what, rows.collection, str(row["_id"])))
        spoilt += [(rows.collection, row["_id"], row) for row in found]
    try:
        assert {(found.what, found.collection, found.row) for found in await findings(api)} == expected
        assert len({collection for _, collection, _ in expected}) > 15
    finally:
        for name, row_id, before in spoilt:
            await database[name].delete_one({"_id": row_id})
            if before is not None:
                await database[name].insert_one(dict(before))
    assert await findings(api) == []


async def test_a_deleted_customer_is_excused_with_all_its_records_and_missed_when_it_returns(api: Api) -> None:
    """The entry of the deletion accounts for whatever hung on the customer."""
    customer = (await create(api))["customer"]["id"]
    row_id = (parse_customer_id(customer) or (None, None))[1]
    kept = await api.services.database["customers"].find_one({"_id": row_id})
    assert kept is not None
    await note(api, customer)
    answer = await ask(api, ADMIN, DELETE, {"i": {"id": customer, "version": 1}})
    assert answer["data"]["deleteCustomer"]["userErrors"] == []
    assert await findings(api) == []
    await api.services.database["customers"].insert_one(kept)
    (found,) = await findings(api)
    assert (found.what, found.row) == (Disagreement.RETURNED, str(row_id))
    await api.services.database["customers"].delete_one({"_id": row_id})


async def test_a_change_that_the_trail_cannot_take_is_shown_to_nobody_and_told_by_the_retry(api: Api) -> None:
    """It is stored with its entry; a retry with the same key has the entry in the chain and shows what was made."""
    variables = {"i": person()}
    count = await api.services.database["customers"].count_documents({})
    async with trail_out_of_order(api):
        answer = await ask(api, MANAGER, CREATE, variables, key="out-of-order-1")
        assert answer["errors"][0]["extensions"]["code"] == "TRAIL_UNAVAILABLE"
        assert answer.get("data") is None
        again = await ask(api, MANAGER, CREATE, variables, key="out-of-order-1")
        assert again["errors"][0]["extensions"]["code"] == "TRAIL_UNAVAILABLE"
    assert await api.services.database["customers"].count_documents({}) == count + 1
    made = (await ask(api, MANAGER, CREATE, variables, key="out-of-order-1"))["data"]["createCustomer"]
    assert made["userErrors"] == []
    row_id = (parse_customer_id(made["customer"]["id"]) or (None, None))[1]
    row = await api.services.database["customers"].find_one({"_id": row_id})
    assert row is not None
    assert await entries_of(api, row["_entry"]) == 1
    assert await findings(api) == []
    assert await api.services.database["customers"].count_documents({}) == count + 1


async def test_what_nobody_retries_is_completed_by_any_process(api: Api) -> None:
    """Two that sweep at once put it into the chain, and it counts once."""
    trail = api.services.storage.trail
    async with trail_out_of_order(api):
        answer = await ask(api, MANAGER, CREATE, {"i": person(name="无人重试")})
        assert answer["errors"][0]["extensions"]["code"] == "TRAIL_UNAVAILABLE"
    (waiting,) = await api.services.database[PENDING].find({}).sort("_id", -1).limit(1).to_list()
    others = [Takeover(trail.writer, trail.blocks, trail.takeover.pending) for _ in range(2)]
    await asyncio.gather(*(other.sweep(timedelta(seconds=-5)) for other in others))
    for other in others:
        await other.close()
    assert await entries_of(api, waiting["_id"]) in (1, 2)
    assert await api.services.database[PENDING].count_documents({"_id": waiting["_id"]}) == 0
    assert await findings(api) == []
    listed = await api.ask(
        "demo.inspector",
        '{ auditTrail(person: "demo.manager", first: 100) { nodes { touches { act kind } operation { name } } } }',
        purpose="supervision",
    )
    assert listed.get("errors") is None


async def test_nobody_puts_words_into_the_trail_by_writing_where_entries_wait(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    """An entry without a good seal is refused, reported once, and found by whoever verifies."""
    pending, trail = api.services.database[PENDING], api.services.storage.trail
    await create(api)
    forged = ObjectId("0" * 24)
    await pending.insert_one({"_id": forged, "entry": b"\x05\x00\x00\x00\x00", "seal": bytes(32)})
    await trail.takeover.sweep(timedelta(seconds=-5))
    await trail.takeover.sweep(timedelta(seconds=-5))
    assert await entries_of(api, forged) == 0
    assert [record.levelname for record in caplog.records if str(forged) in record.getMessage()] == ["CRITICAL"]
    assert [(found.what, found.row) for found in await findings(api)] == [(Disagreement.WAITS, str(forged))]
    await pending.delete_one({"_id": forged})


async def test_records_made_while_their_customer_is_handed_over_belong_to_the_new_manager(api: Api) -> None:
    """Whichever comes first, owner and department of a record are its customer's in the end."""
    for _ in range(5):
        customer = (await create(api))["customer"]["id"]
        handed = {"id": customer, "version": 1, "sourceChannel": "FEEDBACK", "accountManager": "demo.agent"}
        await asyncio.gather(
            *(note(api, customer) for _ in range(3)),
            ask(api, ADMIN, UPDATE, {"i": {"individual": handed}}),
        )
        row_id = (parse_customer_id(customer) or (None, None))[1]
        row = await api.services.database["customers"].find_one({"_id": row_id})
        assert row is not None
        records = await api.services.database["service_contacts"].find({"customer_id": row_id}).to_list()
        assert {(record["_owner"], record["_department"]) for record in records} <= {
            (row["account_manager"], row["department"])
        }
    assert await findings(api) == []


async def test_no_record_outlives_a_customer_who_is_erased_meanwhile(api: Api) -> None:
    """Either the record came first and went along, or it is refused as if the customer had never been."""
    for _ in range(5):
        customer = (await create(api))["customer"]["id"]
        answers = await asyncio.gather(
            *(note(api, customer) for _ in range(3)),
            ask(api, ADMIN, DELETE, {"i": {"id": customer, "version": 1}}),
        )
        assert [answer["errors"] for answer in answers if "errors" in answer] == []
        row_id = (parse_customer_id(customer) or (None, None))[1]
        assert await api.services.database["customers"].count_documents({"_id": row_id}) == 0
        assert await api.services.database["service_contacts"].count_documents({"customer_id": row_id}) == 0
    assert await findings(api) == []
