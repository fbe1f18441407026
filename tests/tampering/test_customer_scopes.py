"""Whose a customer is cannot be forged: what a raw client does to row and key × every way in which the customer, and
what hangs on it, is read or changed.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId

from documents.access.report import AccessReport
from documents.chapters.information.shared_customers import SharedPage, SharingRepository
from documents.declaring.kind import CUSTOMER_KINDS, Kind
from documents.declaring.record import SourceChannel
from documents.encryption.key_providers import LocalKeyProvider
from documents.encryption.keyring import Keyring
from documents.encryption.row_bindings import BINDING
from documents.errors import DuplicateValueError, FieldAccessError, RecordNotFoundError, StaleVersionError
from documents.reading.history import HistoryQuery
from documents.reading.list_query import ListQuery, Selection
from documents.storing.layout import CustomerReference
from documents.writing.customers import Change
from tests.bound_rows import proven
from tests.patience import until
from tests.tampering.scenes import ABROAD, HOME, MALLORY, OWNER, SEER, Scene, scene
from tests.units import Writing

Row = dict[str, Any]
Forge = Callable[[Scene, CustomerReference], Awaitable[Any]]
EVERYBODY = (OWNER, MALLORY, SEER)
NAME = "客户甲"
EVERYTHING = {"owned", "listed", "by_id", "node", "found_by_name", "history", "dossier", "reference", "history_page"}
CHANGEABLE = {"update", "delete", "reveal"}


@pytest.fixture(scope="module")
async def staged(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    async with scene(mongodb_uri, tmp_path_factory.mktemp("customer_scopes")) as made:
        yield made


def in_row(**values: Any) -> Forge:
    """These values in the row."""

    async def forge(at: Scene, customer: CustomerReference) -> None:
        await at.database["customers"].update_one({"_id": customer.row_id}, {"$set": values})

    return forge


def without(name: str) -> Forge:
    async def forge(at: Scene, customer: CustomerReference) -> None:
        await at.database["customers"].update_one({"_id": customer.row_id}, {"$unset": {name: ""}})

    return forge


def in_both(owner: str | None, department: str, version: int = 1) -> Forge:
    """The same in the row and beside the key, as somebody would who knows how rows are judged."""

    async def forge(at: Scene, customer: CustomerReference) -> None:
        scope = {"kind": customer.kind.value, "owner": owner, "department": department, "version": version}
        await in_row(account_manager=owner, department=department)(at, customer)
        await at.database["data_keys"].update_one({"_id": customer.row_id}, {"$set": {"scope": scope}})

    return forge


async def with_mallorys_key(at: Scene, customer: CustomerReference) -> None:
    stored = await at.database["data_keys"].find_one({"_id": at.mallorys.row_id})
    assert stored is not None
    await in_row(account_manager=MALLORY, department=ABROAD)(at, customer)
    await at.database["data_keys"].replace_one({"_id": customer.row_id}, {**stored, "_id": customer.row_id})


async def without_its_key(at: Scene, customer: CustomerReference) -> None:
    await in_row(account_manager=MALLORY, department=ABROAD)(at, customer)
    await at.database["data_keys"].delete_one({"_id": customer.row_id})


async def with_a_key_that_does_not_open(at: Scene, customer: CustomerReference) -> None:
    await at.database["data_keys"].update_one({"_id": customer.row_id}, {"$set": {"keys": []}})


async def of_another_kind(at: Scene, customer: CustomerReference) -> None:
    other = Kind.ENTERPRISE if customer.kind is Kind.INSTITUTION else Kind.INSTITUTION
    await in_row(kind=other.value)(at, customer)


FORGERIES: dict[str, Forge] = {
    "owner edited": in_row(account_manager=MALLORY),
    "department edited": in_row(department=ABROAD),
    "both edited": in_row(account_manager=MALLORY, department=ABROAD),
    "owner removed": without("account_manager"),
    "department removed": without("department"),
    "owner of another type": in_row(account_manager=[OWNER, MALLORY]),
    "kind edited": of_another_kind,
    "row and key edited": in_both(MALLORY, ABROAD),
    "row and key edited as if handed over": in_both(MALLORY, ABROAD, version=2),
    "row and key without an owner": in_both(None, HOME),
    "the key of one's own customer": with_mallorys_key,
    "the key removed": without_its_key,
    "the key spoilt": with_a_key_that_does_not_open,
}


async def seen_by(at: Scene, username: str, customer: CustomerReference) -> set[str]:
    """The ways in which the product shows the customer, or anything of it, to the account."""
    listed = "customers(kinds: [INDIVIDUAL, ENTERPRISE, INSTITUTION], first: 100"
    public_id, row_id = customer.public_id, str(customer.row_id)
    parts = {
        "listed": f"{listed}) {{ nodes {{ id }} }}",
        "owned": f'{listed}, filter: {{ accountManager: {{ in: ["{OWNER}", "{MALLORY}"] }} }}) {{ nodes {{ id }} }}',
        "found_by_name": f'{listed}, search: "{NAME}") {{ nodes {{ id }} }}',
        "by_id": f'customer(id: "{public_id}") {{ id status }}',
        "node": f'node(id: "{public_id}") {{ id }}',
        "dossier": f'dossier(customer: "{public_id}") {{ customer {{ id }} }}',
        "history": f'history(record: "{public_id}", first: 5) {{ nodes {{ field }} }}',
    }
    asked = " ".join(f"{way}: {part}" for way, part in parts.items())
    answer = await at.api.ask(username, f"{{ {asked} }}", purpose="business_operation")
    assert "INTERNAL" not in str(answer.get("errors", "")), answer
    data = answer["data"]
    found = {way for way in data if row_id in str(data[way])}
    if data["history"]:
        found.add("history")
    storage, plan = at.api.services.storage, await at.customer_plan(username)
    if await storage.reader.reference(plan, public_id) is not None:
        found.add("reference")
    query = HistoryQuery((customer.kind, customer.row_id), None, 5, None)
    if await storage.histories[customer.kind].find_page(plan, query, AccessReport()) is not None:
        found.add("history_page")
    return found


async def changeable_by(at: Scene, username: str, customer: CustomerReference) -> set[str]:
    """The ways in which the account gets at the customer to change it, stopped by a version that it never had."""
    storage, plan = at.api.services.storage, await at.customer_plan(username)
    change = Change(customer.kind, {"name": "别的"}, SourceChannel.CONTRACT)
    found = set()
    for way, attempt in (
        ("update", lambda: Writing(storage).update(plan, customer.row_id, 99, change)),
        ("delete", lambda: Writing(storage).delete(plan, customer.kind, customer.row_id, 99)),
        ("reveal", lambda: storage.reveals.find(plan, customer.kind, customer.row_id, "name")),
    ):
        try:
            await attempt()
        except RecordNotFoundError:
            continue
        except (StaleVersionError, FieldAccessError):
            pass
        found.add(way)
    return found


async def put_back(at: Scene, row: Row, key: Row) -> None:
    await at.database["customers"].replace_one({"_id": row["_id"]}, row, upsert=True)
    await at.database["data_keys"].replace_one({"_id": row["_id"]}, key, upsert=True)
    keyring = at.api.services.storage.keyring
    keyring.evict([row["_id"]])  # the change stream would, a moment later


@pytest.mark.parametrize("kind", [pytest.param(kind, id=kind.value) for kind in CUSTOMER_KINDS])
@pytest.mark.parametrize("name", FORGERIES)
async def test_a_customer_that_does_not_prove_whose_it_is_is_nobodys(
    staged: Scene, kind: Kind, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Not of whom it was, not of whom it says, not of who sees all; nor can anybody change it. It is told once."""
    customer = await staged.create(kind, OWNER, HOME, name=NAME)
    row = await staged.database["customers"].find_one({"_id": customer.row_id})
    key = await staged.database["data_keys"].find_one({"_id": customer.row_id})
    assert row is not None
    assert key is not None
    expected = EVERYTHING
    assert await seen_by(staged, OWNER, customer) == await seen_by(staged, SEER, customer) == expected
    assert await seen_by(staged, MALLORY, customer) == set()
    assert await changeable_by(staged, OWNER, customer) == CHANGEABLE
    await FORGERIES[name](staged, customer)
    keyring = staged.api.services.storage.keyring
    if "key" in name:  # only a change of the row is seen at once
        keyring.evict([customer.row_id])
    with caplog.at_level(logging.CRITICAL):
        for username in EVERYBODY:
            assert await seen_by(staged, username, customer) == set(), username
            assert await changeable_by(staged, username, customer) == set(), username
    messages = [one.getMessage() for one in caplog.records if str(customer.row_id) in one.getMessage()]
    assert len(messages) == 1
    assert NAME not in messages[0]
    await put_back(staged, row, key)
    assert await seen_by(staged, OWNER, customer) == expected
    await staged.database["customers"].delete_one({"_id": customer.row_id})


