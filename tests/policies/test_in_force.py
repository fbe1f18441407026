"""The rule set in force, on a real MongoDB: seeded once, replaced in one step, followed by every process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pymongo.asynchronous.database import AsyncDatabase

from documents.access.plan import Purpose, Scope
from documents.chapters.policies.rule_sets import RuleSetRepository
from documents.declaring.kind import Kind
from documents.encryption.seals import Seals
from documents.registry import FULL_CATALOGUE
from policies.authorize import PolicyEngine
from policies.errors import PurposeNotAllowedError, RuleError, RuleSetConflictError
from policies.in_force import NO_RULES, PolicyStore
from policies.rules.rule_set import parse_csv
from tests.patience import patience, until
from tests.policies.rule_sets import default_rules, principal_of
from tests.units import units_of

Database = AsyncDatabase[dict[str, Any]]
SERVICE = Purpose.CUSTOMER_SERVICE.value
ALL = frozenset({Scope.ALL})
KEY = bytes(32)
NAME_ONLY = "g, service_agent, everyone\np, service_agent, all, *, name, read, customer_service, allow\n"


class Watched(RuleSetRepository):
    """The real repository; says when it began to listen, or saw a change."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, Seals(KEY), units_of(database))
        self.listens = asyncio.Event()

    async def watch(self) -> AsyncIterator[None]:
        async for _ in super().watch():
            self.listens.set()
            yield None


def store_on(database: Database) -> PolicyStore:
    """A store as another process would have it."""
    return PolicyStore(Watched(database), FULL_CATALOGUE)


@asynccontextmanager
async def watching(store: PolicyStore) -> AsyncIterator[None]:
    """A block that begins when the change stream of the store is open."""
    task = asyncio.create_task(store.watch())
    try:
        assert isinstance(store._repository, Watched)
        async with patience():
            await store._repository.listens.wait()
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_everything_is_denied_before_the_store_is_open(database: Database) -> None:
    """A store that has read nothing allows nothing."""
    store = store_on(database)
    assert not store.is_sound
    with pytest.raises(PurposeNotAllowedError):
        await PolicyEngine(store).authorize(principal_of("service_agent"), SERVICE)


async def test_processes_that_start_together_seed_one_first_version(database: Database) -> None:
    """Six stores open on an empty database; one version is stored, and all have the default rules."""
    stores = [store_on(database) for _ in range(6)]
    await asyncio.gather(*(store.open() for store in stores))
    assert await database["rule_sets"].count_documents({}) == 1
    for store in stores:
        assert store.is_sound
        assert store.compiler.version == 1
        assert store.compiler.rule_set.rules == default_rules().rules


async def test_opening_again_keeps_the_version_in_force(database: Database) -> None:
    """The default rules never overwrite what somebody activated."""
    first = store_on(database)
    await first.open()
    assert await first.activate(NAME_ONLY, "li.na") == 2
    second = store_on(database)
    await second.open()
    assert second.compiler.version == 2


async def test_an_activation_is_live_at_once_and_elsewhere_by_itself(database: Database) -> None:
    """The other store was reading telephones masked; soon it does not, and without compiling again."""
    here, there = store_on(database), store_on(database)
    await here.open()
    await there.open()
    engine = PolicyEngine(there)
    caller = principal_of("service_agent")
    plan = await engine.authorize(caller, SERVICE)
    assert "telephone" in plan.grants(Kind.INDIVIDUAL, ALL).masked
    async with watching(there):
        version = await here.activate(NAME_ONLY, "li.na", "names only")
        assert here.compiler.version == version
        await until(lambda: there.compiler.version == version)
    steps = engine.authorize(caller, SERVICE)
    with pytest.raises(StopIteration) as returned:  # warmed before the swap: nothing to wait for
        steps.send(None)
    grants = returned.value.value.grants(Kind.INDIVIDUAL, ALL)
    assert grants.plain == {"name"}
    assert not grants.masked


