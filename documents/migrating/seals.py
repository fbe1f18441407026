"""Sealing what was stored before there were seals: accounts with their live sessions, rule sets and the one in force,
jobs; and the records that are believed when access is decided.

To be done once for a database, by a migration: whoever could write to the database before could write what is sealed
now. Afterwards a row without a seal is a forgery, and nothing else in the product seals one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from pymongo import ReplaceOne
from pymongo.asynchronous.database import AsyncDatabase

from documents.chapters.accounts.account_sets import AccountSets
from documents.chapters.jobs.ledger import JobLedger
from documents.chapters.policies.rule_sets import RuleSetRepository
from documents.declaring.record import StoredRecord
from documents.encryption.keyring import Keyring
from documents.encryption.seals import SEAL, SECRET_NAME, Seals
from documents.migrating.step import Progress
from documents.storing.believed_rows import BelievedRows, NewestKnown
from documents.writing.idempotency import IdempotencyRepository
from documents.writing.unit_of_work import Units

BATCH: Final = 500
_UNSEALED: Final = {SEAL: {"$exists": False}}


async def seal_existing(database: AsyncDatabase[dict[str, Any]], keyring: Keyring) -> int:
    """Seals every row that has no seal; returns how many. May be interrupted and done again, by several at once."""
    seals = Seals(await keyring.secret(SECRET_NAME))
    units = Units(database, IdempotencyRepository(database, b""), None)  # nothing of it is used
    parts = (
        AccountSets(database, seals, units),
        RuleSetRepository(database, seals, units),
        JobLedger(database, seals, units),
    )
    return sum([await part.seal_existing() for part in parts])


async def seal_records(
    database: AsyncDatabase[dict[str, Any]],
    keyring: Keyring,
    records: Iterable[type[StoredRecord]],
    progress: Progress,
) -> None:
    """Seals every row of the classes that are believed and has no seal. May be interrupted and done again."""
    seals, newest = Seals(await keyring.secret(SECRET_NAME)), NewestKnown(_nothing_told)
    collections = [database[record.collection] for record in records if record.believed]
    total, done = sum([await rows.count_documents(_UNSEALED) for rows in collections]), 0
    for rows in collections:
        believed = BelievedRows(rows, seals, newest)
        while found := await rows.find(_UNSEALED).limit(BATCH).to_list():
            # INVARIANT: only over what was read, and only once.
            changes = [
                ReplaceOne({"_id": row["_id"], "version": row["version"], **_UNSEALED}, believed.sealed(row))
                for row in found
            ]
            await rows.bulk_write(changes, ordered=False)
            done += len(found)
            await progress.keep({}, done, total)


async def _nothing_told(_ids: object, _since: object) -> dict[Any, int]:
    return {}
