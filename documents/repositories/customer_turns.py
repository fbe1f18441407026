"""One operation at a time on what is derived from several records of a customer: what is open, how it is handled.

Owns the turn: a counter in the customer's row that an operation moves in its transaction. Two that meet there conflict,
and the database has the later one done anew, on what the earlier one left. It must never change anything of the
customer: a turn is no version.
"""

from __future__ import annotations

from documents.errors import RecordNotFoundError
from documents.fields import Kind
from documents.repositories.codec import COLLECTION
from documents.repositories.customers import CustomerReference
from documents.repositories.record_writes import RecordWriter, RecordWrites


async def take_turn(writer: RecordWriter, writes: RecordWrites, customer: CustomerReference) -> None:
    """Takes the customer's turn until the end of the transaction: take it before reading what is to be decided on.

    Raises RecordNotFoundError where the customer is gone."""
    rows = writer.collection(Kind.HANDLING_CHANGE).database[COLLECTION]
    moved = await rows.update_one({"_id": customer.row_id}, {"$inc": {"_turn": 1}}, session=writes.session)
    if moved.matched_count == 0:
        raise RecordNotFoundError