async def test_what_was_activated_before_the_watch_is_not_missed(database: Database) -> None:
    """A store that begins to watch late catches up."""
    here, there = store_on(database), store_on(database)
    await there.open()
    await here.open()
    await here.activate(NAME_ONLY, "li.na")
    async with watching(there):
        await until(lambda: there.compiler.version == 2)


async def test_of_two_activations_on_the_same_version_one_wins(database: Database) -> None:
    """Nobody replaces rules that they have not seen; the loser writes nothing."""
    stores = [store_on(database), store_on(database)]
    for store in stores:
        await store.open()
    results = await asyncio.gather(*(store.activate(NAME_ONLY, "li.na") for store in stores), return_exceptions=True)
    conflicts = [result for result in results if isinstance(result, RuleSetConflictError)]
    assert len(conflicts) == 1
    assert 2 in results
    assert await database["rule_sets"].count_documents({}) == 2


async def test_an_invalid_rule_set_is_refused_and_not_stored(database: Database) -> None:
    """The rules in force stay in force."""
    store = store_on(database)
    await store.open()
    with pytest.raises(RuleError):
        await store.activate(NAME_ONLY.replace("name", "nmae"), "li.na")
    assert store.compiler.version == 1
    assert await database["rule_sets"].count_documents({}) == 1


async def test_every_version_that_was_in_force_is_known_by_the_hash_of_what_decided(database: Database) -> None:
    """Older ones too; where the stored rules do not hold it is that of no rules at all."""
    store, other = store_on(database), store_on(database)
    assert store.decided_by() == [{"version": 0, "hash": NO_RULES.digest}]
    await store.open()
    await store.activate(NAME_ONLY, "li.na")
    assert store.decided_by({2, 1}) == [
        {"version": 1, "hash": default_rules().digest},
        {"version": 2, "hash": parse_csv(NAME_ONLY, FULL_CATALOGUE).digest},
    ]
    assert store.decided_by() == store.decided_by({2})
    await database["rule_sets"].update_one({"_id": 2}, {"$pop": {"rules": 1}})
    await other.open()
    assert other.decided_by() == [{"version": 0, "hash": NO_RULES.digest}]


@pytest.mark.parametrize("rules", [None, [], [["service_agent", "all", "*", "", "read", "*", "allow"]]])
async def test_a_stored_rule_set_that_does_not_hold_denies_everything_until_a_valid_one_is_active(
    database: Database, rules: Any
) -> None:
    """Somebody with the database in hand cannot open anything by breaking the rules, and the way back is open."""
    store = store_on(database)
    await store.open()
    row = {"_id": 2, "rules": rules, "roles": [["service_agent", "everyone"]]}
    await database["rule_sets"].insert_one(Seals(KEY).sealed("rule_sets", row))
    pointer = {"_id": "active", "version": 2}
    async with watching(store):
        await database["rule_set_state"].replace_one({"_id": "active"}, Seals(KEY).sealed("rule_set_state", pointer))
        await until(lambda: not store.is_sound or store.compiler.version == 2)
        with pytest.raises(PurposeNotAllowedError):
            await PolicyEngine(store).authorize(principal_of("service_agent"), SERVICE)
        await store.activate(NAME_ONLY, "li.na")
        assert store.is_sound
        await PolicyEngine(store).authorize(principal_of("service_agent"), SERVICE)


async def test_a_pointer_removed_or_leading_nowhere_denies_everything(database: Database) -> None:
    """Both are followed like any change, and both are mended by an activation."""
    store = store_on(database)
    await store.open()
    async with watching(store):
        await database["rule_set_state"].update_one({"_id": "active"}, {"$set": {"version": 99}})
        await until(lambda: not store.is_sound)
        await store.activate(NAME_ONLY, "li.na")
        assert store.is_sound
        await database["rule_set_state"].delete_one({"_id": "active"})
        await until(lambda: not store.is_sound)
        with pytest.raises(PurposeNotAllowedError):
            await PolicyEngine(store).authorize(principal_of("service_agent"), SERVICE)
        await store.activate(NAME_ONLY, "li.na")
        assert store.is_sound
