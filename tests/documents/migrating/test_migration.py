"""Migrations by steps that were invented for it: forward, once, resumed, by one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from pymongo import IndexModel
from pymongo.asynchronous.database import AsyncDatabase

from documents.encryption.key_providers import LocalKeyProvider
from documents.encryption.keyring import Keyring
from documents.errors import LayoutError, MigrationLostError
from documents.migrating.known import FILE_NAME, KnownLayouts
from documents.migrating.layout import MARK, Layout, require
from documents.migrating.migration import Migration
from documents.migrating.step import Progress, Step
from tests.documents.migrating.test_layout import indexes_of, layout
from tests.patience import patience

Database = AsyncDatabase[dict[str, Any]]

ROWS: Final = 6
STEPS: Final = 3
QUICK: Final = timedelta(seconds=0.4)


class Killed(BaseException):
    """Ends a run as nothing in it expects."""


class Works:
    """Steps that each write their number on every row, one row per checkpoint."""

    def __init__(self, hook: Callable[[int, int], None] = lambda _step, _row: None) -> None:
        self.hook = hook
        self.done: list[tuple[int, int]] = []
        self.pause = 0.0

    def layout(self, steps: int = STEPS) -> Layout:
        return Layout([self._step(number) for number in range(1, steps + 1)], {"rows": [IndexModel("size")]})

    def _step(self, number: int) -> Step:
        async def run(database: Any, keyring: Keyring, progress: Progress) -> None:
            assert await keyring.secret("of the steps")
            first = 0 if progress.checkpoint is None else progress.checkpoint["next"]
            for row in range(first, ROWS):
                self.hook(number, row)
                await database["rows"].update_one({"_id": row}, {"$addToSet": {"steps": number}})
                self.done.append((number, row))
                await asyncio.sleep(self.pause)
                await progress.keep({"next": row + 1}, row + 1, ROWS)

        return Step(number, f"step {number}", run)


@pytest.fixture
async def keyring(database: Database, tmp_path: Path) -> Keyring:
    """As it is before the first migration: it has keys, and no mark."""
    keyring = Keyring(database, LocalKeyProvider(tmp_path / "root.key"))
    await keyring.open()
    await database["rows"].insert_many([{"_id": row, "steps": []} for row in range(ROWS)])
    return keyring


def _ignore(_what: str, _done: int, _total: int) -> None:
    """A report that nobody reads."""


async def _rows(database: Database) -> list[list[int]]:
    return [row["steps"] for row in await database["rows"].find(sort={"_id": 1}).to_list()]


ALL: Final = [(step, row) for step in range(1, STEPS + 1) for row in range(ROWS)]


async def test_every_step_is_done_in_order_and_then_the_indexes(database: Database, keyring: Keyring) -> None:
    """Each of it is told; afterwards the database can be opened, and there is nothing to do."""
    works, told = Works(), list[tuple[str, int, int]]()
    assert await Migration(database, keyring, works.layout(), lambda *said: told.append(said)).run()
    assert works.done == ALL
    assert await _rows(database) == [[1, 2, 3]] * ROWS
    assert ("step 2", 4, ROWS) in told
    await require(database, works.layout())
    assert not await Migration(database, keyring, works.layout(), _ignore).run()
    assert works.done == ALL


async def test_only_the_steps_that_are_missing_are_done(database: Database, keyring: Keyring) -> None:
    """From any layout to any later one."""
    for steps in range(1, STEPS + 1):
        works = Works()
        await Migration(database, keyring, works.layout(steps), _ignore).run()
        assert works.done == [(steps, row) for row in range(ROWS)]


@pytest.mark.parametrize("killed_at", ALL)
async def test_a_run_killed_anywhere_is_taken_up_there(
    database: Database, keyring: Keyring, killed_at: tuple[int, int]
) -> None:
    """Nothing is left out, and nothing before the last checkpoint is done again."""

    def kill(step: int, row: int) -> None:
        if (step, row) == killed_at:
            raise Killed

    first, second = Works(kill), Works()
    with pytest.raises(Killed):
        await Migration(database, keyring, first.layout(), _ignore).run()
    with pytest.raises(LayoutError, match="dossier migrate"):
        await require(database, first.layout())
    assert await Migration(database, keyring, second.layout(), _ignore).run()
    assert first.done + second.done == ALL
    assert await _rows(database) == [[1, 2, 3]] * ROWS
    await require(database, first.layout())


async def test_one_that_vanished_without_a_word_is_waited_for_no_longer_than_its_lease(
    database: Database, keyring: Keyring
) -> None:
    """As a killed process leaves it: a token that nobody has any more, and a checkpoint."""
    works = Works()
    gone = {"token": "0" * 24, "step": "step 2", "checkpoint": {"next": 4}, "done": 4, "total": ROWS}
    await database[MARK].insert_one({"_id": MARK, "version": 1, "fingerprints": []})
    until = {"$add": ["$$NOW", 300]}
    await database[MARK].update_one({"_id": MARK}, [{"$set": {"run": {**gone, "until": until}}}])
    async with patience():
        await Migration(database, keyring, works.layout(), _ignore, QUICK).run()
    assert works.done == ALL[ROWS + 4 :]


async def test_two_at_once_do_everything_once(database: Database, keyring: Keyring) -> None:
    """The second one waits and shows how far the first is, however long that takes beside the lease."""
    works, told = Works(), list[str]()
    works.pause = 0.05
    async with patience():
        await asyncio.gather(
            *(
                Migration(database, keyring, works.layout(), lambda what, *_: told.append(what), QUICK).run()
                for _ in "ab"
            )
        )
    assert works.done == ALL
    assert any(what.startswith("another process: step") for what in told)
    await require(database, works.layout())


async def test_a_run_that_slept_through_its_lease_writes_no_mark_any_more(database: Database, keyring: Keyring) -> None:
    """It learns that at its next checkpoint, does no more, and the other one's end stays."""
    works, other, lost = Works(), Works(), list[bool]()
    taken = Migration(database, keyring, other.layout(), _ignore)

    async def stolen(database: Any, _: Keyring, progress: Progress) -> None:
        await database[MARK].update_one({"_id": MARK}, {"$unset": {"run": ""}})
        await taken.run()
        try:
            await progress.keep({"next": 0}, 0, 1)
        except MigrationLostError:
            lost.append(True)
            raise

    first, *others = works.layout().steps
    slow = Layout([Step(1, first.name, stolen), *others], works.layout().indexes)
    await Migration(database, keyring, slow, _ignore).run()
    assert (works.done, other.done, lost) == ([], ALL, [True])
    await require(database, other.layout())


