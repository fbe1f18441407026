"""Reading the records of the regulation. They are read exactly as customers are, under a plan for their own kind; what
is added is the newest records of many customers in one command.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.access.plan import AccessPlan, Action
from documents.access.report import AccessReport
from documents.declaring.kind import Kind
from documents.encryption.cursors import cursor_context
from documents.errors import FieldAccessError
from documents.plain_records import Records
from documents.reading.conditions import both
from documents.reading.customers import CustomerReader
from documents.reading.list_query import ListQuery, Selection
from documents.reading.projections import WHOLE, Projection
from documents.reading.typed_rows import Row, row_fields, typed
from documents.reading.where import Where
from documents.storing.layout import NEWEST_FIRST
from documents.storing.row_scope import Admission, Filter
from documents.storing.row_store import RowStore


class RecordReader(CustomerReader):
    """The read side of the records of one kind."""

    def __init__(self, store: RowStore) -> None:
        super().__init__(store)
        (self.kind,) = store.layout.kinds

    async def rows(
        self,
        plan: AccessPlan,
        where: Where,
        row: type[Row],
        report: AccessReport,
        session: AsyncClientSession | None = None,
    ) -> list[Row]:
        """The rows that the plan shows of those asked for, by id, with the fields that `row` names.

        What is asked for is not a caller's: what callers ask by goes through `find_page`, which asks for the right.
        Something is decided by them: of a class that is `believed` each is read whole, and verified. Raises
        FieldAccessError where the plan hides one of the fields in any row."""
        scope = self.visible_rows(plan, self.kind)
        if scope is None:
            return []
        catalogue = self.store.catalogue
        selection = Selection({self.kind: row_fields(catalogue, self.kind, row).names})
        projection = WHOLE
        if self.store.believed is None:
            projection = self._projections.projection(plan, frozenset({self.kind}), selection)
        wanted = both({"kind": self.kind.value, **where.filter(catalogue, self.kind)}, scope)
        found = await self._collection.find(wanted, projection, session=session).sort("_id", 1).to_list()
        genuine = await self.proof.genuine(found, self.again(wanted, projection), session)
        rows = await self.proof.standing(genuine, session)
        return typed(catalogue, self.kind, row, await self._read(plan, rows, selection, report, frozenset(projection)))

    async def recent(
        self,
        plan: AccessPlan,
        customer_ids: Collection[ObjectId],
        count: int,
        selection: Selection,
        report: AccessReport,
    ) -> Mapping[ObjectId, Records]:
        """The `count` newest records of each customer that the caller may see, in one command for all of them.

        Newest by the time of creation, which the caller must be able to tell in every row: else by id, which is
        random."""
        scope = self.visible_rows(plan, self.kind)
        if scope is None or not customer_ids:
            return {}
        order = {NEWEST_FIRST: -1, "_id": -1} if self._may_tell_newest(plan) else {"_id": -1}
        projection = {
            **self._projections.projection(plan, frozenset({self.kind}), selection),
            **dict.fromkeys(order, 1),
        }
        condition = both({"customer_id": {"$in": list(customer_ids)}}, scope)
        found = await self._collection.aggregate(
            [
                {"$match": condition},
                {"$project": projection},
                {"$group": {"_id": "$customer_id", "rows": {"$topN": _newest(count, order)}}},
            ]
        )
        newest = [row async for group in found for row in group["rows"]]
        rows = await self.proof.genuine(newest, self.again(condition, projection))
        by_customer: dict[ObjectId, Records] = {}
        records = await self._read(plan, rows, selection, report, frozenset(projection))
        for row, record in zip(rows, records, strict=True):
            by_customer.setdefault(row["customer_id"], Records()).append(record)
        return by_customer

    async def count(self, plan: AccessPlan, query: ListQuery) -> int:
        condition = self._conditions.condition(plan, query, AccessReport())
        return await self._collection.count_documents(_of_customer(query, condition)) if condition is not None else 0

    def _list(
        self, plan: AccessPlan, query: ListQuery, report: AccessReport
    ) -> tuple[Filter | None, bytes, Projection]:
        condition, context, projection = super()._list(plan, query, report)
        if condition is None or query.of_customer is None:
            return condition, context, projection
        return _of_customer(query, condition), cursor_context(context, query.of_customer), projection

    def countable_rows(self, plan: AccessPlan, names: Collection[str], report: AccessReport) -> Filter | None:
        """The filter of the rows that exist for the caller, to count and sum them by the fields `names`; None: no row.

        A sum is a read of every row in it. Raises FieldAccessError where in some row the caller may not both read each
        of the fields in plain and find by it."""
        report.trace.add_plan(plan)
        report.trace.add_conditions(filtered=names)
        visible = self._rows.visible(plan, [self.kind])
        refused = [name for name in names if self._telling(plan, name) != visible]
        if refused:
            raise FieldAccessError(Action.FILTER, refused)
        return self.visible_rows(plan, self.kind)

    def _telling(self, plan: AccessPlan, name: str) -> Mapping[Kind, Admission]:
        """The rows in which the caller may read the field in plain and find by it."""
        return self._rows.admissions(
            plan, [self.kind], lambda grants: name in grants.plain and name in grants.filterable
        )

    def _may_tell_newest(self, plan: AccessPlan) -> bool:
        return self._telling(plan, NEWEST_FIRST) == self._rows.visible(plan, [self.kind])


def _of_customer(query: ListQuery, condition: Filter) -> Filter:
    return both({"customer_id": query.of_customer}, condition) if query.of_customer is not None else condition


def _newest(count: int, order: Mapping[str, int]) -> dict[str, Any]:
    return {"n": count, "sortBy": dict(order), "output": "$$ROOT"}
