"""Lists of very many tickets: each walks an index and looks at few more rows than it shows (S1, S2)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pymongo import AsyncMongoClient

import app
from benchmarks.ticket_rows import store_tickets
from documents.declaring.fields import FieldSpec, Search
from documents.declaring.kind import Kind
from documents.migrating.layout import MARK, mark_collection
from documents.migrating.registry import this_layout
from documents.registry import RECORD_CATALOGUES
from settings import Settings
from tests.api import Api, running

MANY, A_HUNDRED_THOUSAND = 20_000, 100_000
PAGE = 50
AGENT = {"username": "demo.agent"}
MANAGER = {"username": "demo.manager", "purpose": "customer_service"}  # an eighth of the tickets
FIELDS = RECORD_CATALOGUES[Kind.TICKET].fields(Kind.TICKET)
ORDERS = [name for name, spec in FIELDS.items() if spec.declaration.sortable]
EXACT = [name for name, spec in FIELDS.items() if spec.search == {Search.EQUALITY} and not spec.encrypted]
RANGED = [name for name in ORDERS if Search.RANGE in FIELDS[name].search]
LIST = """query($f: TicketFilter, $s: TicketSort, $after: String) {
  tickets(first: 50, filter: $f, sort: $s, after: $after) { nodes { id } pageInfo { endCursor } } }"""


@pytest.fixture(scope="module", params=[MANY, pytest.param(A_HUNDRED_THOUSAND, marks=pytest.mark.slow)])
async def api(
    request: pytest.FixtureRequest,
    mongodb_uri: str,
    mongodb_client: AsyncMongoClient[dict[str, Any]],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Api]:
    """The application over so many tickets: they are there before the indexes, which is ten times as fast."""
    name = "service_lists_test"
    settings = Settings(data_dir=tmp_path_factory.mktemp("lists"), database=name, jobs="worker")
    await store_tickets(mongodb_client[name], settings.data_dir, request.param)
    mark = {"_id": MARK, "version": this_layout().version, "fingerprints": []}  # only indexes are to be made
    await mark_collection(mongodb_client[name]).insert_one(mark)
    await app.migrate(settings, mongodb_uri, lambda *_: None)
    async with running(settings, mongodb_uri) as api:
        await api.seed_demo(9)
        yield api
    await mongodb_client.drop_database(name)


@asynccontextmanager
async def profiled(api: Api) -> AsyncIterator[list[dict[str, Any]]]:
    """What the database did on tickets in this block, by its own profiler."""
    database, seen = api.services.database, []  # type: ignore[var-annotated]
    await database.command("profile", 2)
    try:
        yield seen
    finally:
        await database.command("profile", 0)
        mine = {"ns": f"{database.name}.tickets", "op": {"$in": ["query", "command"]}}
        seen += await database["system.profile"].find(mine).to_list()
        await database["system.profile"].drop()


async def sample(api: Api, spec: FieldSpec) -> Any:
    """A value of the field that some ticket has, as a filter takes it."""
    row = await api.services.database["tickets"].find_one({spec.name: {"$exists": True}}, sort=[("created_at", -1)])
    assert row is not None, spec.name
    value = row[spec.name]
    if spec.choices is not None:
        return value.upper()
    return value.isoformat() if hasattr(value, "isoformat") else value


async def listed(api: Api, who: dict[str, str], **variables: Any) -> Any:
    answer = await api.ask(**who, query=LIST, variables=variables)
    assert "errors" not in answer, answer
    return answer["data"]["tickets"]


def walks_an_index(entry: dict[str, Any], *, times: int) -> bool:
    """No collection scan, no sort in memory, and at most `times` as many rows looked at as a page has."""
    plan = entry["planSummary"]
    return "COLLSCAN" not in plan and not entry.get("hasSortStage") and entry["docsExamined"] <= times * (PAGE + 1)


@pytest.mark.parametrize("who", [AGENT, MANAGER], ids=lambda who: who["username"])
@pytest.mark.parametrize("direction", ["ASC", "DESC"])
@pytest.mark.parametrize("order", [None, *ORDERS])
async def test_s2_every_order_of_very_many_tickets_walks_an_index(
    api: Api, who: dict[str, str], order: str | None, direction: str
) -> None:
    """For who sees all and who sees its own; the third page costs what the first does."""
    sort, cursor = {"field": order.upper(), "direction": direction} if order else None, None
    async with profiled(api) as seen:
        for _ in range(3):
            found = await listed(api, who, s=sort, after=cursor)
            cursor = found["pageInfo"]["endCursor"]
            assert len(found["nodes"]) == PAGE
    assert len(seen) == 3
    for entry in seen:
        assert walks_an_index(entry, times=2), (entry["planSummary"], entry["docsExamined"])


@pytest.mark.parametrize("name", EXACT)
async def test_s2_every_filter_of_very_many_tickets_walks_an_index(api: Api, name: str) -> None:
    """Newest first; for who sees an eighth of the rows, an eighth of those looked at may be shown."""
    spec = FIELDS[name]
    condition = {"f": {spec.public_name: {"eq": await sample(api, spec)}}}
    for who, times in ((AGENT, 2), (MANAGER, 30)):
        async with profiled(api) as seen:
            await listed(api, who, **condition)
        for entry in seen:
            assert walks_an_index(entry, times=times), (who, entry["planSummary"], entry["docsExamined"])


@pytest.mark.parametrize("name", RANGED)
async def test_s2_every_range_of_very_many_tickets_walks_its_own_order(api: Api, name: str) -> None:
    """What is due until when, the soonest first."""
    spec = FIELDS[name]
    value = await sample(api, spec)
    for operator, direction in (("lte", "DESC"), ("gte", "ASC")):
        condition = {"f": {spec.public_name: {operator: value}}, "s": {"field": name.upper(), "direction": direction}}
        async with profiled(api) as seen:
            await listed(api, AGENT, **condition)
        for entry in seen:
            assert walks_an_index(entry, times=2), (entry["planSummary"], entry["docsExamined"])


@pytest.mark.parametrize(
    ("name", "order"),
    [("state", "resolve_by"), ("assignee", "resolve_by"), ("standing", "resolve_by"), ("standing", "next_due_at")],
)
async def test_s2_work_lists_walk_an_index_in_the_order_of_their_deadlines(api: Api, name: str, order: str) -> None:
    """What an agent has to do next, what is near or breached."""
    condition = {FIELDS[name].public_name: {"eq": await sample(api, FIELDS[name])}}
    async with profiled(api) as seen:
        await listed(api, AGENT, f=condition, s={"field": order.upper(), "direction": "ASC"})
    for entry in seen:
        assert walks_an_index(entry, times=2), (entry["planSummary"], entry["docsExamined"])


async def test_s2_what_is_due_is_found_by_an_index(api: Api) -> None:
    """The job of each minute looks at what is due and nothing else."""
    upkeep = api.services.use_cases.service.upkeep
    row = await api.services.database["tickets"].find_one(
        {"next_due_at": {"$exists": True}}, sort=[("next_due_at", 1)], skip=30
    )
    assert row is not None
    async with profiled(api) as seen:
        found = await upkeep.due(Kind.TICKET, row["next_due_at"], 20)
    assert len(found) == 20
    [entry] = seen
    assert walks_an_index(entry, times=1)
    assert entry["keysExamined"] <= 21


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("direction", ["ASC", "DESC"])
async def test_s2_a_list_in_the_order_of_what_some_lack_has_every_row_once(
    api: Api, direction: str, backward: bool
) -> None:
    """Tickets without a clock come first in rising order, last in falling, and pages together are the whole list."""
    query = """query($s: TicketSort, $first: Int, $after: String, $last: Int, $before: String) {
      tickets(first: $first, after: $after, last: $last, before: $before, sort: $s,
        filter: { createdAt: { gte: "2026-09-28T00:00:00Z" } }) {
        nodes { id nextDueAt } totalCount
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
    rows: list[dict[str, Any]] = []
    cursor, more = None, True
    while more:
        window = {"last": 100, "before": cursor} if backward else {"first": 100, "after": cursor}
        sort = {"field": "NEXT_DUE_AT", "direction": direction}
        found = (await api.ask("demo.agent", query, {"s": sort, **window}))["data"]["tickets"]
        rows = found["nodes"] + rows if backward else rows + found["nodes"]
        more = found["pageInfo"]["hasPreviousPage" if backward else "hasNextPage"]
        cursor = found["pageInfo"]["startCursor" if backward else "endCursor"]
    assert len({row["id"] for row in rows}) == len(rows) == found["totalCount"] > 500
    due = [row["nextDueAt"] or "" for row in rows]
    assert due == sorted(due, reverse=direction == "DESC")
    assert "" in due
