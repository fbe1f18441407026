"""One operation at a time on what is derived from several records of a customer: what is open, how it is handled.

Owns the turn: a counter in the customer's row that an operation moves in its transaction. Two that meet there conflict,
and the database has the later one done anew, on what the earlier one left. It must never change anything of the
customer: a turn is no version.
"""

from __future__ import annotations

from typing import Any, Final

from documents.declaring.kind import Kind
from documents.errors import RecordNotFoundError
from documents.storing.codec import COLLECTION
from documents.storing.layout import CustomerReference
from documents.writing.records import RecordWriter, RecordWrites

HANDLING_MARK: Final = "_handling"
"""In the customer's row: the number of the newest change of its handling. Whoever follows customers is told by it."""


async def lock_customer(writer: RecordWriter, writes: RecordWrites, customer: CustomerReference) -> None:
    """Takes the customer's turn until the end of the transaction: take it before reading what is to be decided on.

    Raises RecordNotFoundError where the customer is gone."""
    await _update(writer, writes, customer, {"$inc": {"_turn": 1}})


async def mark_handling(writer: RecordWriter, writes: RecordWrites, customer: CustomerReference, number: int) -> None:
    """Notes that the handling of the customer changed, for the `number`-th time. Raises RecordNotFoundError."""
    await _update(writer, writes, customer, {"$set": {HANDLING_MARK: number}})


async def _update(
    writer: RecordWriter, writes: RecordWrites, customer: CustomerReference, update: dict[str, Any]
) -> None:
    rows = writer.collection(Kind.HANDLING_CHANGE).database[COLLECTION]
    done = await rows.update_one({"_id": customer.row_id}, update, session=writes.session)
    if done.matched_count == 0:
        raise RecordNotFoundError


COMPANY_LOCKS: Final = "company_turns"


async def lock_kind(writer: RecordWriter, writes: RecordWrites, kind: Kind) -> None:
    """Takes the turn of `kind` until the end of the transaction: take it before reading what is to be decided on."""
    turns = writer.collection(kind).database[COMPANY_LOCKS]
    await turns.update_one({"_id": kind.value}, {"$inc": {"turn": 1}}, upsert=True, session=writes.session)