async def test_a_row_that_was_inserted_is_nobodys(staged: Scene) -> None:
    """With its own key document or without, whoever it says to be of."""
    original = staged.customers[0]
    row = await staged.database["customers"].find_one({"_id": original.row_id})
    key = await staged.database["data_keys"].find_one({"_id": original.row_id})
    assert row is not None
    assert key is not None
    for with_key in (False, True):
        copy = CustomerReference(original.kind, ObjectId(), OWNER, HOME)
        await staged.database["customers"].insert_one({**row, "_id": copy.row_id})
        if with_key:
            await staged.database["data_keys"].insert_one({**key, "_id": copy.row_id})
        for username in EVERYBODY:
            assert await seen_by(staged, username, copy) == set()
            assert await changeable_by(staged, username, copy) == set()
        await staged.database["customers"].delete_one({"_id": copy.row_id})


async def test_forged_customers_take_no_place_in_a_list(staged: Scene) -> None:
    """Pages are as long as if they were not there, and none is missing between them."""
    made = [await staged.create(Kind.ENTERPRISE, OWNER, HOME, name="丙公司") for _ in range(9)]
    forged = made[:3] + made[5:8]
    for customer in forged:
        await in_row(account_manager=MALLORY)(staged, customer)
    query = """query($after: String, $before: String, $first: Int, $last: Int) { customers(kinds: [ENTERPRISE],
      filter: { name: { matches: "丙公司" } }, first: $first, last: $last, after: $after, before: $before) {
      nodes { id } pageInfo { hasNextPage endCursor hasPreviousPage startCursor } } }"""
    expected = {one.public_id for one in made} - {one.public_id for one in forged}
    for size, cursor, more, given in (
        ("first", "endCursor", "hasNextPage", "after"),
        ("last", "startCursor", "hasPreviousPage", "before"),
    ):
        seen: list[str] = []
        variables: dict[str, Any] = {size: 2}
        while True:
            page = (await staged.ask(SEER, query, variables))["customers"]
            seen += [node["id"] for node in page["nodes"]]
            if not page["pageInfo"][more]:
                break
            assert len(page["nodes"]) == 2
            variables = {size: 2, given: page["pageInfo"][cursor]}
        assert sorted(seen) == sorted(expected)
    await staged.database["customers"].delete_many({"_id": {"$in": [one.row_id for one in made]}})


