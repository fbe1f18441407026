"""No rule set is put in force by whoever writes to the database, nor an older one again: then everything is denied."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest

from documents.access.plan import Purpose
from documents.audit.newest import NewestVersions
from documents.chapters.policies.rule_sets import RuleSetRepository
from documents.chapters.policies.stored import RuleSetDocument, RuleSetState
from documents.encryption.seals import SEAL, Seals
from documents.registry import FULL_CATALOGUE
from policies.authorize import PolicyEngine
from policies.errors import PurposeNotAllowedError
from policies.in_force import PolicyStore
from policies.principal import Principal
from tests.api import Api, demo
from tests.patience import until
from tests.policies.rule_sets import default_rules
from tests.tampering.changes import Change, Database, changes, put
from tests.units import units_of

KEY = bytes(range(32))
SETS, STATE, ACTIVE = "rule_sets", "rule_set_state", "active"
WIDER = "g, service_agent, everyone\np, service_agent, all, *, *, read, customer_service, allow\n"
AGENT = Principal("a", frozenset({"service_agent"}), frozenset(Purpose))
SET_FIELDS = [*(name for name in RuleSetDocument.model_fields if name not in ("id", "revision_id")), SEAL]
STATE_FIELDS = [*(name for name in RuleSetState.model_fields if name not in ("id", "revision_id")), SEAL]


async def opened(database: Database, newest_known: int = 0) -> PolicyStore:
    """The rules as a process that starts has them."""
    store = PolicyStore(RuleSetRepository(database, Seals(KEY), units_of(database)), FULL_CATALOGUE)
    await store.open(newest_known)
    return store


async def is_closed(store: PolicyStore) -> bool:
    try:
        await PolicyEngine(store).authorize(AGENT, "customer_service")
    except PurposeNotAllowedError:
        return not store.is_sound
    return False


@pytest.fixture
async def store(database: Database) -> PolicyStore:
    """A process with its second version in force."""
    store = await opened(database)
    await store.activate(default_rules(), "li.na")
    assert not await is_closed(store)
    return store


async def assert_closed(store: PolicyStore, database: Database, known: int = 2) -> None:
    """In the process that runs when it looks again, and in one that starts; until what was there is back."""
    await store.refresh()
    assert await is_closed(store)
    assert await is_closed(await opened(database, known))


@pytest.mark.parametrize("change", changes(SET_FIELDS), ids=str)
async def test_a_version_changed_in_any_field_closes(database: Database, store: PolicyStore, change: Change) -> None:
    before = await database[SETS].find_one({"_id": 2}) or {}
    await change.make(database[SETS], 2)
    await assert_closed(store, database)
    await put(database[SETS], before)
    await store.refresh()
    assert not await is_closed(store)


@pytest.mark.parametrize("change", changes(STATE_FIELDS), ids=str)
async def test_a_pointer_changed_in_any_field_closes(
    database: Database, store: PolicyStore, change: Change, caplog: pytest.LogCaptureFixture
) -> None:
    before = await database[STATE].find_one({"_id": ACTIVE}) or {}
    await change.make(database[STATE], ACTIVE)
    with caplog.at_level(logging.CRITICAL):
        await assert_closed(store, database)
    assert "not put in force by Dossier: everything is denied" in caplog.text
    await put(database[STATE], before)
    await store.refresh()
    assert not await is_closed(store)


async def test_a_version_that_is_put_in_with_the_pointer_on_it_closes(database: Database, store: PolicyStore) -> None:
    """As it is, with the seal of the version before, and with one under another key."""
    version, pointer = await database[SETS].find_one({"_id": 2}) or {}, await database[STATE].find_one({}) or {}
    wider = {**version, "_id": 3, "rules": [["service_agent", "all", "*", "*", "read", "customer_service", "allow"]]}
    forger = Seals(bytes(32))
    for row, state in (
        ({name: value for name, value in wider.items() if name != SEAL}, {**pointer, "version": 3}),
        (wider, {**pointer, "version": 3}),
        (forger.sealed(SETS, wider), forger.sealed(STATE, {**pointer, "version": 3})),
    ):
        await put(database[SETS], row)
        await put(database[STATE], state)
        await assert_closed(store, database)
        assert await store.version(3) is None  # nor does a draft begin with it
    await store.activate(default_rules(), "operator")  # the way back
    assert not await is_closed(store)
    assert store.compiler.version == 4


@pytest.mark.parametrize("collection", [SETS, STATE])
async def test_what_is_taken_away_closes(database: Database, store: PolicyStore, collection: str) -> None:
    """The first version is not made again in its place."""
    await database[collection].delete_many({})
    await assert_closed(store, database)
    assert await database[SETS].count_documents({}) == (0 if collection == SETS else 2)
    await store.activate(default_rules(), "operator")
    assert not await is_closed(store)
    assert store.compiler.version == 3


async def test_an_older_pointer_does_not_come_back(database: Database, store: PolicyStore) -> None:
    """Neither while the process runs, nor where the trail knows that a newer version was in force."""
    older = await database[STATE].find_one({}) or {}
    assert await store.activate(WIDER, "li.na") == 3
    newer = await database[STATE].find_one({}) or {}
    await put(database[STATE], older)
    await assert_closed(store, database, 3)
    await database[SETS].delete_one({"_id": 3})
    await assert_closed(store, database, 3)
    await put(database[STATE], newer)
    await assert_closed(store, database, 3)
    assert await store.activate(default_rules(), "operator") == 4
    assert not await is_closed(await opened(database, 3))


async def test_an_older_pointer_counts_where_nobody_knows_of_a_newer_one(
    database: Database, store: PolicyStore
) -> None:
    """The replay that remains: a process that starts, and a trail that names no newer version."""
    older = await database[STATE].find_one({}) or {}
    await store.activate(WIDER, "li.na")
    await put(database[STATE], older)
    assert not await is_closed(await opened(database))


@pytest.fixture(scope="module")
async def api(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    async with demo(mongodb_uri, tmp_path_factory.mktemp("rules"), 20) as api:
        yield api


async def test_the_trail_says_which_version_was_in_force(api: Api, mongodb_client: Any) -> None:
    """In signed blocks alone; and a process that starts believes no older pointer."""
    services, database = api.services, mongodb_client[api.services.database.name]
    older = await database[STATE].find_one({}) or {}
    version = await services.store.activate(default_rules(), "tests")
    blocks, key = services.storage.trail.blocks, services.storage.trail.key
    await api.ask("demo.agent", "{ customers(first: 1) { nodes { kind } } }", purpose="customer_service")
    assert await NewestVersions(blocks, key).of_rules() == version
    block = await database["audit_blocks"].find_one({}, sort=[("body.at", -1)]) or {}
    block["body"]["entries"][0]["rules"] = [version + 5]
    await database["audit_blocks"].insert_one({**block, "_id": b"\xff" * 24})
    assert await NewestVersions(blocks, key).of_rules() == version
    await database["audit_blocks"].delete_one({"_id": b"\xff" * 24})
    now = await database[STATE].find_one({}) or {}
    await put(database[STATE], older)
    store = PolicyStore(
        RuleSetRepository(services.database, services.storage.seals, services.storage.units), FULL_CATALOGUE
    )
    await store.open(await NewestVersions(blocks, key).of_rules())
    assert not store.is_sound
    await put(database[STATE], now)


async def test_rules_put_in_by_hand_give_nobody_anything(api: Api, mongodb_client: Any) -> None:
    """The agent asks for identity numbers over HTTP while a wider version and its pointer are put in: the server denies
    everything, says that it is not ready, and serves again when the pointer is back."""
    database = mongodb_client[api.services.database.name]
    version, pointer = (
        await database[SETS].find_one({}, sort=[("_id", -1)]) or {},
        await database[STATE].find_one({}) or {},
    )
    rule = ["service_agent", "all", "*", "*", "read", "customer_service", "allow"]
    await put(database[SETS], {**version, "_id": 99, "rules": [*version["rules"], rule]})
    await put(database[STATE], {**pointer, "version": 99})
    await until(lambda: not api.services.store.is_sound)
    query = "{ customers(first: 5) { nodes { ... on Individual { name idNumber } } } }"
    answer = await api.ask("demo.agent", query, purpose="customer_service")
    assert answer["errors"][0]["extensions"]["code"] == "PURPOSE_NOT_ALLOWED"
    assert (await api.http.get("/readyz")).status_code == 503
    await put(database[STATE], pointer)
    await until(lambda: api.services.store.is_sound)
    answer = await api.ask("demo.agent", query, purpose="customer_service")
    assert all(not node.get("idNumber") for node in answer["data"]["customers"]["nodes"])
