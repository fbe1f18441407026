"""Telling the trail of rows that were stored before rows named a change entry: each row names one from then on, which
says that it was there at the upgrade, and in which version.

To be done once for a database, by a migration. Afterwards a row that names no entry is a forgery. INVARIANT: entries
and rows are written in one transaction, like those of every other change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from bson import ObjectId
from pymongo import UpdateOne, WriteConcern
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.read_concern import ReadConcern

from documents.access.trace import Act
from documents.audit.entries import Asker, Author, ChangedRow, Performed, change_entry
from documents.audit.pending import SECRET_NAME, PendingEntries
from documents.chapters.accounts.account_sets import first_version
from documents.chapters.audit.agreement import CUSTOMER_ROWS, AuditedRows
from documents.declaring.names import OPERATOR
from documents.encryption.keyring import Keyring
from documents.migrating.step import Progress
from documents.storing.row_store import ENTRY

BATCH: Final = 500
_AUTHOR: Final = Author(Asker(OPERATOR, frozenset()), Performed("command", "migrate"), ())

Database = AsyncDatabase[dict[str, Any]]


async def tell_existing(
    database: Database, keyring: Keyring, audited: Iterable[AuditedRows], progress: Progress
) -> None:
    """Has every row of these collections that names no entry name one, which waits for the trail. May be interrupted
    and done again."""
    pending = PendingEntries(database, await keyring.secret(SECRET_NAME))
    collections = tuple(audited)
    total = sum([await database[rows.collection].count_documents({ENTRY: None}) for rows in collections])
    done = 0
    for rows in collections:
        while found := await database[rows.collection].find({ENTRY: None}).sort("_id", 1).limit(BATCH).to_list():
            await _tell(database, pending, rows, found)
            done += len(found)
            await progress.keep({}, done, total)


async def _tell(database: Database, pending: PendingEntries, rows: AuditedRows, found: list[dict[str, Any]]) -> None:
    async def write(session: AsyncClientSession) -> None:
        entry_id = ObjectId()
        named = [UpdateOne({"_id": row["_id"], ENTRY: None}, {"$set": {ENTRY: entry_id}}) for row in found]
        await database[rows.collection].bulk_write(named, session=session)
        await pending.keep(change_entry(entry_id, _AUTHOR, [_told(rows, row) for row in found]), session)

    async with database.client.start_session() as session:
        await session.with_transaction(
            write, read_concern=ReadConcern("snapshot"), write_concern=WriteConcern("majority")
        )


def _told(rows: AuditedRows, row: Mapping[str, Any]) -> ChangedRow:
    kind = next(iter(rows.kinds)) if len(rows.kinds) == 1 else row["kind"]
    version, row_id = _version(rows, row), row["_id"]
    if not isinstance(row_id, ObjectId):
        return ChangedRow(Act.ADOPT, kind, version, name=str(row_id))
    if rows is CUSTOMER_ROWS:
        return ChangedRow(Act.ADOPT, kind, version, customer=row_id)
    return ChangedRow(Act.ADOPT, kind, version, customer=row.get("customer_id"), record=row_id)


def _version(rows: AuditedRows, row: Mapping[str, Any]) -> int:
    """The number of the row; of an account, which has no seal yet, that which it is sealed with."""
    return int(row[rows.version]) if rows.version in row else first_version(row)
