"""The vault: the keys that wrap data keys, and the small secrets of the installation.

Guaranteed: vault keys are stored wrapped by the root key only; a database has one active vault key, also when several
processes open it empty at the same time; a data key opens for its own customer only, a secret under its own name. What
another process wrapped with a vault key that is new here opens here too, and a process wraps with a key for at most
`ACTIVE_SECONDS` after another one took its place.
Not guaranteed: whoever holds the root key and the database opens everything.

    vault_keys  {_id: key id (8 bytes), wrapped: bytes, active: true, created_at: date}
                `active` is unique; those that it was before have none, and are kept. Context: `vault_key`, key id
    secrets     {_id: name, sealed: bytes, created_at: date}. Context: `secret`, name
Data keys are wrapped with context `data_key`, customer id (12 bytes), key id (8 bytes), digest of the customer's scope
(32 bytes, `key_scopes`). Bytes as in `wrapping`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from os import urandom
from time import monotonic
from typing import Any, Final, TypeAlias

from bson import ObjectId
from bson.codec_options import CodecOptions
from pymongo import IndexModel, ReadPreference, WriteConcern
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from documents.encryption.ciphertext import HEADER_LENGTH, KEY_ID_LENGTH, SECRET_LENGTH
from documents.encryption.key_providers import KeyProvider
from documents.encryption.wrapping import WrappingKey
from documents.errors import DecryptionError, RootKeyError

ACTIVE_SECONDS: Final = 5.0
"""How long a process wraps with the active key before it asks the database which one that is now."""

INDEXES: Final = {
    "vault_keys": [
        IndexModel("active", unique=True, partialFilterExpression={"active": True}, name="one_active_vault_key")
    ]
}

StoredDocument: TypeAlias = dict[str, Any]


def key_collection(database: AsyncDatabase[Any], name: str) -> AsyncCollection[StoredDocument]:
    """A collection of keys: read from the primary, so that an erased key is seen as erased; written to a majority,
    so that no value is ever encrypted under a key that a failover could lose."""
    options: CodecOptions[StoredDocument] = CodecOptions(document_class=dict)
    collection: AsyncCollection[StoredDocument] = database.get_collection(
        name, options, ReadPreference.PRIMARY, WriteConcern("majority")
    )
    return collection


class Vault:
    """Holds the vault keys in memory after `open`. Wraps with the active one, unwraps with any."""

    def __init__(self, database: AsyncDatabase[Any], provider: KeyProvider) -> None:
        self._vault_keys = key_collection(database, "vault_keys")
        self._data_keys = key_collection(database, "data_keys")
        self._secrets = key_collection(database, "secrets")
        self._provider = provider
        self._keys: dict[bytes, WrappingKey] = {}
        self._active: WrappingKey | None = None
        self._asked_at = 0.0

    async def open(self) -> None:
        """Loads the vault keys; makes the first one on an empty database. RootKeyError if they do not open."""
        # Asked first: when it is true, the vault keys read afterwards must be there, whoever else is starting now.
        has_data_keys = await self._data_keys.find_one({}, {"_id": 1}) is not None
        stored = await self._vault_keys.find().to_list()
        if not stored:
            if has_data_keys:
                raise RootKeyError("this database has data keys but no vault keys: restore its collection `vault_keys`")
            await self._create_first_key()
        await self.reload()

    async def reload(self) -> None:
        """Learns the vault keys that are new, and which is the active one now. RootKeyError if they do not open."""
        try:
            await self._load()
        except RootKeyError:
            await self._load()  # read just before the root key was exchanged, they are wrapped by the next one now

    async def _load(self) -> None:
        asked_at = monotonic()
        for document in await self._vault_keys.find().to_list():
            if document["_id"] not in self._keys:
                self._keys[document["_id"]] = await self._unwrap_vault_key(document)
            if document.get("active"):
                self._active = self._keys[document["_id"]]
        if self._active is None:
            raise RootKeyError("this database has no active vault key: restore its collection `vault_keys`")
        self._asked_at = asked_at

    async def confirm(self) -> None:
        """To be called before a key wraps: `active_key` is the one that was active `ACTIVE_SECONDS` ago or later."""
        if self._active is not None and monotonic() - self._asked_at > ACTIVE_SECONDS:
            await self.reload()

    async def learn(self, wrapped: Iterable[object]) -> None:
        """To be called before these are unwrapped: asks the database for a vault key that is not known here."""
        if any(isinstance(each, bytes) and each[2:HEADER_LENGTH] not in self._keys for each in wrapped):
            await self.reload()

    async def _create_first_key(self) -> None:
        await self._vault_keys.create_indexes(INDEXES["vault_keys"])
        try:
            await self._vault_keys.insert_one(await self.new_vault_key())
        except DuplicateKeyError:
            return  # another process was first: its key is the one

    async def new_vault_key(self) -> StoredDocument:
        """A fresh active vault key to be stored, wrapped by the root key."""
        key_id = urandom(KEY_ID_LENGTH)
        wrapped = await asyncio.to_thread(self._provider.wrap, urandom(SECRET_LENGTH), (b"vault_key", key_id))
        return {"_id": key_id, "wrapped": wrapped, "active": True, "created_at": datetime.now(UTC)}

    async def _unwrap_vault_key(self, document: StoredDocument) -> WrappingKey:
        key_id = document["_id"]
        secret = await asyncio.to_thread(self._provider.unwrap, document["wrapped"], (b"vault_key", key_id))
        return WrappingKey(key_id, secret)

    @property
    def provider_kind(self) -> str:
        """Where the root key is: the provider's `kind`."""
        return self._provider.kind

    @property
    def replaced_ids(self) -> list[bytes]:
        """The vault keys known here that wrap no more."""
        return [key_id for key_id in self._keys if key_id != self.active_key.key_id]

    @property
    def active_key(self) -> WrappingKey:
        """The key that wraps from now on. RuntimeError before `open`."""
        if self._active is None:
            raise RuntimeError("the keyring is not open")
        return self._active

    def unwrap(self, wrapped: bytes, context: tuple[bytes, ...]) -> bytes:
        """Opens what any vault key known here wrapped for `context`; DecryptionError for anything else."""
        key = self._keys.get(wrapped[2:HEADER_LENGTH]) if isinstance(wrapped, bytes) else None
        if key is None:
            raise DecryptionError
        return key.unwrap(wrapped, context)

    def unwrap_data_key(self, customer_id: ObjectId, key_id: bytes, scope: bytes, wrapped: bytes) -> bytes:
        """The 32 secret bytes of a data key; DecryptionError if it was wrapped for another customer, key id or scope.

        `scope` is the digest of the customer's."""
        return self.unwrap(wrapped, (b"data_key", customer_id.binary, key_id, scope))

    def wrap_data_key(self, customer_id: ObjectId, key_id: bytes, scope: bytes, secret: bytes) -> bytes:
        """As `unwrap_data_key` opens it."""
        return self.active_key.wrap(secret, (b"data_key", customer_id.binary, key_id, scope))

    def unwrap_unbound_data_key(self, customer_id: ObjectId, key_id: bytes, wrapped: bytes) -> bytes:
        """The same of a key from before keys were bound to scopes: for the migration that binds it, and nobody else."""
        return self.unwrap(wrapped, (b"data_key", customer_id.binary, key_id))

    async def seal_secret(self, name: str, plaintext: bytes) -> bytes:
        """Seals a small secret with the active key, under its name."""
        await self.confirm()
        return self.active_key.wrap(plaintext, (b"secret", name.encode()))

    async def open_secret(self, name: str, sealed: bytes) -> bytes:
        """Opens what any vault key sealed under the same name; DecryptionError for anything else."""
        await self.learn([sealed])
        return self.unwrap(sealed, (b"secret", name.encode()))

    async def secret(self, name: str, length: int) -> bytes:
        """The stored secret `name`; made at random, `length` bytes long, the first time that any process asks."""
        stored = await self._secrets.find_one({"_id": name})
        if stored is None:
            fresh = urandom(length)
            sealed = await self.seal_secret(name, fresh)
            try:
                await self._secrets.insert_one({"_id": name, "sealed": sealed, "created_at": datetime.now(UTC)})
            except DuplicateKeyError:
                stored = await self._secrets.find_one({"_id": name})
                if stored is None:  # made and removed within a millisecond: nobody does that on purpose
                    raise
            else:
                return fresh
        return await self.open_secret(name, stored["sealed"])
