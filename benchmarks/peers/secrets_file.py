"""What peers on Node get in a file instead of Dossier's key hierarchy: opened data keys and public token keys.

The file is for its owner alone (mode 0600) and lives as long as the run: `make bench-peers` is for made-up customers.
"""

from __future__ import annotations

import base64
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import orjson
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from documents.encryption.key_providers import LocalKeyProvider
from documents.encryption.key_scopes import scope_digest, stored_scope
from documents.encryption.keyring import Keyring
from documents.encryption.token_keys import TokenKeyRepository
from documents.encryption.vault import Vault
from documents.opening import ROOT_KEY_FILE


@asynccontextmanager
async def connected(uri: str, database: str) -> AsyncIterator[AsyncDatabase[dict[str, Any]]]:
    """The database at `uri`."""
    client: AsyncMongoClient[dict[str, Any]]
    async with AsyncMongoClient(uri, tz_aware=True, w="majority") as client:
        yield client[database]


async def opened_secrets(uri: str, database: str, data_dir: Path) -> dict[str, dict[str, str]]:
    """All data keys by customer, and the public token keys by key id; in base64."""
    provider = LocalKeyProvider(data_dir / ROOT_KEY_FILE)
    async with connected(uri, database) as connection:
        vault = Vault(connection, provider)
        await vault.open()
        data_keys: dict[str, str] = {}
        async for stored in connection["data_keys"].find():
            entry = stored["keys"][-1]
            scope = scope_digest(*stored_scope(stored))
            secret = vault.unwrap_data_key(stored["_id"], entry["id"], scope, entry["wrapped"])
            data_keys[str(stored["_id"])] = _text(secret)
        keyring = Keyring(connection, provider)
        await keyring.open()
        token_keys = await TokenKeyRepository(connection, keyring).load()
    public = {
        key_id: _text(key.public_bytes(Encoding.Raw, PublicFormat.Raw))
        for key_id, key in token_keys.verification_keys.items()
    }
    return {"dataKeys": data_keys, "verificationKeys": public}


@contextmanager
def secrets_file(path: Path, secrets: dict[str, dict[str, str]]) -> Iterator[Path]:
    """The file at `path`, removed in the end."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(orjson.dumps(secrets))
        yield path
    finally:
        path.unlink(missing_ok=True)


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
