"""The change feed: what it tells, to how many, and that nothing is lost without a word."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from documents.database.embedded import EmbeddedMongoDB
from documents.errors import EventsLostError, EventsOverflowError
from documents.storing import change_feed
from documents.storing.change_feed import ChangeFeed, ChangeQueue, Operation, RecordChange
from tests.patience import patience, until
from tests.ports import unused_port

Database = AsyncDatabase[dict[str, Any]]


@pytest.fixture
async def feed(database: Database) -> AsyncIterator[ChangeFeed]:
    """The feed of one process over an empty database."""
    made = ChangeFeed(database, backlog=3)
    yield made
    await made.close()


async def next_change(queue: ChangeQueue) -> RecordChange:
    """The next change."""
    async with patience():
        return await queue.take()


async def is_silent(queue: ChangeQueue) -> bool:
    """Whether nothing comes."""
    try:
        async with asyncio.timeout(0.3):
            await queue.take()
    except TimeoutError:
        return True
    return False


class TestChanges:
    async def test_they_name_the_record_and_the_fields(self, database: Database, feed: ChangeFeed) -> None:
        """What is derived from a field goes by the field's name; kind and customer come along while they can."""
        queue = await feed.follow("tickets")
        tickets = database["tickets"]
        row = {"_id": 1, "kind": "ticket", "customer_id": 9, "title": "x", "old": 1, "list": [1, 2], "_tokens": {}}
        await tickets.insert_one(row)
        assert await next_change(queue) == RecordChange("tickets", Operation.CREATED, 1, "ticket", 9)
        update = {"$set": {"title": "y", "_tokens.telephone": [b"t"], "address.city": "z"}, "$unset": {"old": ""}}
        await tickets.update_one({"_id": 1}, update)
        assert (await next_change(queue)).fields == {"title", "telephone", "address", "old"}
        await tickets.update_one({"_id": 1}, [{"$set": {"list": [1]}}])
        assert (await next_change(queue)).fields == {"list"}
        await tickets.delete_one({"_id": 1})
        assert await next_change(queue) == RecordChange("tickets", Operation.DELETED, 1)

    async def test_no_value_leaves_the_database(self, database: Database) -> None:
        """The very events, as the driver gets them."""
        secret = "13800138000"
        async with await database["tickets"].watch(change_feed._PIPELINE, full_document="updateLookup") as stream:
            await database["tickets"].insert_one({"_id": 1, "telephone": secret, "_tokens": {"telephone": [secret]}})
            await database["tickets"].update_one({"_id": 1}, {"$set": {"telephone": secret + "1", "a.b": secret}})
            await database["tickets"].replace_one({"_id": 1}, {"telephone": secret + "2"})
            await database["tickets"].delete_one({"_id": 1})
            events = [await anext(stream) for _ in range(4)]
        assert [event["operationType"] for event in events] == ["insert", "update", "replace", "delete"]
        assert secret not in str(events)

    async def test_a_replacement_says_nothing(self, database: Database, feed: ChangeFeed) -> None:
        """Which of its fields changed cannot be known."""
        queue = await feed.follow("tickets")
        await database["tickets"].insert_one({"_id": 1, "title": "x"})
        await next_change(queue)
        await database["tickets"].replace_one({"_id": 1}, {"title": "y"})
        assert await is_silent(queue)

    async def test_what_was_before_is_not_told(self, database: Database, feed: ChangeFeed) -> None:
        """A follower hears of what happens after `follow` returned, the first one and those that join."""
        await database["tickets"].insert_one({"_id": 1})
        first = await feed.follow("tickets")
        await database["tickets"].insert_one({"_id": 2})
        assert (await next_change(first)).record_id == 2
        second = await feed.follow("tickets")
        await database["tickets"].insert_one({"_id": 3})
        assert (await next_change(second)).record_id == 3


