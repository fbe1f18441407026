"""Every change of a customer, and of a record of any kind, field by field (I2): what stood there before and after, by
whom, when, how it came.

Values are kept as they are stored in the row itself, so that an encrypted field's history is sealed by the same key and
gone with it. Reading one is reading the field: what the caller may not read of the row now is not in the history that
it gets, and was not fetched. A change that is not bound to its row is in nobody's history.

    customer_history  {_id, customer_id, kind, field, version, at, by, channel, before?, after?, important, _bound}
    record_history    the same with {row_id, customer_id?}: the record, and whose it is
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

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
from documents.storing.layout import Belonging
from documents.storing.row_proof import BindingProof

COLLECTION: Final = "customer_history"
RECORDS: Final = "record_history"
INDEXES: Final = {
    name: [
        IndexModel([(row, ASCENDING), ("_id", DESCENDING)]),
        IndexModel([(row, ASCENDING), ("field", ASCENDING), ("_id", DESCENDING)]),
    ]
    for name, row in ((COLLECTION, "customer_id"), (RECORDS, "row_id"))
}


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """A page of the history of a customer or a record: of one declared field, or of all that the caller may read."""

    row: tuple[Kind, ObjectId]
    field: str | None
    limit: int
    cursor: str | None


class ChangeHistory:
    """Shows changes of what `reader` reads."""

    def __init__(self, reader: CustomerReader) -> None:
        store = reader.store
        is_of_customers = store.layout.belonging is Belonging.CUSTOMER
        name, self._by = (COLLECTION, "customer_id") if is_of_customers else (RECORDS, "row_id")
        self._collection = store.storage.database[name]
        self._catalogue = store.catalogue
        self._keyring = store.storage.keyring
        self._codec = store.codec
        self._reader = reader
        self._cursors = store.storage.cursors
        self._proof = BindingProof(store.storage.bindings.within(name), name, self._by)

    async def find_page(self, plan: AccessPlan, query: HistoryQuery, report: AccessReport) -> Page | None:
        """The newest changes first; None where the row does not exist for the caller. Raises InvalidCursorError."""
        (kind, row_id), field = query.row, query.field
        grants = await self._reader.grants_of(plan, kind, row_id)
        if grants is None:
            return None
        readable = (grants.plain | grants.masked) & (
            {field} if field is not None else self._catalogue.fields(kind).keys()
        )
        context = cursor_context(plan.row_scope, plan.purpose, self._collection.name, row_id, field)
        condition: dict[str, Any] = {self._by: row_id, "field": {"$in": sorted(readable)}}
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
        owner = next((row.get("customer_id") for row in shown), None)  # of a row and all its changes it is the same one
        key = (await self._keyring.data_keys([owner])).get(owner) if owner is not None else None
        records = Records(self._entry(row, row_id, grants, key, report) for row in shown)
        return Page(records, tuple((None, row["_id"]) for row in shown), context, has_more=len(rows) > query.limit)

    def _entry(
        self, row: Mapping[str, Any], row_id: ObjectId, grants: FieldGrants, key: DataKey | None, report: AccessReport
    ) -> Record:
        kind, name = Kind(row["kind"]), row["field"]
        spec = self._catalogue.fields(kind)[name]
        reader = self._codec.row_reader(kind, grants, frozenset({name}))
        report.add_row(reader.served, row.get("customer_id"), row_id if self._by == "row_id" else None)
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
