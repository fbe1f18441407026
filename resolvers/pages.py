"""Pages as connection records (Relay), of customers and of other records alike."""

from __future__ import annotations

from dataclasses import dataclass, replace

from documents.access.plan import AccessPlan
from documents.plain_records import Record, Records
from documents.reading.customers import CustomerReader
from documents.reading.list_query import ListQuery, Page, Sort
from resolvers.caller import Caller

DEFAULT_ORDER = "created_at"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which parts of a list the caller asked for; the others are not computed."""

    edges: bool
    cursors: bool
    nodes: bool
    page_info: bool
    start_cursor: bool
    end_cursor: bool
    total: bool


async def read_page(
    reader: CustomerReader, plan: AccessPlan, query: ListQuery, caller: Caller, *, ordered: bool
) -> tuple[Page, ListQuery]:
    """A page and the query that it answers. Not `ordered`: newest first where the caller may know it, else by id."""
    if not ordered:
        newest_first = replace(query, sort=Sort(DEFAULT_ORDER, descending=True))
        if reader.may_order(plan, newest_first):
            query = newest_first
    return await reader.find_page(plan, query, caller.report), query


async def connection(reader: CustomerReader, plan: AccessPlan, page: Page, query: ListQuery, wanted: Wanted) -> Record:
    """The page as a record of the wanted parts."""
    found = Record()
    if wanted.edges:
        found["edges"] = _edges(reader, page, with_cursors=wanted.cursors)
    if wanted.nodes:
        found["nodes"] = page.records
    if wanted.page_info:
        found["page_info"] = _page_info(reader, page, query, wanted)
    if wanted.total:
        found["total_count"] = await reader.count(plan, query)
    return found


def _edges(reader: CustomerReader, page: Page, *, with_cursors: bool) -> Records:
    if not with_cursors:
        return Records(Record(node=record) for record in page.records)
    return Records(Record(node=record, cursor=reader.cursor(page, index)) for index, record in enumerate(page.records))


def _page_info(reader: CustomerReader, page: Page, query: ListQuery, wanted: Wanted) -> Record:
    last = len(page.records) - 1
    turned = query.cursor is not None  # there is at least the row of the cursor on the other side
    return Record(
        has_next_page=turned if query.backward else page.has_more,
        has_previous_page=page.has_more if query.backward else turned,
        start_cursor=reader.cursor(page, 0) if wanted.start_cursor and page.records else None,
        end_cursor=reader.cursor(page, last) if wanted.end_cursor and page.records else None,
    )
