"""The vault: the keys that wrap data keys, and the small secrets of the installation.

Guaranteed: vault keys are stored wrapped by the root key only; a database has one active vault key, also when several
processes open it empty at the same time; a data key opens for its own customer only, a secret under its own name.
Not guaranteed: whoever holds the root key and the database opens everything.

    vault_keys  {_id: key id (8 bytes), wrapped: bytes, active: true, created_at: date}
                `active` is unique; retired keys have none. Context: `vault_key`, key id
    secrets     {_id: name, sealed: bytes, created_at: date}. Context: `secret`, name
Data keys are wrapped with context `data_key`, customer id (12 bytes), key id (8 bytes). Bytes as in `wrapping`.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from os import urandom
from typing import Any, TypeAlias

from bson import ObjectId
from bson.codec_options import CodecOptions
from pymongo import ReadPreference, WriteConcern
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from documents.encryption.ciphertext import HEADER_LENGTH, KEY_ID_LENGTH, SECRET_LENGTH
from documents.encryption.key_providers import KeyProvider
from documents.encryption.wrapping import WrappingKey
from documents.errors import DecryptionError, RootKeyError

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

    async def open(self) -> None:
        """Loads the vault keys; makes the first one on an empty database. RootKeyError if they do not open."""
        # Asked first: when it is true, the vault keys read afterwards must be there, whoever else is starting now.
        has_data_keys = await self._data_keys.find_one({}, {"_id": 1}) is not None
        stored = await self._vault_keys.find().to_list()
        if not stored:
            if has_data_keys:
                raise RootKeyError("this database has data keys but no vault keys: restore its collection `vault_keys`")
            await self._create_first_key()
            stored = await self._vault_keys.find().to_list()
        for document in stored:
            key = await self._unwrap_vault_key(document)
            self._keys[key.key_id] = key
            if document.get("active"):
                self._active = key
        if self._active is None:
            raise RootKeyError("this database has no active vault key: restore its collection `vault_keys`")

    async def _create_first_key(self) -> None:
        await self._vault_keys.create_index(
            "active", unique=True, partialFilterExpression={"active": True}, name="one_active_vault_key"
        )
        key_id = urandom(KEY_ID_LENGTH)
        wrapped = await asyncio.to_thread(self._provider.wrap, urandom(SECRET_LENGTH), (b"vault_key", key_id))
        document = {"_id": key_id, "wrapped": wrapped, "active": True, "created_at": datetime.now(UTC)}
        try:
            await self._vault_keys.insert_one(document)
        except DuplicateKeyError:
            return  # another process was first: its key is the one

    async def _unwrap_vault_key(self, document: StoredDocument) -> WrappingKey:
        key_id = document["_id"]
        secret = await asyncio.to_thread(self._provider.unwrap, document["wrapped"], (b"vault_key", key_id))
        return WrappingKey(key_id, secret)

    @property
    def active_key(self) -> WrappingKey:
        """The key that wraps from now on. RuntimeError before `open`."""
        if self._active is None:
            raise RuntimeError("the keyring is not open")
        return self._active

    def unwrap(self, wrapped: bytes, context: tuple[bytes, ...]) -> bytes:
        """Opens what any vault key wrapped for `context`; DecryptionError for anything else."""
        key = self._keys.get(wrapped[2:HEADER_LENGTH]) if isinstance(wrapped, bytes) else None
        if key is None:
            raise DecryptionError
        return key.unwrap(wrapped, context)

    def unwrap_data_key(self, customer_id: ObjectId, key_id: bytes, wrapped: bytes) -> bytes:
        """The 32 secret bytes of a data key; DecryptionError if it was wrapped for another customer or key id."""
        return self.unwrap(wrapped, (b"data_key", customer_id.binary, key_id))

    def wrap_data_key(self, customer_id: ObjectId, key_id: bytes, secret: bytes) -> bytes:
        return self.active_key.wrap(secret, (b"data_key", customer_id.binary, key_id))

    def seal_secret(self, name: str, plaintext: bytes) -> bytes:
        return self.active_key.wrap(plaintext, (b"secret", name.encode()))

    def open_secret(self, name: str, sealed: bytes) -> bytes:
        return self.unwrap(sealed, (b"secret", name.encode()))

    async def secret(self, name: str, length: int) -> bytes:
        """The stored secret `name`; made at random, `length` bytes long, the first time that any process asks."""
        stored = await self._secrets.find_one({"_id": name})
        if stored is None:
            fresh = urandom(length)
            sealed = self.seal_secret(name, fresh)
            try:
                await self._secrets.insert_one({"_id": name, "sealed": sealed, "created_at": datetime.now(UTC)})
            except DuplicateKeyError:
                stored = await self._secrets.find_one({"_id": name})
                if stored is None:  # made and removed within a millisecond: nobody does that on purpose
                    raise
            else:
                return fresh
        return self.open_secret(name, stored["sealed"])