async def test_a_forged_owner_is_told_of_no_taken_number(staged: Scene) -> None:
    """That somebody has a number is told to whoever may find that customer by it: not by making it one's own."""
    number = "11010519491231002X"
    customer = await staged.create(Kind.INDIVIDUAL, OWNER, HOME, id_number=number)
    change = Change(
        Kind.INDIVIDUAL,
        {"name": "乙", "account_manager": MALLORY, "department": ABROAD, "id_number": number},
        SourceChannel.CONTRACT,
    )
    writer, plan = Writing(staged.api.services.storage), await staged.customer_plan(MALLORY)
    await in_row(account_manager=MALLORY, department=ABROAD)(staged, customer)
    made = await writer.create(plan, change)
    with pytest.raises(DuplicateValueError):
        await writer.create(plan, change)
    await staged.database["customers"].delete_many({"_id": {"$in": [customer.row_id, made]}})


async def test_who_hands_over_takes_the_right_to_see_along(staged: Scene) -> None:
    """At once, in this process; the records follow, and what is served before and after is never forged."""
    customer = await staged.create(Kind.INDIVIDUAL, OWNER, HOME, name=NAME)
    writer, plan = Writing(staged.api.services.storage), await staged.customer_plan(SEER)
    change = Change(Kind.INDIVIDUAL, {"account_manager": MALLORY, "department": ABROAD}, SourceChannel.CONTRACT)
    await writer.update(plan, customer.row_id, 1, change)
    assert await seen_by(staged, OWNER, customer) == set()
    assert await seen_by(staged, MALLORY, customer) == EVERYTHING
    back = Change(Kind.INDIVIDUAL, {"account_manager": OWNER}, SourceChannel.CONTRACT)
    await writer.update(plan, customer.row_id, 2, back)
    assert await seen_by(staged, OWNER, customer) == EVERYTHING
    stored = await staged.database["data_keys"].find_one({"_id": customer.row_id})
    assert stored is not None
    assert stored["scope"] == {"kind": "individual", "owner": OWNER, "department": ABROAD, "version": 3}


