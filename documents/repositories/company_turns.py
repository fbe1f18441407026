"""One operation at a time on the company's records of a kind, where something must be there once: a course's code, the
result of a person in a session, the standard in force.

Owns a counter per kind that an operation moves in its transaction. Two that meet there conflict, and the database has
the later one done anew, on what the earlier one left.
"""

from __future__ import annotations

from typing import Final

from documents.fields import Kind
from documents.repositories.record_writes import RecordWriter, RecordWrites

COLLECTION: Final = "company_turns"


async def take_company_turn(writer: RecordWriter, writes: RecordWrites, kind: Kind) -> None:
    """Takes the turn of `kind` until the end of the transaction: take it before reading what is to be decided on."""
    turns = writer.collection(kind).database[COLLECTION]
    await turns.update_one({"_id": kind.value}, {"$inc": {"turn": 1}}, upsert=True, session=writes.session)