class TestFollowers:
    async def test_they_share_one_stream(
        self, database: Database, feed: ChangeFeed, mongodb_client: AsyncMongoClient[dict[str, Any]]
    ) -> None:
        """One cursor in the database, however many follow."""
        queues = [await feed.follow("tickets") for _ in range(20)]
        await database["tickets"].insert_one({"_id": 1})
        assert {(await next_change(queue)).record_id for queue in queues} == {1}
        cursors: set[int] = set()
        for _ in range(20):  # a cursor between two commands is in neither list of the database for an instant
            operations = await mongodb_client.admin.aggregate(
                [
                    {"$currentOp": {"allUsers": True, "idleCursors": True}},
                    {"$match": {"ns": f"{database.name}.tickets", "cursor": {"$exists": True}}},
                ]
            )
            cursors |= {operation["cursor"]["cursorId"] async for operation in operations}
        assert len(cursors) == 1

    async def test_each_hears_what_it_asked_for(self, database: Database, feed: ChangeFeed) -> None:
        """Other changes do not fill its queue."""
        odd = await feed.follow("tickets", lambda change: change.record_id % 2 == 1)
        await database["tickets"].insert_many([{"_id": number} for number in range(10) if number % 2 == 0])
        await database["tickets"].insert_one({"_id": 11})
        assert (await next_change(odd)).record_id == 11

    async def test_changes_of_one_record_that_wait_become_one(self, database: Database, feed: ChangeFeed) -> None:
        """With all their fields; created stays created, deleted is the end."""
        queue = await feed.follow("tickets")
        await database["tickets"].insert_one({"_id": 1, "kind": "ticket"})
        await database["tickets"].update_one({"_id": 1}, {"$set": {"a": 1}})
        await database["tickets"].update_one({"_id": 1}, {"$set": {"b": 1}})
        await database["tickets"].insert_one({"_id": 2})
        await database["tickets"].update_one({"_id": 2}, {"$set": {"account_manager": "x"}})
        await database["tickets"].delete_one({"_id": 2})
        await until(lambda: 2 in queue._pending and queue._pending[2].operation is Operation.DELETED)
        assert await next_change(queue) == RecordChange(
            "tickets", Operation.CREATED, 1, "ticket", fields=frozenset({"a", "b"})
        )
        deleted = await next_change(queue)
        assert (deleted.operation, deleted.fields) == (Operation.DELETED, frozenset({"account_manager"}))
        assert await is_silent(queue)

    async def test_who_does_not_take_its_changes_is_given_up(
        self, database: Database, feed: ChangeFeed, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """With an error; the others go on, and its memory is bounded."""
        monkeypatch.setattr(change_feed, "PATIENCE_SECONDS", 1.0)
        slow, quick = await feed.follow("tickets"), await feed.follow("tickets")
        taken: list[Any] = []

        async def take() -> None:
            while len(taken) < 10:
                taken.append((await quick.take()).record_id)

        taking = asyncio.create_task(take())
        await database["tickets"].insert_many([{"_id": number} for number in range(10)])
        async with patience():
            await taking
        assert taken == list(range(10))
        with pytest.raises(EventsOverflowError):
            await slow.take()

    async def test_who_stops_is_forgotten(self, database: Database, feed: ChangeFeed) -> None:
        """The stream holds nothing of it."""
        queue = await feed.follow("tickets")
        queue.close()
        assert feed._streams["tickets"].followers == set()
        with pytest.raises(EventsLostError):
            await queue.take()


class TestInterruptions:
    async def test_a_collection_that_is_dropped_loses_its_followers(self, database: Database, feed: ChangeFeed) -> None:
        """They are told, and can follow anew."""
        queue = await feed.follow("tickets")
        await database["tickets"].insert_one({"_id": 1})
        await next_change(queue)
        await database["tickets"].drop()
        with pytest.raises(EventsLostError):
            await next_change(queue)
        async with patience():
            again = await feed.follow("tickets")
        await database["tickets"].insert_one({"_id": 2})
        assert (await next_change(again)).record_id == 2

    async def test_an_interruption_loses_nothing(self, tmp_path: Path) -> None:
        """What changed while the database was restarted is told when it is back."""
        (tmp_path / "mongodb.port").write_text(str(unused_port()), encoding="ascii")  # nobody takes it meanwhile
        with EmbeddedMongoDB(tmp_path, cache_gigabytes=0.25) as uri:
            watcher: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(uri, serverSelectionTimeoutMS=500)
            feed = ChangeFeed(watcher["interrupted"])
            queue = await feed.follow("tickets")
            async with AsyncMongoClient[dict[str, Any]](uri) as writer:
                await writer["interrupted"]["tickets"].insert_one({"_id": 1})
                assert (await next_change(queue)).record_id == 1
        await asyncio.sleep(1)
        with EmbeddedMongoDB(tmp_path, cache_gigabytes=0.25) as again:
            assert again == uri  # the port is used again
            async with AsyncMongoClient[dict[str, Any]](again) as writer:
                await writer["interrupted"]["tickets"].insert_one({"_id": 2})
            async with patience():
                assert (await queue.take()).record_id == 2
            await feed.close()
            await watcher.close()

    async def test_a_place_that_is_gone_loses_the_followers(self, database: Database, feed: ChangeFeed) -> None:
        """A stream that cannot go on where it was begins anew, and says so."""
        stream = feed._streams["tickets"] = change_feed._Stream(database, "tickets")
        stream._token = {"_data": "82" + "00" * 20}  # no place that the database knows; it is opened in a moment
        lost = ChangeQueue(lambda _change: True, stream.followers.discard, 3)
        stream.followers.add(lost)
        with pytest.raises(EventsLostError):
            await next_change(lost)
        queue = await feed.follow("tickets")
        await database["tickets"].insert_one({"_id": 1})
        assert (await next_change(queue)).record_id == 1