async def test_a_newer_database_is_not_brought_back(database: Database, keyring: Keyring) -> None:
    """Forward only."""
    await Migration(database, keyring, layout(3), _ignore).run()
    mark = await database[MARK].find_one()
    with pytest.raises(LayoutError, match="newer"):
        await Migration(database, keyring, layout(2), _ignore).run()
    assert await database[MARK].find_one() == mark


class TestIndexes:
    """Where only the declared indexes are others, nothing but they is changed."""

    async def test_the_missing_ones_are_made_and_unknown_ones_stay(self, database: Database, keyring: Keyring) -> None:
        """An operator's own, and those of another version; which can still be opened, too."""
        one, other = layout(1, more=[IndexModel("weight")]), layout(1, others=[IndexModel("colour")])
        await Migration(database, keyring, one, _ignore).run()
        await database["things"].create_index("made_by_hand")
        await Migration(database, keyring, other, _ignore).run()
        made = await indexes_of(database)
        assert made["things"] == {"size_1", "made_by_hand_1"}
        assert (made["more"], made["others"]) == ({"weight_1"}, {"colour_1"})
        await require(database, one)
        await require(database, other)

    async def test_one_that_is_declared_otherwise_is_replaced(self, database: Database, keyring: Keyring) -> None:
        """It is ours: it has the name that is declared."""
        await Migration(database, keyring, layout(1, more=[IndexModel("weight", name="w")]), _ignore).run()
        for other in (IndexModel("weight", name="w", unique=True), IndexModel([("weight", -1)], name="w")):
            await Migration(database, keyring, layout(1, more=[other]), _ignore).run()
            stored = (await database["more"].index_information())["w"]
            assert dict(stored["key"]) == dict(other.document["key"])
            assert stored.get("unique", False) == other.document.get("unique", False)

    async def test_one_under_a_name_of_somebody_else_is_for_them_to_drop(
        self, database: Database, keyring: Keyring
    ) -> None:
        """One sentence names it, and nothing is dropped; the next run goes on."""
        await database["things"].create_index("size", name="mine")
        with pytest.raises(LayoutError, match=r"`things` .* `size_1`"):
            await Migration(database, keyring, layout(1), _ignore).run()
        assert (await indexes_of(database))["things"] == {"mine"}
        await database["things"].drop_index("mine")
        await Migration(database, keyring, layout(1), _ignore).run()


class TestKnownLayouts:
    """What was seen once is not forgotten because the database says so."""

    def test_a_lower_layout_than_before_is_refused_until_the_file_is_removed(self, tmp_path: Path) -> None:
        """By the name of the database: another one in the same directory is another matter."""
        known = KnownLayouts(tmp_path)
        known.keep("dossier", 3)
        known.keep("dossier", 2)
        known.refuse_older("dossier", 3)
        known.refuse_older("another", 0)
        for version in (0, 1, 2):
            with pytest.raises(LayoutError, match=FILE_NAME):
                KnownLayouts(tmp_path).refuse_older("dossier", version)
        (tmp_path / FILE_NAME).unlink()
        known.refuse_older("dossier", 0)

    @pytest.mark.parametrize("content", ["", "[]", '{"dossier": "three"}', '{"dossier": null}', "3"])
    def test_a_damaged_file_opens_nothing(self, tmp_path: Path, content: str) -> None:
        """It says nothing, and nothing is not "never migrated"."""
        (tmp_path / FILE_NAME).write_text(content, encoding="utf-8")
        with pytest.raises(LayoutError, match=FILE_NAME):
            KnownLayouts(tmp_path).refuse_older("dossier", 5)

    def test_a_directory_that_cannot_be_written_is_told(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        """The database is opened all the same."""
        KnownLayouts(tmp_path / "missing").keep("dossier", 1)
        assert [record.levelname for record in caplog.records] == ["ERROR"]