async def test_another_process_sees_a_change_of_hands(
    staged: Scene, mongodb_uri: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A row of now and a key of before are no forgery: the key is asked for once more, also where nobody watches."""
    customer = await staged.create(Kind.INDIVIDUAL, OWNER, HOME, name=NAME)
    keyring = staged.api.services.storage.keyring
    held = keyring.cached([customer.row_id]) or [await keyring.data_key(customer.row_id)]
    writer, plan = Writing(staged.api.services.storage), await staged.customer_plan(SEER)
    change = Change(Kind.INDIVIDUAL, {"account_manager": MALLORY, "department": ABROAD}, SourceChannel.CONTRACT)
    await writer.update(plan, customer.row_id, 1, change)
    with caplog.at_level(logging.CRITICAL):
        for username, expected in ((MALLORY, EVERYTHING), (OWNER, set())):
            keyring._cache.store(held, keyring._cache.evictions)  # as it is where the change was not seen yet
            assert keyring.scopes_at_hand([customer.row_id]) == [("individual", OWNER, HOME)]
            assert await seen_by(staged, username, customer) == expected
    assert not [one for one in caplog.records if str(customer.row_id) in one.getMessage()]


async def test_an_older_state_put_back_closes_where_the_newer_was_seen(staged: Scene, tmp_path: Path) -> None:
    """Row and key together, exactly as they were. A process that begins afterwards believes it: docs/security.md."""
    customer = await staged.create(Kind.INDIVIDUAL, OWNER, HOME, name=NAME)
    row = await staged.database["customers"].find_one({"_id": customer.row_id})
    key = await staged.database["data_keys"].find_one({"_id": customer.row_id})
    assert row is not None
    assert key is not None
    writer, plan = Writing(staged.api.services.storage), await staged.customer_plan(SEER)
    change = Change(Kind.INDIVIDUAL, {"account_manager": MALLORY, "department": ABROAD}, SourceChannel.CONTRACT)
    await writer.update(plan, customer.row_id, 1, change)
    assert await seen_by(staged, MALLORY, customer) == EVERYTHING
    await put_back(staged, row, key)
    for username in EVERYBODY:
        assert await seen_by(staged, username, customer) == set()
        assert await changeable_by(staged, username, customer) == set()
    provider = staged.api.services.storage.root_keys
    assert isinstance(provider, LocalKeyProvider)
    later = Keyring(staged.database, provider)
    await later.open()
    assert await later.scopes([customer.row_id]) == {customer.row_id: ("individual", OWNER, HOME)}


async def test_a_change_of_another_customer_is_in_nobodys_history(staged: Scene) -> None:
    """Moved, copied, or without what binds it; and pages are as if it were not there."""
    mine, theirs = [await staged.create(Kind.INDIVIDUAL, owner, HOME, name=NAME) for owner in (MALLORY, OWNER)]
    writer, plan = Writing(staged.api.services.storage), await staged.customer_plan(SEER)
    for customer, region in ((mine, "东区"), (theirs, "西区")):
        change = Change(Kind.INDIVIDUAL, {"region": region}, SourceChannel.CONTRACT)
        await writer.update(plan, customer.row_id, 1, change)
    query = f'{{ history(record: "{mine.public_id}", first: 1) {{ nodes {{ after }} hasNextPage }} }}'
    rows, own = staged.database["customer_history"], {"nodes": [{"after": ["东区"]}], "hasNextPage": False}
    assert (await staged.ask(MALLORY, query))["history"] == own
    secret = await rows.find_one({"customer_id": theirs.row_id})
    assert secret is not None
    for forged in (
        {**secret, "customer_id": mine.row_id},
        {**secret, "_id": ObjectId("f" * 24), "customer_id": mine.row_id},
        {name: value for name, value in {**secret, "customer_id": mine.row_id}.items() if name != BINDING},
    ):
        await rows.replace_one({"_id": forged["_id"]}, forged, upsert=True)
        assert (await staged.ask(MALLORY, query))["history"] == own
    await rows.replace_one({"_id": secret["_id"]}, secret)
    answer = await staged.ask(OWNER, query.replace(mine.public_id, theirs.public_id))
    assert answer["history"]["nodes"] == [{"after": ["西区"]}]


async def test_a_consent_that_nobody_gave_opens_nothing(staged: Scene) -> None:
    """A copied, moved or inserted consent shares no customer with a partner."""
    storage = staged.api.services.storage
    consents, agreements = storage.readers[Kind.CONSENT], storage.readers[Kind.SHARING_AGREEMENT]
    sharing, now, partner = SharingRepository(consents, agreements), datetime.now(UTC), f"partner_{ObjectId()}"
    ends = {"expires_at": now + timedelta(days=9)}
    agreement = {"_id": ObjectId(), "kind": "sharing_agreement", "partner": partner, "signed_at": now - timedelta(1)}
    await agreements.store.collection.insert_one(proven(agreements.store, {**agreement, "version": 1, **ends}))
    rows, customer, other = [], staged.customers[0], staged.customers[1]
    for one in (customer, other):
        row_id = ObjectId()
        row = {"_id": row_id, "kind": "consent", "customer": one.public_id, "customer_id": one.row_id, "_owner": OWNER}
        row |= {"_department": HOME, "partner": partner, "fields": ["name"], "given_at": now - timedelta(1), **ends}
        rows.append(proven(consents.store, row | {"version": 1}))
    given, theirs = rows
    collection = consents.store.collection
    await collection.insert_one(given)

    async def shared() -> list[ObjectId]:
        page = await sharing.shared_with(partner, now, SharedPage(limit=1))
        behind = await sharing.shared_with(partner, now, SharedPage(limit=5, after=page[0].row_id)) if page else []
        single = [one for each in (customer, other) if (one := await sharing.one(partner, now, each.row_id))]
        assert [one.row_id for one in (*page, *behind)] == sorted(one.row_id for one in single)
        return [one.row_id for one in single]

    assert await shared() == [customer.row_id]
    for forged in (
        {**given, "_id": ObjectId(), "customer_id": other.row_id, "customer": other.public_id},
        {**theirs, "_owner": MALLORY},
        {**theirs, BINDING: given[BINDING]},
        {name: value for name, value in theirs.items() if name != BINDING},
    ):
        await collection.insert_one(forged)
        assert await shared() == [customer.row_id]
        await collection.delete_one({"_id": forged["_id"]})
    await collection.insert_one(theirs)
    assert sorted(await shared()) == sorted([customer.row_id, other.row_id])
    await collection.delete_many({})


async def test_the_scene_is_what_it_seems(staged: Scene) -> None:
    """The test itself: all customers that nobody touched are shown to whom they are to be."""
    reader, plan = staged.api.services.storage.reader, await staged.customer_plan(SEER)
    selection = Selection(dict.fromkeys(CUSTOMER_KINDS, frozenset({"id"})))
    await until(staged.api.services.storage.keyring.watching.is_set)
    page = await reader.find_page(plan, ListQuery(selection, frozenset(CUSTOMER_KINDS), limit=100), AccessReport())
    ids = {record["_id"] for record in page.records}
    assert {one.row_id for one in (*staged.customers, staged.mallorys)} <= ids
