"""The mark in a customer's row that its handling changed: whoever follows customers is told by it.

It is no field of the customer, and makes no version of it.
"""

from __future__ import annotations

from typing import Final

from documents.errors import RecordNotFoundError
from documents.storing.layout import CUSTOMER_LAYOUT, CustomerReference
from documents.writing.records import RecordWriter, RecordWrites

HANDLING_MARK: Final = "_handling"
"""In the customer's row: the number of the newest change of its handling."""


async def mark_handling(writer: RecordWriter, writes: RecordWrites, customer: CustomerReference, number: int) -> None:
    """Notes that the handling of the customer changed, for the `number`-th time. Raises RecordNotFoundError."""
    rows = writer.database[CUSTOMER_LAYOUT.collection]
    update = {"$set": {HANDLING_MARK: number}}
    done = await rows.update_one({"_id": customer.row_id}, update, session=writes.session)
    if done.matched_count == 0:
        raise RecordNotFoundError
