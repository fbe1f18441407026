"""Files in the database: whole or not at all, sealed, in the layout of GridFS, and gone with the customer's key."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import bson
import pytest
from bson import ObjectId
from gridfs.asynchronous import AsyncGridFSBucket
from pymongo.asynchronous.database import AsyncDatabase

from documents.chapters.attachments.media_types import MediaType
from documents.chapters.attachments.sealing import CHUNK_BYTES, FileSealer, sealed_size
from documents.chapters.attachments.storage import INDEXES, AttachmentStorage, FileFacts, SealedFile
from documents.encryption.ciphertext import DataKey, KeyScope
from documents.encryption.key_providers import LocalKeyProvider
from documents.encryption.keyring import Keyring
from documents.errors import DecryptionError, RecordNotFoundError
from documents.storing.indexes import make_indexes
from tests.units import in_unit, units_of

CUSTOMER, OTHER = ObjectId(), ObjectId()
SCOPE = KeyScope("individual", "demo.manager", "sales-east")
PLAIN = b"a line that would be found in the raw database\n"

Database = AsyncDatabase[dict[str, Any]]


@pytest.fixture
async def keyring(database: Database, tmp_path: Path) -> Keyring:
    keyring = Keyring(database, LocalKeyProvider(tmp_path / "root.key"))
    await keyring.open()
    await keyring.create_data_keys(dict.fromkeys([CUSTOMER, OTHER], SCOPE))
    return keyring


@pytest.fixture
async def key(keyring: Keyring) -> DataKey:
    return await keyring.data_key(CUSTOMER)


@pytest.fixture
async def storage(database: Database, keyring: Keyring) -> AttachmentStorage:
    await make_indexes(database, INDEXES)
    return AttachmentStorage(database)


class Stored(NamedTuple):
    file_id: ObjectId
    facts: FileFacts

    @property
    def size(self) -> int:
        return self.facts.size


async def keep(database: Database, storage: AttachmentStorage, key: DataKey, content: bytes, piece: int) -> Stored:
    writer = await storage.begin(key, ObjectId())
    for start in range(0, len(content), piece):
        await writer.write(content[start : start + piece])
    sealed, facts = await writer.finish(MediaType.TEXT)
    await in_unit(units_of(database), lambda unit: storage.keep(unit, sealed))
    assert await storage.find(sealed.file_id) == sealed
    assert sealed.facts(key) == facts
    return Stored(sealed.file_id, facts)


async def read(storage: AttachmentStorage, key: DataKey, stored: Stored) -> bytes:
    return b"".join([part async for part in storage.read(key, stored.file_id, stored.facts)])


async def given_before_the_error(storage: AttachmentStorage, key: DataKey, stored: Stored) -> int:
    """How many bytes are given out before the DecryptionError that must come."""
    given = 0
    try:
        async for part in storage.read(key, stored.file_id, stored.facts):
            given += len(part)
    except DecryptionError:
        return given
    pytest.fail("the file was read to its end")


async def count(database: Database) -> dict[str, int]:
    return {
        name: await database[f"attachments.{name}"].count_documents({}) for name in ("files", "chunks", "unfinished")
    }


class TestRoundTrip:
    """What was kept is read as it was."""

    @pytest.mark.parametrize("near", [0, 1, CHUNK_BYTES, 2 * CHUNK_BYTES])
    @pytest.mark.parametrize("piece", [65_536, 3 * CHUNK_BYTES])
    async def test_sizes_around_the_borders_of_chunks(
        self, database: Database, storage: AttachmentStorage, key: DataKey, near: int, piece: int
    ) -> None:
        """In small pieces and at once, and each is one file of GridFS."""
        for size in (near - 1, near, near + 1):
            if size < 0:
                continue
            content = (PLAIN * (size // len(PLAIN) + 1))[:size]
            stored = await keep(database, storage, key, content, piece)
            assert stored.size == size
            assert await read(storage, key, stored) == content
            file = await AsyncGridFSBucket(database, "attachments").open_download_stream(stored.file_id)
            assert file.length == sealed_size(size)
            assert len(await file.read()) == sealed_size(size)

    async def test_the_raw_database_holds_no_plaintext(
        self, database: Database, storage: AttachmentStorage, key: DataKey
    ) -> None:
        """In no collection; nor does the hash of the content, by which a known file could be recognised."""
        stored = await keep(database, storage, key, PLAIN * 10_000, CHUNK_BYTES)
        for name in await database.list_collection_names():
            async for row in database[name].find({}):
                raw = bson.encode(row)
                assert PLAIN not in raw
                assert stored.facts.sha256.encode() not in raw
                assert bytes.fromhex(stored.facts.sha256) not in raw


class TestTampering:
    """Whoever can write to the database cannot change what is read."""

    @pytest.fixture
    async def stored(self, database: Database, storage: AttachmentStorage, key: DataKey) -> Stored:
        return await keep(database, storage, key, bytes(range(256)) * 4096, CHUNK_BYTES)  # five chunks

    async def test_cut_short_reordered_and_spliced_files_do_not_open(
        self, database: Database, storage: AttachmentStorage, key: DataKey, stored: Stored
    ) -> None:
        """And nothing of a chunk that is out of its place is given out."""
        chunks = database["attachments.chunks"]
        rows = {row["n"]: row async for row in chunks.find({"files_id": stored.file_id})}
        twin = await keep(database, storage, key, bytes(range(256)) * 4096, CHUNK_BYTES)
        foreign = {row["n"]: row async for row in chunks.find({"files_id": twin.file_id})}
        assert len(rows) == 5
        for place, data in (
            (1, rows[2]["data"]),
            (1, foreign[1]["data"]),
            (4, rows[3]["data"]),
            (0, rows[4]["data"]),
            (2, rows[2]["data"][:-1]),
        ):
            await chunks.update_one({"_id": rows[place]["_id"]}, {"$set": {"data": data}})
            assert await given_before_the_error(storage, key, stored) == place * CHUNK_BYTES
            await chunks.replace_one({"_id": rows[place]["_id"]}, rows[place])
        assert len(await read(storage, key, stored)) == stored.size
        await chunks.delete_one({"_id": rows[4]["_id"]})
        for size in (stored.size, 4 * CHUNK_BYTES, 4 * CHUNK_BYTES - 1):  # a record that lies about the size, too
            with pytest.raises(DecryptionError):
                await read(storage, key, Stored(stored.file_id, replace(stored.facts, size=size)))

    async def test_another_size_or_hash_in_the_record_does_not_open(
        self, storage: AttachmentStorage, key: DataKey, stored: Stored
    ) -> None:
        """The last chunk stays back."""
        for size, sha256 in ((stored.size - 1, stored.facts.sha256), (stored.size, "0" * 64)):
            lying = Stored(stored.file_id, replace(stored.facts, size=size, sha256=sha256))
            assert await given_before_the_error(storage, key, lying) == 4 * CHUNK_BYTES

    async def test_the_facts_of_another_file_do_not_open(
        self, database: Database, storage: AttachmentStorage, key: DataKey, stored: Stored
    ) -> None:
        """Nobody gives a file the size and hash of another."""
        twin = await keep(database, storage, key, PLAIN, 100)
        other = await storage.find(twin.file_id)
        assert other is not None
        with pytest.raises(DecryptionError):
            SealedFile(stored.file_id, CUSTOMER, other.length, other.sealed_facts).facts(key)

    async def test_the_key_of_another_customer_does_not_open_it(
        self, storage: AttachmentStorage, keyring: Keyring, stored: Stored
    ) -> None:
        """Nor anything under another id."""
        with pytest.raises(DecryptionError):
            await read(storage, await keyring.data_key(OTHER), stored)
        found = await storage.find(stored.file_id)
        assert found is not None
        with pytest.raises(DecryptionError):
            found.facts(await keyring.data_key(OTHER))

    async def test_a_chunk_of_another_customer_does_not_open_in_its_place(
        self, database: Database, storage: AttachmentStorage, key: DataKey, keyring: Keyring, stored: Stored
    ) -> None:
        """Even sealed for the same file and place."""
        sealed = FileSealer(await keyring.data_key(OTHER), stored.file_id).seal(0, bytes(CHUNK_BYTES), last=False)
        await database["attachments.chunks"].update_one(
            {"files_id": stored.file_id, "n": 0}, {"$set": {"data": sealed}}
        )
        with pytest.raises(DecryptionError):
            await read(storage, key, stored)


class TestNothingHalfStored:
    """A file is whole or not there."""

    async def test_an_upload_in_the_middle_is_no_file_and_can_be_discarded(
        self, database: Database, storage: AttachmentStorage, key: DataKey
    ) -> None:
        """Its chunks go with it."""
        writer = await storage.begin(key, ObjectId())
        await writer.write(bytes(3 * CHUNK_BYTES))
        assert await count(database) == {"files": 0, "chunks": 2, "unfinished": 1}
        await storage.discard(writer.file_id)
        assert await count(database) == {"files": 0, "chunks": 0, "unfinished": 0}

    async def test_a_file_that_is_whole_cannot_be_discarded(
        self, database: Database, storage: AttachmentStorage, key: DataKey
    ) -> None:
        """Whoever is too late takes nothing away."""
        stored = await keep(database, storage, key, PLAIN, 10)
        await storage.discard(stored.file_id)
        assert await read(storage, key, stored) == PLAIN

    async def test_what_a_crash_left_is_swept_after_a_day_and_nothing_else(
        self, database: Database, storage: AttachmentStorage, key: DataKey
    ) -> None:
        """An upload under way keeps its chunks, a whole file too."""
        stored = await keep(database, storage, key, PLAIN, 10)
        writer = await storage.begin(key, ObjectId())
        await writer.write(bytes(2 * CHUNK_BYTES))
        assert await storage.sweep() == 0
        assert (await count(database))["chunks"] == 2
        assert await storage.sweep(datetime.now(UTC) + timedelta(days=1, minutes=1)) == 1
        assert await count(database) == {"files": 1, "chunks": 1, "unfinished": 0}
        assert await read(storage, key, stored) == PLAIN

    async def test_an_upload_that_was_swept_cannot_become_whole(
        self, database: Database, storage: AttachmentStorage, key: DataKey
    ) -> None:
        """Its record is rolled back with it."""
        writer = await storage.begin(key, ObjectId())
        stored, _ = await writer.finish(MediaType.TEXT)
        await storage.discard(writer.file_id)
        with pytest.raises(RecordNotFoundError):
            await in_unit(units_of(database), lambda unit: storage.keep(unit, stored))
        assert (await count(database))["files"] == 0


async def test_files_are_gone_with_the_key(
    database: Database, storage: AttachmentStorage, key: DataKey, keyring: Keyring
) -> None:
    """Nothing opens them, whatever key is made afterwards, and the next sweep takes them away; others stay."""
    stored = await keep(database, storage, key, PLAIN, 10)
    kept = await keep(database, storage, await keyring.data_key(OTHER), PLAIN, 10)
    await keyring.erase(CUSTOMER)
    fresh = await keyring.create_data_key(CUSTOMER, SCOPE)
    with pytest.raises(DecryptionError):
        await read(storage, fresh, stored)
    await keyring.erase(CUSTOMER)
    assert await in_unit(units_of(database), lambda unit: storage.remove_unreadable(unit, 10)) == 1
    assert await read(storage, await keyring.data_key(OTHER), kept) == PLAIN
    assert (await count(database))["chunks"] == 1
