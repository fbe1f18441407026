"""The rotation of vault keys and of the local root key, while everybody reads and writes on; and where the keys stand.

Guaranteed: at no time is a data key or a secret without a wrapping that opens. Each wrapping is replaced in one write,
and only where it is the one that was read: a key that was erased meanwhile stays erased. Data keys stay what they are,
so that no value is sealed anew. Vault keys that were active before are kept, for backups of `data_keys`.
Not guaranteed: a copy of `vault_keys` and the root key that wrapped it opens what these vault keys wrapped, also after
a rotation. Whatever does not open is left as it is, and counts as left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from bson import ObjectId
from pymongo import ASCENDING, IndexModel, UpdateOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase

from documents.access.trace import Act
from documents.audit.entries import Author, ChangedRow
from documents.chapters.encryption.kinds import VaultKeyState
from documents.declaring.kind import Kind
from documents.encryption.ciphertext import HEADER_LENGTH, header
from documents.encryption.key_providers import LocalKeyProvider
from documents.encryption.key_scopes import scope_digest, stored_scope
from documents.encryption.token_keys import TokenKey, secret_name
from documents.encryption.vault import ACTIVE_SECONDS, StoredDocument, Vault, key_collection
from documents.errors import DecryptionError, RuleBrokenError
from documents.writing.unit_of_work import UnitOfWork, Units

SETTLING_SECONDS: Final = 2 * ACTIVE_SECONDS
"""After so long nobody wraps with the key before any more, unless a transaction takes longer than the half of it."""

_BY_VAULT_KEY: Final = "vault_key_id"
INDEXES: Final = {
    "data_keys": [
        IndexModel([("keys.vault_key", ASCENDING), ("_id", ASCENDING)], name=_BY_VAULT_KEY),
        IndexModel([("keys.created_at", ASCENDING)], name="created_at"),
    ]
}
"""By which keys are counted and rewrapped."""
_FINGERPRINT_BYTES: Final = 4


@dataclass(frozen=True, slots=True)
class VaultKeyFacts:
    """A vault key: how many customers' data keys and how many secrets it wraps."""

    fingerprint: str
    is_active: bool
    created_at: datetime
    data_keys: int
    secrets: int

    @property
    def state(self) -> VaultKeyState:
        """Whether it wraps from now on, or what it wrapped is not all rewrapped yet, or it wraps nothing."""
        if self.is_active:
            return VaultKeyState.ACTIVE
        return VaultKeyState.RETIRING if self.data_keys or self.secrets else VaultKeyState.RETIRED


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """All keys; `vault_keys` the newest first, `data_keys` how many customers have one."""

    root_key_provider: str
    vault_keys: tuple[VaultKeyFacts, ...]
    data_keys: int
    oldest_data_key_at: datetime | None


@dataclass(frozen=True, slots=True)
class CustomerKeys:
    """The data keys of one customer as they are stored with its scope, one of which at least is to be wrapped anew."""

    customer_id: ObjectId
    stored: StoredDocument


