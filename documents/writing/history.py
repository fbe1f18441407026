"""What a customer or a record was, field by field, kept with every change and encrypted like the field itself (I2).

Owns how a change is written down; what of it is shown is read in documents/reading/history.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.declaring.fields import FieldSpec, is_important
from documents.encryption.row_bindings import BINDING
from documents.reading.history import COLLECTION, RECORDS
from documents.storing.codec import EncodedFields
from documents.storing.row_store import Storage

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Written:
    """One write of a row (with its `_id`, `kind`, and its customer's id where it is a record of one): the version that
    it made, by whom, when, and how the values came."""

    row: Values
    version: int
    by: str
    at: datetime
    channel: str


class HistoryKeeper:
    """The write side: rows of the changes of one row, in the transaction of the change."""

    def __init__(self, storage: Storage) -> None:
        self._customers = storage.database[COLLECTION]
        self._records = storage.database[RECORDS]
        self._of_customers = storage.bindings.within(COLLECTION)
        self._of_records = storage.bindings.within(RECORDS)

    async def of_customer(
        self, written: Written, fields: Mapping[str, FieldSpec], after: EncodedFields, session: AsyncClientSession
    ) -> None:
        """Keeps what `written` changed of a customer."""
        rows = [
            {
                "_id": (own := ObjectId()),
                BINDING: self._of_customers.of_customer(own, customer),
                "customer_id": customer,
            }
            | change
            for customer in (written.row["_id"],)
            for change in _changes(written, fields, after)
        ]
        if rows:
            await self._customers.insert_many(rows, session=session)

    async def of_record(
        self, written: Written, fields: Mapping[str, FieldSpec], after: EncodedFields, session: AsyncClientSession
    ) -> None:
        """Keeps what `written` changed of a record."""
        record, customer = written.row["_id"], written.row.get("customer_id")
        whose = {"row_id": record} | ({"customer_id": customer} if customer is not None else {})
        rows = [
            {"_id": (own := ObjectId()), BINDING: self._of_records.of_customer(own, record), **whose, **change}
            for change in _changes(written, fields, after)
        ]
        if rows:
            await self._records.insert_many(rows, session=session)

    async def delete(self, customer_id: ObjectId, session: AsyncClientSession) -> None:
        """Deletes the history of the customer, and of their records."""
        for rows in (self._customers, self._records):
            await rows.delete_many({"customer_id": customer_id}, session=session)


def _changes(written: Written, fields: Mapping[str, FieldSpec], after: EncodedFields) -> list[dict[str, Any]]:
    """What is kept of each field that is another than it was."""
    return [
        {
            "kind": written.row["kind"],
            "field": name,
            "version": written.version,
            "at": written.at,
            "by": written.by,
            "channel": written.channel,
            "important": is_important(fields[name]),
            **{
                side: value
                for side, value in (("before", written.row.get(name)), ("after", stored))
                if value is not None
            },
        }
        for name, stored in after.values.items()
        if written.row.get(name) != stored and not _is_sealed_anew(fields[name], written.row, after)
    ]


def _is_sealed_anew(spec: FieldSpec, row: Values, after: EncodedFields) -> bool:
    """Whether the value of an encrypted field is the one that stands there already, by its blind index."""
    tokens = after.tokens[spec.name]
    stored = row.get("_tokens", {}).get(spec.name, ())
    return spec.encrypted and bool(tokens) and list(map(bytes, stored)) == tokens
