"""Reads by id, gathered: one command for many, each caller its own answer, and nothing across plans."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from bson import ObjectId

from documents.reading.coalescing import LARGEST_GROUP, ReadCoalescer, Row
from tests.api import Api
from tests.patience import until


class Commands:
    """A fetch that notes what it was asked, over rows that exist for even counters."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    async def fetch(self, wanted: Any) -> list[Row]:
        self.asked.append(wanted)
        await asyncio.sleep(0)
        ids = wanted["$in"] if isinstance(wanted, dict) else [wanted]
        return [{"_id": row_id} for row_id in ids if row_id.binary[-1] % 2 == 0]


async def test_reads_of_one_turn_are_one_command() -> None:
    """Fifty callers, forty ids, one command; each gets its row, or None."""
    ids = [ObjectId(bytes(11) + bytes([n])) for n in range(40)]
    commands, coalescer = Commands(), ReadCoalescer()
    wanted = [*ids, *ids[:10]]
    rows = await asyncio.gather(*(coalescer.read("same", row_id, commands.fetch) for row_id in wanted))
    assert len(commands.asked) == coalescer.commands == 1
    assert [row and row["_id"] for row in rows] == [row_id if row_id.binary[-1] % 2 == 0 else None for row_id in wanted]


async def test_different_groups_never_share_a_command() -> None:
    """What differs in its key is another command, however close in time."""
    row_id, coalescer = ObjectId(bytes(12)), ReadCoalescer()
    one, other = Commands(), Commands()
    await asyncio.gather(coalescer.read("one", row_id, one.fetch), coalescer.read("other", row_id, other.fetch))
    assert (one.asked, other.asked) == ([row_id], [row_id])


async def test_a_group_has_a_largest_size() -> None:
    """More reads than that are several commands."""
    ids = [ObjectId() for _ in range(LARGEST_GROUP * 2 + 1)]
    commands, coalescer = Commands(), ReadCoalescer()
    await asyncio.gather(*(coalescer.read("same", row_id, commands.fetch) for row_id in ids))
    assert sorted(len(wanted["$in"]) if isinstance(wanted, dict) else 1 for wanted in commands.asked) == [1, 100, 100]


async def test_under_load_reads_wait_for_a_command_that_returns() -> None:
    """Of reads that come one by one, the first is sent at once; those that come meanwhile are one command more."""
    returning, asked = asyncio.Event(), list[Any]()

    async def slow(wanted: Any) -> list[Row]:
        asked.append(wanted)
        await returning.wait()
        return [{"_id": row_id} for row_id in (wanted["$in"] if isinstance(wanted, dict) else [wanted])]

    coalescer, ids, reads = ReadCoalescer(), [ObjectId() for _ in range(10)], []
    for row_id in ids:
        reads.append(asyncio.create_task(coalescer.read("same", row_id, slow)))
        for _ in range(5):  # turns of the loop
            await asyncio.sleep(0)
    assert asked == ids[:1]
    other = asyncio.create_task(coalescer.read("other", ids[0], slow))
    for _ in range(5):
        await asyncio.sleep(0)
    assert asked == [ids[0], ids[0]]  # another group waits for nobody
    returning.set()
    assert await asyncio.gather(*reads, other) == [{"_id": row_id} for row_id in (*ids, ids[0])]
    assert asked[-1] == {"$in": ids[1:]}
    assert not coalescer._groups
    await until(lambda: not coalescer._under_way)


async def test_a_failed_command_fails_each_of_its_reads_and_no_later_one() -> None:
    """The error reaches everybody who waited for it."""

    async def fail(_wanted: Any) -> list[Row]:
        raise ConnectionError

    coalescer, commands = ReadCoalescer(), Commands()
    results = await asyncio.gather(
        *(coalescer.read("same", ObjectId(), fail) for _ in range(3)), return_exceptions=True
    )
    assert [type(result) for result in results] == [ConnectionError] * 3
    assert await coalescer.read("same", ObjectId(bytes(12)), commands.fetch) == {"_id": ObjectId(bytes(12))}
    await until(lambda: not coalescer._under_way)


async def test_a_caller_that_goes_away_takes_nobody_along() -> None:
    """The others get their rows."""
    ids = [ObjectId(bytes(11) + bytes([n])) for n in (0, 2)]
    commands, coalescer = Commands(), ReadCoalescer()
    gone = asyncio.create_task(coalescer.read("same", ids[0], commands.fetch))
    stays = asyncio.create_task(coalescer.read("same", ids[1], commands.fetch))
    await asyncio.sleep(0)
    gone.cancel()
    assert await stays == {"_id": ids[1]}
    with pytest.raises(asyncio.CancelledError):
        await gone


async def test_callers_of_different_plans_get_their_own_answers(demo_api: Api) -> None:
    """The same customers at the same moment, by three roles: as each sees them alone."""
    listed = await demo_api.ask("demo.credit", "{ customers(first: 30) { nodes { id } } }")
    ids = [node["id"] for node in listed["data"]["customers"]["nodes"]]
    query = "query($i: ID!) { customer(id: $i) { id telephone email notes ... on Individual { idNumber } } }"
    callers = [
        ("demo.credit", "risk_assessment"),
        ("demo.manager", "business_operation"),
        ("demo.agent", "customer_service"),
    ]
    asked = [(who, purpose, row_id) for row_id in ids for who, purpose in callers]
    for who, _ in callers:
        await demo_api.login(who)
    together = await asyncio.gather(
        *(demo_api.ask(who, query, {"i": row_id}, purpose=purpose) for who, purpose, row_id in asked)
    )
    alone = [await demo_api.ask(who, query, {"i": row_id}, purpose=purpose) for who, purpose, row_id in asked]
    for gathered, single in zip(together, alone, strict=True):
        assert gathered == single
    assert len({str(answer) for answer in together}) > len(ids)  # the roles do see different things
