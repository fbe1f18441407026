"""The mark of a database: what opening makes of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymongo import AsyncMongoClient, IndexModel, monitoring
from pymongo.asynchronous.database import AsyncDatabase

from documents.encryption.keyring import Keyring
from documents.errors import LayoutError
from documents.migrating.layout import MARK, Layout, require
from documents.migrating.registry import STEPS, this_layout
from documents.migrating.step import Progress, Step
from documents.opening import Place, open_storage

Database = AsyncDatabase[dict[str, Any]]


async def _nothing(_: Any, __: Keyring, ___: Progress) -> None:
    """The work of a step that has none."""


def layout(version: int, **indexes: list[IndexModel]) -> Layout:
    """With so many steps, and an index more for each keyword."""
    return Layout(
        [Step(number, f"step {number}", _nothing) for number in range(1, version + 1)],
        {"things": [IndexModel("size")], **indexes},
    )


class Commands(monitoring.CommandListener):
    """The commands sent, with their collections."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Any]] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        self.sent.append((event.command_name, event.command[event.command_name]))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Nothing to remember."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Nothing to remember."""


@pytest.fixture
async def watched(mongodb_uri: str, database: Database) -> AsyncIterator[tuple[Database, Commands]]:
    """The database, over a client whose commands are known."""
    commands = Commands()
    client: AsyncMongoClient[dict[str, Any]]
    async with AsyncMongoClient(mongodb_uri, tz_aware=True, event_listeners=[commands]) as client:
        yield client[database.name], commands


async def indexes_of(database: Database) -> dict[str, set[str]]:
    """The names of those that somebody made."""
    found = {
        name: set(await database[name].index_information()) - {"_id_"}
        for name in await database.list_collection_names()
    }
    return {name: made for name, made in found.items() if made}


async def test_a_database_of_this_layout_is_opened_with_one_read(watched: tuple[Database, Commands]) -> None:
    """And with no write, no index and no list of collections."""
    database, commands = watched
    await require(database, this_layout())
    commands.sent.clear()
    await require(database, this_layout())
    assert commands.sent == [("find", MARK)]


async def test_an_empty_database_gets_every_declared_index_and_no_other(database: Database) -> None:
    """In every collection that declares any."""
    await require(database, this_layout())
    assert await indexes_of(database) == {
        collection: {model.document["name"] for model in models}
        for collection, models in this_layout().indexes.items()
        if models
    }


async def test_no_opening_makes_an_index_when_they_are_there(
    database: Database, mongodb_uri: str, tmp_path: Path
) -> None:
    """The whole product's, with all that it puts together: neither the second one nor a part of the first."""
    place = Place(mongodb_uri, database.name, tmp_path)
    async with open_storage(place):
        made = await indexes_of(database)
    await database.drop_collection("performance_reviews")
    async with open_storage(place):
        assert await indexes_of(database) == {name: of for name, of in made.items() if name != "performance_reviews"}


async def test_two_that_find_it_empty_at_the_same_time_make_one(database: Database) -> None:
    """Nobody is refused, and the mark says once what there is."""
    await asyncio.gather(*(require(database, this_layout()) for _ in range(2)))
    assert await database[MARK].find().to_list() == [
        {"_id": MARK, "version": len(STEPS), "fingerprints": [this_layout().fingerprint]}
    ]


async def test_a_database_whose_maker_was_killed_is_made_by_the_next(database: Database) -> None:
    """Some collections are there, the mark says that it is new; then it is whole."""
    await database[MARK].insert_one({"_id": MARK, "version": 2, "fingerprints": [], "new": True})
    await require(database, layout(2))
    assert await indexes_of(database) == {"things": {"size_1"}}
    await require(database, layout(2))


@pytest.mark.parametrize("collection", ["vault_keys", "data_keys", "accounts", "customers", "rule_sets"])
async def test_what_holds_anything_is_not_empty(database: Database, collection: str) -> None:
    """A mark that was removed gives nobody a new database over old rows, even one without steps."""
    await database[collection].insert_one({"size": 1})
    for version in (0, 1, 2):
        with pytest.raises(LayoutError, match="dossier migrate"):
            await require(database, layout(version))
    assert await database[MARK].find_one() is None


@pytest.mark.parametrize(("stored", "program"), [(old, new) for old in range(4) for new in range(4) if old != new])
async def test_every_other_layout_is_refused(database: Database, stored: int, program: int) -> None:
    """An older one with what to do, a newer one with what not to; the database stays as it is."""
    await require(database, layout(stored))
    mark = await database[MARK].find_one()
    with pytest.raises(LayoutError, match="older version" if stored < program else f"layout {stored}"):
        await require(database, layout(program))
    assert await database[MARK].find_one() == mark


async def test_other_indexes_are_another_layout(database: Database) -> None:
    """One more, one with another option: neither is made by opening."""
    await require(database, layout(1))
    for other in (
        layout(1, more=[IndexModel("weight")]),
        layout(1, things=[IndexModel("size", unique=True)]),
        layout(1, things=[IndexModel([("size", -1)])]),
    ):
        with pytest.raises(LayoutError, match="dossier migrate"):
            await require(database, other)
    assert await indexes_of(database) == {"things": {"size_1"}}


@given(st.permutations(sorted(this_layout().indexes)))
def test_the_fingerprint_does_not_depend_on_the_order_of_declarations(order: list[str]) -> None:
    """Nor on the run: one program is one fingerprint."""
    same = Layout(STEPS, {name: [*this_layout().indexes[name]][::-1] for name in order})
    assert same.fingerprint == this_layout().fingerprint
    assert replace(same, indexes={name: same.indexes[name] for name in order[1:]}).fingerprint != same.fingerprint


def test_the_steps_are_numbered_in_order() -> None:
    """Their number is the layout that they lead to."""
    assert [step.number for step in STEPS] == list(range(1, len(STEPS) + 1))
