"""Every change of a customer, field by field (I2): what stood there before and after, by whom, when, how it came.

Values are kept as they are stored in the customer itself, so that an encrypted field's history is sealed by the same
key and gone with it. Reading one is reading the field: what the caller may not read of the customer now is not in the
history that it gets, and was not fetched. A change that is not bound to its customer is in nobody's history.

    customer_history  {_id, customer_id, kind, field, version, at, by, channel, before?, after?, important, _bound}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING, IndexModel

from documents.access.plan import AccessPlan, FieldGrants
from documents.access.report import AccessReport
from documents.declaring.fields import FieldSpec
from documents.declaring.kind import Kind
from documents.encryption.ciphertext import DataKey
from documents.encryption.cursors import cursor_context
from documents.plain_records import Record, Records
from documents.reading.customers import CustomerReader
from documents.reading.list_query import Page
from documents.storing.row_proof import BindingProof

COLLECTION = "customer_history"
INDEXES = {
    COLLECTION: [
        IndexModel([("customer_id", ASCENDING), ("_id", DESCENDING)]),
        IndexModel([("customer_id", ASCENDING), ("field", ASCENDING), ("_id", DESCENDING)]),
    ]
}


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """A page of the history of a customer: of one declared field, or of all that the caller may read."""

    customer: tuple[Kind, ObjectId]
    field: str | None
    limit: int
    cursor: str | None


class CustomerHistory:
    """Shows changes."""

    def __init__(self, customers: CustomerReader) -> None:
        store = customers.store
        self._collection = store.storage.database[COLLECTION]
        self._catalogue = store.catalogue
        self._keyring = store.storage.keyring
        self._codec = store.codec
        self._customers = customers
        self._cursors = store.storage.cursors
        self._proof = BindingProof(store.storage.bindings.within(COLLECTION), COLLECTION)

    async def find_page(self, plan: AccessPlan, query: HistoryQuery, report: AccessReport) -> Page | None:
        """The newest changes first; None where the customer does not exist for the caller. Raises
        InvalidCursorError."""
        (kind, row_id), field = query.customer, query.field
        grants = await self._customers.grants_of(plan, kind, row_id)
        if grants is None:
            return None
        readable = (grants.plain | grants.masked) & (
            {field} if field is not None else self._catalogue.fields(kind).keys()
        )
        context = cursor_context(plan.row_scope, plan.purpose, COLLECTION, row_id, field)
        condition: dict[str, Any] = {"customer_id": row_id, "field": {"$in": sorted(readable)}}
        position = self._cursors.open(query.cursor, context)[1] if query.cursor is not None else None
        rows: list[dict[str, Any]] = []
        while True:
            behind = condition if position is None else {**condition, "_id": {"$lt": position}}
            found = await self._collection.find(behind).sort("_id", -1).limit(query.limit + 1).to_list()
            rows += self._proof.genuine(found)
            if len(rows) > query.limit or len(found) <= query.limit:
                break
            position = found[-1]["_id"]  # some were forged: the history goes on
        shown = rows[: query.limit]
        key = (await self._keyring.data_keys([row_id])).get(row_id) if shown else None
        records = Records(self._entry(row, grants, key, report) for row in shown)
        return Page(records, tuple((None, row["_id"]) for row in shown), context, has_more=len(rows) > query.limit)

    def _entry(self, row: Mapping[str, Any], grants: FieldGrants, key: DataKey | None, report: AccessReport) -> Record:
        kind, row_id, name = Kind(row["kind"]), row["customer_id"], row["field"]
        spec = self._catalogue.fields(kind)[name]
        reader = self._codec.row_reader(kind, grants, frozenset({name}))
        report.add_row(reader.served, row_id)
        values = {}
        for side in ("before", "after"):
            opened, erased = reader.read({"_id": row_id, "kind": kind.value, name: row.get(side)}, key)
            values[side] = value_texts(spec, opened.get(name))
            if erased:
                report.add_erased(kind, [name])
        return Record(
            field=spec.public_name,
            label_en=spec.label.en,
            label_zh=spec.label.zh,
            level=grants.level(name).name,
            version=row["version"],
            at=row["at"],
            by=row["by"],
            channel=row["channel"],
            important=row["important"],
            **values,
        )


def value_texts(spec: FieldSpec, value: Any) -> list[str] | None:
    """The value as the API spells it, one text per item; None where there is none."""
    if value is None:
        return None
    items = value if isinstance(value, list) else [value]
    if spec.choices is not None:
        return [spec.choices(item).name for item in items]
    return [item.isoformat() if isinstance(item, datetime) else str(item) for item in items]
