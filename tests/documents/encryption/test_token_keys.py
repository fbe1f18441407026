"""Signing keys: made once, sealed, and trusted only because they were sealed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from documents.encryption.token_keys import TokenKeyRepository
from documents.errors import DecryptionError
from tests.login_parts import Database, open_keyring


async def test_processes_that_start_together_share_one_key(database: Database, tmp_path: Path) -> None:
    """The first creation is one atomic insert; everybody reads the winner's."""
    keyring = await open_keyring(database, tmp_path)
    loaded = await asyncio.gather(*(TokenKeyRepository(database, keyring).load() for _ in range(5)))
    assert len({keys.signing_key_id for keys in loaded}) == 1
    assert await database["token_keys"].count_documents({}) == 1


async def test_the_private_key_is_stored_sealed_only(database: Database, tmp_path: Path) -> None:
    """The raw document holds no byte string of the private key."""
    keys = await TokenKeyRepository(database, await open_keyring(database, tmp_path)).load()
    document = await database["token_keys"].find_one({})
    assert document is not None
    assert keys.signing_key.private_bytes_raw() not in document["sealed"]
    assert len(document["sealed"]) > 32


async def test_the_newest_key_signs_and_older_ones_still_verify(database: Database, tmp_path: Path) -> None:
    """So that tokens issued before a rotation stay good until they expire."""
    repository = TokenKeyRepository(database, await open_keyring(database, tmp_path))
    before = await repository.load()
    await repository.add_key(2)
    after = await repository.load()
    assert after.signing_key_id != before.signing_key_id
    assert set(after.verification_keys) == {before.signing_key_id, after.signing_key_id}


async def test_a_key_written_into_the_database_is_not_taken(database: Database, tmp_path: Path) -> None:
    """Neither an unsealed one, nor a sealed one moved to another generation."""
    repository = TokenKeyRepository(database, await open_keyring(database, tmp_path))
    await repository.load()
    genuine = await database["token_keys"].find_one({"_id": 1})
    assert genuine is not None
    for planted in (Ed25519PrivateKey.generate().private_bytes_raw(), genuine["sealed"]):
        await database["token_keys"].replace_one({"_id": 2}, {"sealed": planted}, upsert=True)
        with pytest.raises(DecryptionError):
            await repository.load()
