"""Asking the trail: what is found, in which order, page by page, and by which index."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId
from pymongo.asynchronous.database import AsyncDatabase

from documents.access.plan import Purpose
from documents.audit.blocks import NEWEST_FIRST, block_collection, ensure_block_indexes
from documents.audit.entries import Outcome
from documents.audit.trail import AuditTrail
from documents.chapters.audit.queries import AuditQueries, TrailQuery
from documents.declaring.kind import Kind
from documents.errors import InvalidCursorError
from tests.documents.audit.trails import BASIC, FIRM, KEY, WHOLE, read, some_id

Database = AsyncDatabase[dict[str, Any]]
ALICE, BOB, FIRMS = (ObjectId(f"{number:024x}") for number in (1, 2, 3))


@pytest.fixture
async def queries(database: Database) -> AuditQueries:
    """A trail of two processes: five entries that share blocks, then five that do not."""
    await ensure_block_indexes(database)
    entries = [
        read("agent.zhao", [ALICE, BOB], BASIC),
        read("manager.qian", [ALICE], WHOLE, Purpose.BUSINESS_OPERATION),
        read("agent.zhao", [], codes=("FILTER_DENIED",)),
        read("agent.zhao", [FIRMS], FIRM),
        read("manager.qian", [BOB], BASIC, Purpose.BUSINESS_OPERATION, codes=("INTERNAL_ERROR",)),
    ]
    one, other = (AuditTrail(block_collection(database), KEY) for _ in range(2))
    await asyncio.gather(*(one.record(entry) for entry in entries))
    for entry in entries:
        await other.record(entry)
        await asyncio.sleep(0.002)
    return AuditQueries(block_collection(database))


@pytest.mark.parametrize(
    ("query", "count"),
    [
        (TrailQuery(), 10),
        (TrailQuery(username="agent.zhao"), 6),
        (TrailQuery(customer=ALICE), 4),
        (TrailQuery(customer=ALICE, username="agent.zhao"), 2),
        (TrailQuery(field="id_number"), 6),
        (TrailQuery(field="id_number", customer=FIRMS), 0),
        (TrailQuery(field="email"), 0),  # it was denied: nobody saw it
        (TrailQuery(field="name", kind=Kind.ENTERPRISE), 2),
        (TrailQuery(kind=Kind.INDIVIDUAL), 6),
        (TrailQuery(purpose=Purpose.BUSINESS_OPERATION), 4),
        (TrailQuery(outcome=Outcome.REFUSED), 2),
        (TrailQuery(outcome=Outcome.ERROR), 2),
        (TrailQuery(username="nobody"), 0),
    ],
    ids=str,
)
async def test_a_question_finds_its_entries_and_no_others(queries: AuditQueries, query: TrailQuery, count: int) -> None:
    """Also where entries that match and others share a block."""
    assert len(await queries.find(query, limit=100)) == count


@pytest.mark.parametrize("query", [TrailQuery(), TrailQuery(username="agent.zhao"), TrailQuery(field="id_number")])
@pytest.mark.parametrize("size", [1, 2, 3])
async def test_pages_together_are_the_whole_answer_newest_first(
    queries: AuditQueries, query: TrailQuery, size: int
) -> None:
    """Each entry once, whatever the size of the pages, also where a page ends within a block."""
    whole = await queries.find(query, limit=100)
    pages, cursor = [], None
    while page := await queries.find(query, limit=size, after=cursor):
        pages += page
        cursor = page[-1].cursor
    assert pages == whole
    assert [entry.at for entry in whole] == sorted((entry.at for entry in whole), reverse=True)


async def test_time_bounds_take_the_first_instant_and_leave_the_last(queries: AuditQueries) -> None:
    """[since, until)."""
    entries = await queries.find(TrailQuery(), limit=100)
    since, until = entries[3].at, entries[1].at
    found = await queries.find(TrailQuery(since=since, until=until), limit=100)
    assert found == [entry for entry in entries if since <= entry.at < until]
    assert found


async def test_reads_of_a_field_name_each_customer_once_with_first_and_last_time(queries: AuditQueries) -> None:
    """What incidents are made of: whose identity numbers one account saw between two times."""
    now = datetime.now(UTC)
    asked = TrailQuery(field="id_number", since=now - timedelta(minutes=1), until=now + timedelta(minutes=1))
    reads = (await queries.examine(asked)).reads
    found = {read.customer: (read.plain, read.times) for read in reads}
    assert found == {ALICE: (True, 4), BOB: (False, 4)}
    assert all(read.first < read.last for read in reads)
    of_agent = (await queries.examine(replace(asked, username="agent.zhao"))).reads
    assert {read.customer for read in of_agent} == {ALICE, BOB}
    assert all(not read.plain for read in of_agent)


@pytest.mark.parametrize("cursor", ["", "AAAA", "not base64!", "ä"])
async def test_a_cursor_that_is_none_is_refused(queries: AuditQueries, cursor: str) -> None:
    """Whatever it is."""
    with pytest.raises(InvalidCursorError):
        await queries.find(TrailQuery(), limit=1, after=cursor)


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (TrailQuery(), "by_time"),
        (TrailQuery(since=datetime(2026, 1, 1, tzinfo=UTC), until=datetime(2027, 1, 1, tzinfo=UTC)), "by_time"),
        (TrailQuery(username="agent.zhao"), "by_username"),
        (TrailQuery(customer=ALICE), "by_customer"),
        (TrailQuery(kind=Kind.TICKET), "by_kind"),
        (TrailQuery(purpose=Purpose.SUPERVISION), "by_purpose"),
        (TrailQuery(outcome=Outcome.REFUSED), "by_outcome"),
        (TrailQuery(field="id_number"), "by_plain"),
        (TrailQuery(field="id_number", username="agent.zhao"), None),
    ],
    ids=str,
)
async def test_every_question_has_an_index_that_is_in_the_order_of_the_answer(
    database: Database, queries: AuditQueries, query: TrailQuery, index: str | None
) -> None:
    """The winning plan neither scans the collection nor sorts in memory: page N costs what page 1 costs."""
    for newest in (None, datetime.now(UTC)):
        condition = queries.condition(query, newest)
        plan = await block_collection(database).find(condition).sort(NEWEST_FIRST).explain()
        text = repr(plan["queryPlanner"]["winningPlan"])
        assert "COLLSCAN" not in text
        assert "'SORT'" not in text
        assert index is None or index in text


async def test_only_known_customers_are_answered_by_the_customers_index(queries: AuditQueries) -> None:
    """An id that is nowhere in the trail gives no entry."""
    assert await queries.find(TrailQuery(customer=some_id()), limit=10) == []
