"""Sums over receivables, made by the database: what a customer owes, how old what is open is, what is overdue.

An aggregate is a read of every value that it is made of. INVARIANT: a row is counted only where the caller may both
read and find by each field that enters the sum; where that is not so in every row that the caller can see, there is no
sum at all, rather than one that would tell by what it leaves out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.access.plan import AccessPlan, FieldGrants
from documents.access.report import AccessReport
from documents.chapters.credit.kinds import ReceivableState
from documents.chapters.credit.receivables import AgeBucket
from documents.declaring.kind import CUSTOMER_KINDS, Kind
from documents.errors import FieldAccessError
from documents.reading.conditions import both
from documents.reading.customers import CustomerReader, FirstRows
from documents.reading.list_query import ListQuery, Selection, Sort
from documents.reading.records import RecordReader
from documents.reading.visible_rows import grants_in_records
from documents.reckoning.money import Money
from documents.storing.layout import CustomerReference

EXPOSED = frozenset({"state", "balance", "currency"})
AGED = EXPOSED | {"due_on"}
OPEN = {"state": ReceivableState.OPEN.value}


@dataclass(frozen=True, slots=True)
class AgedAmount:
    """What is open in one currency, of one age: `count` receivables."""

    bucket: AgeBucket
    amount: Money
    count: int


@dataclass(frozen=True, slots=True)
class OverdueReceivable:
    """A receivable past its due date. Its `id` is the public one, by which the list is ordered."""

    id: str
    customer: str


class CreditFigures:
    """The aggregations over receivables."""

    def __init__(self, receivables: RecordReader, customers: CustomerReader) -> None:
        self._rows = receivables.store.collection
        self._receivables = receivables
        self._customers = customers

    async def open_amounts(
        self,
        plan: AccessPlan,
        customer: CustomerReference,
        report: AccessReport,
        session: AsyncClientSession | None = None,
    ) -> tuple[Money, ...]:
        """What the customer owes, a sum per currency, in their order. Raises FieldAccessError."""
        refused = EXPOSED - _summable(grants_in_records(plan, Kind.RECEIVABLE, customer))
        if refused:
            raise FieldAccessError("read", refused)
        report.trace.add_plan(plan)
        report.trace.add_conditions(filtered=EXPOSED)
        stages: list[dict[str, Any]] = [
            {"$match": {"customer_id": customer.row_id, **OPEN}},
            {"$group": {"_id": "$currency", "amount": {"$sum": "$balance"}}},
            {"$sort": {"_id": 1}},
        ]
        found = await self._rows.aggregate(stages, session=session)
        return tuple([Money(row["amount"].to_decimal(), row["_id"]) async for row in found])

    async def ageing(
        self, plan: AccessPlan, customer_plan: AccessPlan, on: date, department: str | None, report: AccessReport
    ) -> list[AgedAmount]:
        """Open amounts by currency and age on the day `on`, of the caller's rows; with `department` of its customers.

        Raises FieldAccessError, also for a department by which the caller may not find every customer it sees."""
        scope = self._receivables.countable_rows(plan, AGED, report)
        if scope is None:
            return []
        condition: dict[str, Any] = OPEN
        if department is not None:
            query = ListQuery(Selection(), frozenset(CUSTOMER_KINDS), sort=Sort("department"))
            if not self._customers.may_order(customer_plan, query):
                raise FieldAccessError("filter", ["department"])
            condition = {**OPEN, "_department": department}
            report.trace.add_conditions(filtered=["department"])
        stages = [
            {"$match": both(condition, scope)},
            {
                "$group": {
                    "_id": {"currency": "$currency", "bucket": _bucket(on)},
                    "amount": {"$sum": "$balance"},
                    "count": {"$sum": 1},
                }
            },
        ]
        found = await self._rows.aggregate(stages)
        rows = [row async for row in found]
        order = list(AgeBucket)
        rows.sort(key=lambda row: (row["_id"]["currency"], order.index(AgeBucket(row["_id"]["bucket"]))))
        return [
            AgedAmount(
                AgeBucket(row["_id"]["bucket"]), Money(row["amount"].to_decimal(), row["_id"]["currency"]), row["count"]
            )
            for row in rows
        ]

    async def overdue(
        self, plan: AccessPlan, before: date, after: str | None, limit: int
    ) -> Sequence[OverdueReceivable]:
        """Open receivables due before the day, behind the public id `after`: for jobs, which see what the system may.

        Raises FieldAccessError."""
        scope = self._receivables.countable_rows(plan, ("state", "due_on"), AccessReport())
        if scope is None:
            return ()
        condition: dict[str, Any] = {**OPEN, "due_on": {"$lt": before.isoformat()}}
        if after is not None:
            condition["_id"] = {"$gt": ObjectId(after.rpartition("_")[2])}
        wanted = self._receivables.proven(("customer",))
        rows, _ = await self._receivables.first_rows(FirstRows(both(condition, scope), wanted, Sort(), limit))
        kind = Kind.RECEIVABLE.value
        return [OverdueReceivable(f"{kind}_{row['_id']}", row["customer"]) for row in rows]


def _summable(grants: FieldGrants) -> frozenset[str]:
    return grants.plain & grants.filterable


def _bucket(on: date) -> dict[str, Any]:
    """The age of a row on the day, as `documents.chapters.credit.receivables.age_bucket` has it. Dates are stored as
    text, which is in the order of the days."""
    last_days = zip((0, 30, 60, 90, 180), AgeBucket, strict=False)
    branches = [
        {"case": {"$gte": ["$due_on", (on - timedelta(days=days)).isoformat()]}, "then": bucket.value}
        for days, bucket in last_days
    ]
    return {"$switch": {"branches": branches, "default": AgeBucket.DAYS_181_AND_MORE.value}}
