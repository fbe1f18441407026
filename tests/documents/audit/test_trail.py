"""The writer: what `record` promises, how entries share blocks, and what happens when the database refuses."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest
from pymongo import AsyncMongoClient, WriteConcern, monitoring
from pymongo.asynchronous.database import AsyncDatabase

from documents.audit.blocks import COLLECTION, all_blocks, block_collection, ensure_block_indexes, links, loose_ends
from documents.audit.chain import Head
from documents.audit.trail import AuditTrail
from documents.chapters.audit.verification import claims_of_links, verify
from documents.errors import TrailUnavailableError
from tests.documents.audit.trails import KEY, KEYS, invented, read, some_id
from tests.patience import patience, until

Database = AsyncDatabase[dict[str, Any]]
REFUSED = {"$jsonSchema": {"required": ["never"]}}


async def refuse_writes(database: Database, *, refused: bool) -> None:
    """Lets a validator of the collection refuse every block, or none any more."""
    await database.command("collMod", COLLECTION, validator=REFUSED if refused else {})


async def stored(database: Database) -> list[dict[str, Any]]:
    return await block_collection(database).find(sort=[("_id", 1)]).to_list()


async def findings(database: Database) -> list[Any]:
    blocks = block_collection(database)
    claims = claims_of_links(await links(blocks))
    return list(verify([raw async for raw in all_blocks(blocks)], claims, KEYS))


async def test_what_record_returned_for_is_stored_with_majority_concern(database: Database) -> None:
    """The entry is there when `record` returns, and the write asked for a majority."""
    blocks = block_collection(database)
    entry = read("agent.zhao", [some_id()])
    await AuditTrail(blocks, KEY).record(entry)
    assert blocks.write_concern == WriteConcern("majority")
    (block,) = await stored(database)
    assert block["body"]["entries"] == [entry]


async def test_entries_that_come_together_share_a_block(database: Database) -> None:
    """A hundred concurrent requests cost two writes: those that come while one is under way share the next."""
    await ensure_block_indexes(database)
    trail = AuditTrail(block_collection(database), KEY)
    await trail.record(read("agent.zhao", [some_id()]))
    generator = random.Random(4)
    await asyncio.gather(*(trail.record(invented(generator)) for _ in range(100)))
    blocks = await stored(database)
    assert len(blocks) <= 3
    assert sum(len(block["body"]["entries"]) for block in blocks) == 101
    assert [block["body"]["number"] for block in blocks] == list(range(len(blocks)))
    assert await findings(database) == []


async def test_callers_who_come_back_one_after_the_other_share_a_block(database: Database) -> None:
    """Whoever was served asks again a little sooner or later: the next block waits for all of them, and no longer."""
    trail = AuditTrail(block_collection(database), KEY, linger_seconds=3600.0)

    async def call(after: float) -> None:
        await asyncio.sleep(after)
        await trail.record(read("agent.zhao", [some_id()]))

    async with patience():
        await asyncio.gather(*(trail.record(read("agent.zhao", [some_id()])) for _ in range(8)))
        await asyncio.gather(*(call(number / 100) for number in range(8)))
    assert [len(block["body"]["entries"]) for block in await stored(database)] == [8, 8]


async def test_a_caller_who_is_alone_waits_for_nobody(database: Database) -> None:
    """One at a time: nobody else is expected."""
    trail = AuditTrail(block_collection(database), KEY, linger_seconds=3600.0)
    async with patience():
        for _ in range(3):
            await trail.record(read("agent.zhao", [some_id()]))
    assert len(await stored(database)) == 3


async def test_callers_who_do_not_come_back_are_waited_for_once_and_not_for_long(database: Database) -> None:
    """After a crowd the first to come waits for the others as long as is allowed; the next one does not."""
    trail = AuditTrail(block_collection(database), KEY, linger_seconds=0.5)
    await asyncio.gather(*(trail.record(read("agent.zhao", [some_id()])) for _ in range(5)))
    began = asyncio.get_running_loop().time()
    await trail.record(read("agent.zhao", [some_id()]))
    waited = asyncio.get_running_loop().time() - began
    assert waited >= 0.5
    trail._linger_seconds = 3600.0
    async with patience():
        await trail.record(read("agent.zhao", [some_id()]))


async def test_who_is_being_served_is_waited_for_longer_and_not_when_nothing_comes_of_it(database: Database) -> None:
    """As long as something is executing the next block waits beyond the usual time; when that ends without an entry, it
    is written."""
    trail = AuditTrail(block_collection(database), KEY, linger_seconds=0.0, longest_seconds=3600.0)

    async def call(executed: asyncio.Event) -> None:
        with trail.executing:
            await executed.wait()
        await trail.record(read("agent.zhao", [some_id()]))

    async def fail(executed: asyncio.Event) -> None:
        with trail.executing:
            await executed.wait()

    async with patience():
        await asyncio.gather(*(trail.record(read("agent.zhao", [some_id()])) for _ in range(3)))
        events = [asyncio.Event() for _ in range(3)]
        calls = [asyncio.create_task(call(event)) for event in events[:2]]
        calls.append(asyncio.create_task(fail(events[2])))
        events[0].set()
        await until(lambda: trail._waits_for_executing)
        events[1].set()
        await asyncio.sleep(0)
        assert len(await stored(database)) == 1
        events[2].set()
        await asyncio.gather(*calls)
    assert [len(block["body"]["entries"]) for block in await stored(database)] == [3, 2]


async def test_who_is_being_served_for_ever_holds_nobody_up(database: Database) -> None:
    """The longest wait has an end, and the next one alone is not held up again."""
    trail = AuditTrail(block_collection(database), KEY, linger_seconds=0.0, longest_seconds=0.1)
    async with patience():
        await asyncio.gather(*(trail.record(read("agent.zhao", [some_id()])) for _ in range(2)))
        with trail.executing:
            await trail.record(read("agent.zhao", [some_id()]))
            trail._longest_seconds = 3600.0
            await trail.record(read("agent.zhao", [some_id()]))
    assert [len(block["body"]["entries"]) for block in await stored(database)] == [2, 1, 1]


async def test_a_large_crowd_of_ids_is_spread_over_blocks(database: Database) -> None:
    """A block stays within what one document may hold, however much comes at once."""
    trail = AuditTrail(block_collection(database), KEY)
    large = [some_id() for _ in range(60_000)]
    await asyncio.gather(*(trail.record(read("agent.zhao", large)) for _ in range(6)))
    assert len(await stored(database)) == 3


async def test_nothing_is_served_when_the_database_refuses_the_block(database: Database) -> None:
    """Every request of the batch fails, and the trail goes on as a new chain that names the old one's head."""
    await database.create_collection(COLLECTION)
    trail = AuditTrail(block_collection(database), KEY)
    await trail.record(read("agent.zhao", [some_id()]))
    await refuse_writes(database, refused=True)
    outcomes = await asyncio.gather(
        *(trail.record(read("agent.zhao", [some_id()])) for _ in range(3)), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [TrailUnavailableError] * 3
    await refuse_writes(database, refused=False)
    await ensure_block_indexes(database)
    await trail.record(read("agent.zhao", [some_id()]))
    first, second = sorted(await stored(database), key=lambda block: block["body"]["at"])
    assert [dict(link) for link in second["body"]["links"]] == [
        {"chain": first["body"]["chain"], "number": 0, "hash": first["hash"]}
    ]
    assert await findings(database) == []


async def test_a_request_that_is_cancelled_takes_no_other_along(database: Database) -> None:
    """Its entry is written all the same: what was read was read."""
    trail = AuditTrail(block_collection(database), KEY)
    leaving = asyncio.create_task(trail.record(read("agent.zhao", [some_id()])))
    staying = asyncio.create_task(trail.record(read("manager.qian", [some_id()])))
    await asyncio.sleep(0)
    leaving.cancel()
    await staying
    (block,) = await stored(database)
    assert [entry["username"] for entry in block["body"]["entries"]] == ["agent.zhao", "manager.qian"]


async def test_every_new_chain_names_the_heads_that_nobody_named(database: Database) -> None:
    """Two processes side by side, then a third: it names the newest head of both, and no head twice."""
    await ensure_block_indexes(database)
    heads: list[Head] = []
    for _ in range(3):
        trail = AuditTrail(block_collection(database), KEY, heads.append)
        await trail.record(read("agent.zhao", [some_id()]))
        await trail.record(read("agent.zhao", [some_id()]))
    named = dict(await links(block_collection(database)))
    assert named[heads[0].chain] == []
    assert [(link.chain, link.number) for link in named[heads[2].chain]] == [(heads[0].chain, 1)]
    assert [(link.chain, link.number) for link in named[heads[4].chain]] == [(heads[2].chain, 1)]


class Asked(monitoring.CommandListener):
    """How many commands were sent."""

    def __init__(self) -> None:
        self.count = 0

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        self.count += event.command_name == "find"

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Nothing."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Nothing."""


async def test_a_start_asks_for_the_ends_of_those_chains_alone_that_went_on(
    database: Database, mongodb_uri: str
) -> None:
    """Of a chain that went on behind the block that was named, its newest head is named again; and a start costs the
    same few commands however many processes there were before."""
    await ensure_block_indexes(database)
    heads: list[Head] = []
    living = AuditTrail(block_collection(database), KEY, heads.append)
    asked = Asked()
    client: AsyncMongoClient[dict[str, Any]]
    async with AsyncMongoClient(mongodb_uri, event_listeners=[asked]) as client:
        blocks, counts = block_collection(client[database.name]), []
        for _ in range(5):
            await living.record(read("agent.zhao", [some_id()]))
            await AuditTrail(block_collection(database), KEY, heads.append).record(read("agent.zhao", [some_id()]))
            before = asked.count
            assert [(end.chain, end.number) for end in await loose_ends(blocks)] == [(heads[-1].chain, 0)]
            counts.append(asked.count - before)
        assert len(set(counts)) == 1
        await living.record(read("agent.zhao", [some_id()]))
        ends = {(end.chain, end.number) for end in await loose_ends(blocks)}
        assert ends == {(heads[-2].chain, 0), (heads[-1].chain, 5)}


async def test_closing_waits_for_what_was_recorded(database: Database) -> None:
    """An orderly end loses nothing."""
    trail = AuditTrail(block_collection(database), KEY)
    recording = asyncio.create_task(trail.record(read("agent.zhao", [some_id()])))
    await asyncio.sleep(0)
    await trail.close()
    assert len(await stored(database)) == 1
    await recording


async def test_a_database_that_does_not_answer_is_given_up_in_time(database: Database) -> None:
    """Waiting has an end: a trail that cannot be written in time counts as one that cannot be written."""
    trail = AuditTrail(block_collection(database), KEY, write_seconds=0.0)
    with pytest.raises(TrailUnavailableError):
        await trail.record(read("agent.zhao", [some_id()]))
