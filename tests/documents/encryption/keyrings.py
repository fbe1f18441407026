"""Keyrings for tests: opened as a process opens one, and watching."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from documents.encryption.ciphertext import DataKey, FieldContext, KeyScope, decrypt_value
from documents.encryption.key_providers import LocalKeyProvider
from documents.encryption.keyring import Keyring
from documents.errors import DecryptionError
from tests.patience import PATIENCE_SECONDS

TELEPHONE = FieldContext("customers", "telephone")
SCOPE = KeyScope("individual", "demo.manager", "sales-east")
Database = AsyncDatabase[dict[str, Any]]


async def opened(database: Database, root_key: Path, cache_size: int = 100) -> Keyring:
    keyring = Keyring(database, LocalKeyProvider(root_key), cache_size)
    await keyring.open()
    return keyring


@asynccontextmanager
async def watched(keyring: Keyring) -> AsyncIterator[None]:
    task = asyncio.create_task(keyring.watch())
    try:
        await asyncio.wait_for(keyring.watching.wait(), PATIENCE_SECONDS)
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def opens(key: DataKey, sealed: bytes) -> bool:
    try:
        return bool(decrypt_value(key, TELEPHONE, sealed) == "138")
    except DecryptionError:
        return False