class KeyRotation:
    """Rotation over one database."""

    def __init__(self, database: AsyncDatabase[Any], vault: Vault, units: Units) -> None:
        self._units = units
        self._vault = vault
        self._vault_keys = key_collection(database, "vault_keys")
        self._data_keys = key_collection(database, "data_keys")
        self._sealed: tuple[tuple[AsyncCollection[StoredDocument], Callable[[Any], str]], ...] = (
            (key_collection(database, "secrets"), str),
            (key_collection(database, TokenKey.Settings.name), secret_name),
        )

    async def add_vault_key(self, unit: UnitOfWork, replaced: str | None) -> None:
        """A new vault key takes the place of the active one, whose fingerprint is `replaced`, unless that is None.
        `reload` once that is committed.

        RuleBrokenError where another key is active by now, or the root key is being exchanged."""
        current = await self._vault_keys.find_one({"active": True}, session=unit.session)
        if current is None or (replaced is not None and fingerprint(current["_id"]) != replaced):
            raise RuleBrokenError("key.replaced_already")
        fresh = await self._vault.new_vault_key()
        # INVARIANT: all vault keys are wrapped by one root key. An exchange of it writes `current` too: one of the two
        # transactions fails and begins again.
        if fresh["wrapped"][:HEADER_LENGTH] != current["wrapped"][:HEADER_LENGTH]:
            raise RuleBrokenError("key.root_key_exchanged")
        await unit.update(
            self._vault_keys, {"_id": current["_id"]}, {"$unset": {"active": True}}, _told(Act.WRITE, current, "active")
        )
        await unit.insert(self._vault_keys, fresh, _told(Act.CREATE, fresh, "active"))

    async def reload(self) -> None:
        """Learns what other processes did to the vault keys."""
        await self._vault.reload()

    async def unsettled_seconds(self) -> float:
        """How long others may still wrap with the key before the active one, if there was one."""
        if not self._vault.replaced_ids:
            return 0.0
        active = await self._vault_keys.find_one({"active": True}, {"created_at": 1})
        since = datetime.now(UTC) - _utc(active["created_at"]) if active is not None else None
        left = SETTLING_SECONDS - since.total_seconds() if since is not None else 0.0
        return min(max(left, 0.0), SETTLING_SECONDS)

    async def left(self) -> int:
        """How many data keys and secrets are not wrapped by the active vault key."""
        await self.reload()
        replaced = self._vault.replaced_ids
        keys = await self._data_keys.count_documents({"keys.vault_key": {"$in": replaced}}) if replaced else 0
        return keys + sum(map(self._is_stale, await self._secrets()))

    async def page(self, after: ObjectId | None, limit: int) -> Sequence[CustomerKeys]:
        """Customers with a key that is to be wrapped anew, behind the customer `after`."""
        await self.reload()
        replaced = self._vault.replaced_ids
        if not replaced:
            return []
        condition: dict[str, Any] = {"keys.vault_key": {"$in": replaced}}
        if after is not None:
            condition["_id"] = {"$gt": after}
        found = self._data_keys.find(condition, sort={"_id": 1}, limit=limit, hint=_BY_VAULT_KEY)
        return [CustomerKeys(stored["_id"], stored) for stored in await found.to_list()]

    async def rewrap(self, unit: UnitOfWork, customers: Sequence[CustomerKeys]) -> None:
        """Wraps the data keys of `customers` with the active vault key."""
        writes = [write for one in customers for write in self._writes(one.customer_id, one.stored)]
        if writes:
            await self._data_keys.bulk_write(writes, ordered=False, session=unit.session)
            unit.tell(self._told("data_keys"))

    def _writes(self, customer_id: ObjectId, stored: StoredDocument) -> Iterator[UpdateOne]:
        for entry in stored["keys"]:
            if not self._is_stale(entry["wrapped"]):
                continue
            try:
                digest = scope_digest(*stored_scope(stored))
                secret = self._vault.unwrap_data_key(customer_id, entry["id"], digest, entry["wrapped"])
            except DecryptionError:
                continue
            # INVARIANT: never an upsert, and only over what was read: the key may have been erased or rewrapped, or
            # the customer handed over, meanwhile.
            condition = {"_id": customer_id, "keys": {"$elemMatch": {"id": entry["id"], "wrapped": entry["wrapped"]}}}
            wrapped = self._vault.wrap_data_key(customer_id, entry["id"], digest, secret)
            change = {"keys.$.wrapped": wrapped, "keys.$.vault_key": self._vault.active_key.key_id}
            yield UpdateOne(condition, {"$set": change})

    async def rewrap_secrets(self, unit: UnitOfWork) -> None:
        """Seals the secrets of the installation with the active vault key."""
        unit.tell(self._told("secrets"))
        for collection, name_of in self._sealed:
            for stored in await collection.find({}, {"sealed": 1}, session=unit.session).to_list():
                if not self._is_stale(stored["sealed"]):
                    continue
                context = (b"secret", name_of(stored["_id"]).encode())
                try:
                    sealed = self._vault.active_key.wrap(self._vault.unwrap(stored["sealed"], context), context)
                except DecryptionError:
                    continue
                await collection.update_one(dict(stored), {"$set": {"sealed": sealed}}, session=unit.session)

    async def facts(self) -> KeyFacts:
        """Where the keys stand."""
        sealed = [secret[:HEADER_LENGTH] for secret in await self._secrets()]
        vault_keys = [
            VaultKeyFacts(
                fingerprint(stored["_id"]),
                bool(stored.get("active")),
                _utc(stored["created_at"]),
                await self._data_keys.count_documents({"keys.vault_key": stored["_id"]}, hint=_BY_VAULT_KEY),
                sealed.count(header(stored["_id"])),
            )
            for stored in await self._vault_keys.find().sort("created_at", -1).to_list()
        ]
        count = await self._data_keys.estimated_document_count()
        oldest = await self._data_keys.find_one({}, {"keys.created_at": 1}, sort={"keys.created_at": 1})
        oldest_at = min((_utc(entry["created_at"]) for entry in oldest["keys"]), default=None) if oldest else None
        return KeyFacts(self._vault.provider_kind, tuple(vault_keys), count, oldest_at)

    def _told(self, what: str) -> ChangedRow:
        """That the active vault key wraps more of `what` from now on."""
        return ChangedRow(Act.WRITE, Kind.VAULT_KEY.value, 1, (what,), name=fingerprint(self._vault.active_key.key_id))

    async def exchange_root_key(self, provider: LocalKeyProvider, author: Author) -> Path:
        """Makes a new root key, wraps every vault key with it, and puts it in the place of the one before, whose file
        is kept: where, is returned. Killed at any point it leaves what opens, and goes on when called again.

        Raises RootKeyError."""
        await asyncio.to_thread(provider.prepare_next)

        async def rewrap_all(unit: UnitOfWork) -> str:
            for stored in await self._vault_keys.find({}, session=unit.session).to_list():
                context = (b"vault_key", stored["_id"])
                secret = await asyncio.to_thread(provider.unwrap, stored["wrapped"], context)
                wrapped = await asyncio.to_thread(provider.wrap_next, secret, context)
                change = {"$set": {"wrapped": wrapped}}
                told = _told(Act.WRITE, stored, "wrapped")
                await unit.update(self._vault_keys, {"_id": stored["_id"]}, change, told)
            return ""

        await self._units.run(author, rewrap_all)
        return await asyncio.to_thread(provider.take_next)

    async def _secrets(self) -> list[bytes]:
        return [
            stored["sealed"]
            for collection, _ in self._sealed
            for stored in await collection.find({}, {"sealed": 1}).to_list()
        ]

    def _is_stale(self, wrapped: bytes) -> bool:
        return wrapped[:HEADER_LENGTH] != header(self._vault.active_key.key_id)


def _told(act: Act, vault_key: StoredDocument, field: str) -> ChangedRow:
    return ChangedRow(act, Kind.VAULT_KEY.value, 1, (field,), name=fingerprint(vault_key["_id"]))


def fingerprint(key_id: bytes) -> str:
    """What people call a vault key by: of the SHA-256 of its id the first four bytes, in hexadecimal."""
    return sha256(key_id).hexdigest()[: 2 * _FINGERPRINT_BYTES]


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
