"""The Ed25519 key pairs with which this installation signs access tokens, kept sealed in `token_keys`.

Guarantee: a private key leaves the process only sealed. Verification keys are derived from opened private keys, so
whoever can write the database, but lacks the root key, cannot add a key of their own.
Not guaranteed: protection of keys in the memory of the process.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from beanie import Document
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError


class SecretSealer(Protocol):
    """Seals small secrets of the installation under its root key. `name` is bound: a sealed secret opens only as it."""

    async def seal_secret(self, name: str, secret: bytes, /) -> bytes: ...

    async def open_secret(self, name: str, sealed: bytes, /) -> bytes:
        """Raises DecryptionError."""
        ...


class TokenKey(Document):
    """One sealed key pair. `id` is its generation: 1, 2, …; the highest one signs."""

    id: int  # type: ignore[assignment]
    sealed: bytes
    created_at: datetime

    class Settings:
        name = "token_keys"


@dataclass(frozen=True, slots=True)
class TokenKeys:
    """The key that signs, and every key whose signatures are accepted, by key id."""

    signing_key_id: str
    signing_key: Ed25519PrivateKey
    verification_keys: Mapping[str, Ed25519PublicKey]


class TokenKeyRepository:
    """Reads the token keys, and makes the first one."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]], sealer: SecretSealer) -> None:
        self._collection = database[TokenKey.Settings.name]
        self._sealer = sealer

    async def load(self) -> TokenKeys:
        """All keys; makes the first where there is none. Processes that start together end up with the same one.

        Raises DecryptionError where a stored key was not sealed under this installation's root key.
        """
        stored = await self._stored()
        if not stored:
            await self.add_key(1)
            stored = await self._stored()
        private_keys = [await self._open(document) for document in stored]
        signing_key = private_keys[-1]
        public_keys = (key.public_key() for key in private_keys)
        return TokenKeys(
            key_id(signing_key.public_key()), signing_key, {key_id(public): public for public in public_keys}
        )

    async def add_key(self, generation: int) -> None:
        """Stores a new key pair as `generation`, unless another process just did: then that one stands."""
        private = Ed25519PrivateKey.generate().private_bytes_raw()
        sealed = await self._sealer.seal_secret(secret_name(generation), private)
        try:
            await self._collection.insert_one({"_id": generation, "sealed": sealed, "created_at": datetime.now(UTC)})
        except DuplicateKeyError:
            return

    async def _stored(self) -> list[dict[str, Any]]:
        return await self._collection.find({}, {"sealed": 1}, sort={"_id": 1}).to_list()

    async def _open(self, document: Mapping[str, Any]) -> Ed25519PrivateKey:
        private = await self._sealer.open_secret(secret_name(document["_id"]), document["sealed"])
        return Ed25519PrivateKey.from_private_bytes(private)


def key_id(key: Ed25519PublicKey) -> str:
    """The `kid` of a key: a digest of it, so nobody can give it another's."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]


def secret_name(generation: int) -> str:
    """The name under which the key of a generation is sealed."""
    return f"token_keys/{generation}"
