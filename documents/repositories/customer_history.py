"""Every change of a customer, field by field (I2): what stood there before and after, by whom, when, how it came.

Values are kept as they are stored in the customer itself, so that an encrypted field's history is sealed by the same
key and gone with it. Reading one is reading the field: what the caller may not read of the customer now is not in the
history that it gets, and was not fetched.

    customer_history  {_id, customer_id, kind, field, version, at, by, channel, before?, after?, important}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase

from documents.access_plan import AccessPlan, FieldGrants
from documents.access_report import AccessReport
from documents.catalogue import Catalogue
from documents.cursors import CursorSealer, cursor_context
from documents.encryption.ciphertext import DataKey
from documents.encryption.keyring import Keyring
from documents.fields import FieldSpec, Kind
from documents.procedures.review_dates import is_important
from documents.records import Record, Records
from documents.repositories.codec import CustomerCodec
from documents.repositories.customers import CustomerRepository
from documents.repositories.list_query import Page

COLLECTION = "customer_history"
INDEXES = [
    IndexModel([("customer_id", ASCENDING), ("_id", DESCENDING)]),
    IndexModel([("customer_id", ASCENDING), ("field", ASCENDING), ("_id", DESCENDING)]),
]


@dataclass(frozen=True, slots=True)
class Written:
    """One write of a customer: the version that it made, by whom, when, and how the values came."""

    kind: Kind
    version: int
    by: str
    at: datetime
    channel: str


class CustomerHistory:
    """Keeps and shows changes."""

    def __init__(
        self,
        database: AsyncDatabase[dict[str, Any]],
        catalogue: Catalogue,
        keyring: Keyring,
        codec: CustomerCodec,
        customers: CustomerRepository,
        cursors: CursorSealer,
    ) -> None:
        self._collection = database[COLLECTION]
        self._catalogue = catalogue
        self._keyring = keyring
        self._codec = codec
        self._customers = customers
        self._cursors = cursors

    async def ensure_indexes(self) -> None:
        await self._collection.create_indexes(INDEXES)

    async def find_page(
        self,
        plan: AccessPlan,
        customer: tuple[Kind, ObjectId],
        field: str | None,
        limit: int,
        cursor: str | None,
        report: AccessReport,
    ) -> Page | None:
        """The newest changes first, of one declared field or of all that the caller may read; None where the customer
        does not exist for the caller. Raises InvalidCursorError."""
        kind, row_id = customer
        grants = await self._customers.grants_of(plan, kind, row_id)
        if grants is None:
            return None
        readable = (grants.plain | grants.masked) & (
            {field} if field is not None else self._catalogue.fields(kind).keys()
        )
        context = cursor_context(plan.row_scope, plan.purpose, COLLECTION, row_id, field)
        condition: dict[str, Any] = {"customer_id": row_id, "field": {"$in": sorted(readable)}}
        if cursor is not None:
            condition["_id"] = {"$lt": self._cursors.open(cursor, context)[1]}
        rows = await self._collection.find(condition).sort("_id", -1).limit(limit + 1).to_list()
        shown = rows[:limit]
        key = (await self._keyring.data_keys([row_id])).get(row_id) if shown else None
        records = Records(self._entry(kind, row_id, row, grants, key, report) for row in shown)
        return Page(records, tuple((None, row["_id"]) for row in shown), context, has_more=len(rows) > limit)

    def _entry(
        self,
        kind: Kind,
        row_id: ObjectId,
        row: Mapping[str, Any],
        grants: FieldGrants,
        key: DataKey | None,
        report: AccessReport,
    ) -> Record:
        name = row["field"]
        spec = self._catalogue.fields(kind)[name]
        reader = self._codec.reader(kind, grants, frozenset({name}))
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


class HistoryKeeper:
    """The write side: rows of the changes of one customer, in the transaction of the change."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]], catalogue: Catalogue) -> None:
        self._collection = database[COLLECTION]
        self._catalogue = catalogue

    async def keep(
        self,
        customer_id: ObjectId,
        written: Written,
        before: Mapping[str, Any],
        after: Mapping[str, Any],
        same: frozenset[str],
        session: AsyncClientSession,
    ) -> None:
        """Keeps what `written` changed: stored values by declared name. `same` are known to be as they were, though
        sealed anew."""
        fields = self._catalogue.fields(written.kind)
        rows = [
            {
                "customer_id": customer_id,
                "kind": written.kind.value,
                "field": name,
                "version": written.version,
                "at": written.at,
                "by": written.by,
                "channel": written.channel,
                "important": is_important(fields[name]),
                **{
                    side: value
                    for side, value in (("before", before.get(name)), ("after", stored))
                    if value is not None
                },
            }
            for name, stored in after.items()
            if name not in same and before.get(name) != stored
        ]
        if rows:
            await self._collection.insert_many(rows, session=session)

    async def delete(self, customer_id: ObjectId, session: AsyncClientSession) -> None:
        """Deletes the customer's history."""
        await self._collection.delete_many({"customer_id": customer_id}, session=session)


def value_texts(spec: FieldSpec, value: Any) -> list[str] | None:
    """The value as the API spells it, one text per item; None where there is none."""
    if value is None:
        return None
    items = value if isinstance(value, list) else [value]
    if spec.choices is not None:
        return [spec.choices(item).name for item in items]
    return [item.isoformat() if isinstance(item, datetime) else str(item) for item in items]
