"""The first customers of one of the demo's account managers, under that manager's own plan."""

from __future__ import annotations

from demo.callers import demo_caller
from documents.access.plan import Purpose
from documents.declaring.kind import CUSTOMER_KINDS
from documents.plain_records import Record
from documents.reading.customers import CustomerReader
from documents.reading.filters import Condition, Operator
from documents.reading.list_query import ListQuery, Selection
from policies.authorize import PolicyEngine


async def own_customers(engine: PolicyEngine, reader: CustomerReader, username: str, count: int) -> list[Record]:
    """At most `count`, by id, each with its `id` and `kind`."""
    selection = Selection(dict.fromkeys(CUSTOMER_KINDS, frozenset({"id"})))
    mine = Condition("account_manager", Operator.EQ, username)
    query = ListQuery(selection, frozenset(CUSTOMER_KINDS), filter=mine, limit=count)
    caller = demo_caller(username, Purpose.BUSINESS_OPERATION)
    plan = await engine.authorize(caller.principal, caller.purpose)
    page = await reader.find_page(plan, query, caller.report)
    return list(page.records)
