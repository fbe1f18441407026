"""One operation at a time on what is derived from several records: of a customer, or of a kind.

Owns the locks: counters that an operation moves in its transaction. Two that meet there conflict, and the database has
the later one done anew, on what the earlier one left. A customer's is in its row, of which it must never change
anything else: a lock is no version.
"""

from __future__ import annotations

from typing import Final

from documents.declaring.kind import Kind
from documents.errors import RecordNotFoundError
from documents.storing.layout import CUSTOMER_LAYOUT, CustomerReference
from documents.writing.records import RecordWriter, RecordWrites

KIND_LOCKS: Final = "company_turns"
"""The collection of the locks of kinds."""


async def lock_customer(writer: RecordWriter, writes: RecordWrites, customer: CustomerReference) -> None:
    """Locks the customer until the end of the transaction: before reading what is to be decided on.

    Raises RecordNotFoundError where the customer is gone."""
    rows = writer.database[CUSTOMER_LAYOUT.collection]
    done = await rows.update_one({"_id": customer.row_id}, {"$inc": {"_turn": 1}}, session=writes.session)
    if done.matched_count == 0:
        raise RecordNotFoundError


async def lock_kind(writer: RecordWriter, writes: RecordWrites, kind: Kind) -> None:
    """Locks the kind until the end of the transaction: before reading what is to be decided on."""
    rows = writer.database[KIND_LOCKS]
    await rows.update_one({"_id": kind.value}, {"$inc": {"turn": 1}}, upsert=True, session=writes.session)
