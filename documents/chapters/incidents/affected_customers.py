"""Writing down whom an incident concerns (I5): many records at once, in the transaction of the operation.

Owns the rows that a search of the audit trail brings about. It must never decide whether the search may be made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.access.plan import AccessPlan, Action, Scope
from documents.access.trace import Act
from documents.audit.entries import ChangedRow
from documents.chapters.incidents.kinds import AffectedCustomer
from documents.declaring.catalogue import Catalogue
from documents.declaring.kind import Kind
from documents.errors import FieldAccessError
from documents.reading.records import RecordReader
from documents.storing.layout import CustomerReference
from documents.storing.public_ids import new_customer_id
from documents.writing.scopes import scopes_in_customer
from documents.writing.unit_of_work import UnitOfWork

_BATCH: Final = 1000
_WRITTEN: Final = Catalogue((AffectedCustomer,)).fields(Kind.AFFECTED_CUSTOMER).keys()


@dataclass(frozen=True, slots=True)
class Seen:
    """That somebody saw the data of `customer`: how often, first and last when, and whether ever in full."""

    customer: ObjectId
    in_full: bool
    times: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Searched:
    """The search that found them: number `scope` of `incident` (public id), for `field`, by `by`."""

    incident: str
    scope: int
    field: str | None
    by: str


class AffectedCustomers:
    """The write side of the records of affected customers."""

    def __init__(self, records: RecordReader) -> None:
        self._rows = records.store.collection
        self._bindings = records.store.bindings

    async def add(self, unit: UnitOfWork, plan: AccessPlan, searched: Searched, seen: Sequence[Seen]) -> int:
        """One record for each of the customers that still exist; returns for how many. Raises FieldAccessError."""
        refused = _WRITTEN - plan.grants(Kind.AFFECTED_CUSTOMER, frozenset({Scope.ALL})).creatable
        if refused:
            raise FieldAccessError(Action.CREATE, refused)
        listed = 0
        for start in range(0, len(seen), _BATCH):
            batch = seen[start : start + _BATCH]
            known = await unit.lock_many({one.customer for one in batch})
            rows = [self._row(searched, one, known[one.customer]) for one in batch if one.customer in known]
            await unit.insert_many(self._rows, rows, map(_changed, rows), ordered=False)
            listed += len(rows)
        return listed

    async def count(self, incident: str, session: AsyncClientSession) -> int:
        """How many customers all searches of the incident found together."""
        stages: list[dict[str, Any]] = [
            {"$match": {"incident": incident}},
            {"$group": {"_id": "$customer_id"}},
            {"$count": "found"},
        ]
        found = await (await self._rows.aggregate(stages, session=session)).to_list()
        return int(found[0]["found"]) if found else 0

    def _row(self, searched: Searched, seen: Seen, customer: CustomerReference) -> dict[str, Any]:
        now, row_id = datetime.now(UTC), new_customer_id()
        row: dict[str, Any] = {
            "_id": row_id,
            "kind": Kind.AFFECTED_CUSTOMER.value,
            "customer": customer.public_id,
            **scopes_in_customer(self._bindings, row_id, customer),
            "version": 1,
            "created_at": now,
            "created_by": searched.by,
            "updated_at": now,
            "incident": searched.incident,
            "scope": searched.scope,
            "in_full": seen.in_full,
            "times": seen.times,
            "first_seen_at": seen.first,
            "last_seen_at": seen.last,
            "_tokens": {},
            "_terms": [],
        }
        return row if searched.field is None else {**row, "field": searched.field}


def _changed(row: Mapping[str, Any]) -> ChangedRow:
    written = tuple(sorted(_WRITTEN & row.keys()))
    return ChangedRow(Act.CREATE, Kind.AFFECTED_CUSTOMER.value, 1, written, row["customer_id"], row["_id"])
