"""Change entries between the transaction that stores them and the chain: kept with the change, taken over by a block.

Owns the collection of what is not in a chain yet. An entry lies here from the commit of its change until a block that
holds it is stored, and for some moments more. INVARIANT: what cannot be authenticated is never taken over, so that
nobody puts words into the trail by writing here.

    audit_pending  {_id: the entry's id, entry: its BSON bytes, seal: HMAC-SHA-256 over both}
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

import bson
from bson import ObjectId
from pymongo import WriteConcern
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.read_concern import ReadConcern

from documents.audit.entries import Entry

COLLECTION: Final = "audit_pending"
SECRET_NAME: Final = "pending_entries"  # noqa: S105 - the name of a secret
_UTC: Final = bson.DEFAULT_CODEC_OPTIONS.with_options(tz_aware=True)
_DOMAIN: Final = b"dossier-pending-entry-v1\x00"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PendingEntry:
    """A change entry that was stored with its change."""

    id: ObjectId
    entry: Entry


class PendingEntries:
    """The entries that wait for their block. `secret` authenticates them."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]], secret: bytes) -> None:
        self._rows = database.get_collection(
            COLLECTION, read_concern=ReadConcern("majority"), write_concern=WriteConcern("majority")
        )
        self._secret = secret
        self._refused: set[ObjectId] = set()

    async def keep(self, entry: Entry, session: AsyncClientSession) -> PendingEntry:
        """Stores the entry in the transaction of its change."""
        encoded, entry_id = bson.encode(entry), entry["id"]
        await self._rows.insert_one(
            {"_id": entry_id, "entry": encoded, "seal": self._seal(entry_id, encoded)}, session=session
        )
        return PendingEntry(entry_id, entry)

    async def find(self, entry_id: ObjectId) -> PendingEntry | None:
        """The entry, if it still waits and is authentic."""
        stored = await self._rows.find_one({"_id": entry_id})
        return self._opened(stored) if stored is not None else None

    async def left(self, older_than: timedelta, limit: int) -> list[PendingEntry]:
        """At most `limit` authentic entries that have waited for so long: whoever stored them is slow, or dead."""
        latest = ObjectId.from_datetime(datetime.now(UTC) - older_than)
        found = await self._rows.find({"_id": {"$lt": latest, "$nin": list(self._refused)}}).limit(limit).to_list()
        return [entry for entry in map(self._opened, found) if entry is not None]

    async def remove(self, entry_ids: Collection[ObjectId]) -> None:
        """Forgets entries that are in a block."""
        await self._rows.delete_many({"_id": {"$in": list(entry_ids)}})

    def _opened(self, stored: dict[str, Any]) -> PendingEntry | None:
        match stored:
            case {"_id": ObjectId() as entry_id, "entry": bytes() as encoded, "seal": bytes() as seal}:
                if hmac.compare_digest(seal, self._seal(entry_id, encoded)):
                    return PendingEntry(entry_id, cast("Entry", bson.decode(encoded, _UTC)))
        entry_id = stored["_id"]
        if entry_id not in self._refused:
            log.critical("an entry that waits for the audit trail is not authentic and stays out of it: %s", entry_id)
            self._refused.add(entry_id)
        return None

    def _seal(self, entry_id: ObjectId, encoded: bytes) -> bytes:
        return hmac.digest(self._secret, _DOMAIN + entry_id.binary + encoded, "sha256")
