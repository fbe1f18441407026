"""Where sealed files lie: in the layout of GridFS, bucket `attachments`, so that any GridFS tool can copy them.

    attachments.files       {_id, length, chunkSize, uploadDate, metadata: {customer_id, facts}}: one per whole file;
                            `length` and `chunkSize` are of the sealed bytes; `facts` is the field ciphertext of the
                            list media type, size in bytes, SHA-256, under the field path `facts.<file id>`
    attachments.chunks      {_id, files_id, n, data}: `data` as in `documents.chapters.attachments.sealing`
    attachments.unfinished  {_id: file id, since: date}: files whose chunks are not, or no longer, part of a whole file

Owns that nothing half-stored stays: chunks are written under an entry of `unfinished`, and the transaction that makes
the file whole removes it; what is left behind by a crash is found by it and swept.
The driver's bucket is not used to write: it keeps up to 32 MB of chunks in memory, and takes part in no transaction.
It never decides who may read a file.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bson import Int64, ObjectId
from pymongo import IndexModel
from pymongo.asynchronous.database import AsyncDatabase

from documents.access.trace import Act
from documents.audit.entries import ChangedRow
from documents.chapters.attachments.media_types import MediaType
from documents.chapters.attachments.sealing import CHUNK_BYTES, SEALED_CHUNK_BYTES, FileSealer, chunk_count, sealed_size
from documents.encryption.ciphertext import DataKey, FieldContext, decrypt_value, encrypt_value
from documents.errors import DecryptionError, RecordNotFoundError
from documents.writing.unit_of_work import UnitOfWork

BUCKET = "attachments"
INDEXES = {
    f"{BUCKET}.chunks": [IndexModel([("files_id", 1), ("n", 1)], unique=True)],  # GridFS, section "Indexes"
    f"{BUCKET}.files": [IndexModel([("metadata.customer_id", 1)])],
    f"{BUCKET}.unfinished": [IndexModel("since")],
}
UNFINISHED_LIFETIME = timedelta(days=1)  # no upload takes so long


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What is known of a whole file. `size` in bytes and `sha256` (64 hex digits) are of the plaintext."""

    media_type: MediaType
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class SealedFile:
    """A file all of whose chunks are written, as the database describes it. `sealed_facts` opens by `facts`."""

    file_id: ObjectId
    customer_id: ObjectId
    length: int  # of the sealed bytes
    sealed_facts: bytes

    def facts(self, key: DataKey) -> FileFacts:
        """DecryptionError where the key is not the file's."""
        opened = decrypt_value(key, _facts_context(self.file_id), self.sealed_facts)
        try:
            media_type, size, sha256 = opened
            return FileFacts(MediaType(media_type), int(size), str(sha256))
        except (TypeError, ValueError):
            raise DecryptionError from None


def _facts_context(file_id: ObjectId) -> FieldContext:
    return FieldContext(f"{BUCKET}.files", f"facts.{file_id}")


class FileWriter:
    """Seals and writes one file as its bytes come, in the memory of two chunks."""

    def __init__(self, storage: AttachmentStorage, key: DataKey, file_id: ObjectId) -> None:
        self._storage = storage
        self._key = key
        self._sealer = FileSealer(key, file_id)
        self._digest = hashlib.sha256()
        self._buffer = bytearray()
        self._written = 0  # chunks
        self.file_id = file_id
        self.size = 0

    async def write(self, data: bytes) -> None:
        """Takes the next bytes of the file."""
        self._digest.update(data)
        self.size += len(data)
        self._buffer += data
        while len(self._buffer) > CHUNK_BYTES:  # a full buffer may be the last chunk
            await self._write_chunk(bytes(self._buffer[:CHUNK_BYTES]), last=False)
            del self._buffer[:CHUNK_BYTES]

    async def finish(self, media_type: MediaType) -> tuple[SealedFile, FileFacts]:
        """Writes the last chunk. The file is not whole before `AttachmentStorage.keep`."""
        await self._write_chunk(bytes(self._buffer), last=True)
        self._buffer.clear()
        facts = FileFacts(media_type, self.size, self._digest.hexdigest())
        sealed = encrypt_value(self._key, _facts_context(self.file_id), [media_type.value, facts.size, facts.sha256])
        return SealedFile(self.file_id, self._key.customer_id, sealed_size(self.size), sealed), facts

    async def _write_chunk(self, plaintext: bytes, *, last: bool) -> None:
        sealed = self._sealer.seal(self._written, plaintext, last=last)
        await self._storage.write_chunk(self.file_id, self._written, sealed)
        self._written += 1


class AttachmentStorage:
    """The three collections of the bucket."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._files = database[f"{BUCKET}.files"]
        self._chunks = database[f"{BUCKET}.chunks"]
        self._unfinished = database[f"{BUCKET}.unfinished"]
        self._data_keys = database["data_keys"]

    async def begin(self, key: DataKey, file_id: ObjectId) -> FileWriter:
        """A writer of a new file of the customer whose key is given. `discard` it unless `keep` succeeds."""
        await self._unfinished.insert_one({"_id": file_id, "since": datetime.now(UTC)})
        return FileWriter(self, key, file_id)

    async def write_chunk(self, file_id: ObjectId, index: int, sealed: bytes) -> None:
        """Writes one sealed chunk; for `FileWriter`."""
        await self._chunks.insert_one({"files_id": file_id, "n": index, "data": sealed})

    async def keep(self, unit: UnitOfWork, stored: SealedFile) -> None:
        """Makes a finished file whole, in the unit of work that writes its record.

        RecordNotFoundError where it was swept in the meantime."""
        condition = {"_id": stored.file_id, "swept": {"$exists": False}}
        if (await self._unfinished.delete_one(condition, session=unit.session)).deleted_count == 0:
            raise RecordNotFoundError
        await self._files.insert_one(
            {
                "_id": stored.file_id,
                "length": Int64(stored.length),
                "chunkSize": SEALED_CHUNK_BYTES,
                "uploadDate": datetime.now(UTC),
                "metadata": {"customer_id": stored.customer_id, "facts": stored.sealed_facts},
            },
            session=unit.session,
        )

    async def discard(self, file_id: ObjectId) -> None:
        """Removes what was written of a file that did not become whole. A file that is whole stays."""
        claimed = await self._unfinished.update_one({"_id": file_id}, {"$set": {"swept": True}})
        if claimed.matched_count:
            await self._chunks.delete_many({"files_id": file_id})
            await self._unfinished.delete_one({"_id": file_id})

    async def find(self, file_id: ObjectId) -> SealedFile | None:
        """The whole file of this id; None when there is none."""
        row = await self._files.find_one({"_id": file_id})
        if row is None:
            return None
        metadata = row["metadata"]
        return SealedFile(file_id, metadata["customer_id"], row["length"], metadata["facts"])

    async def read(self, key: DataKey, file_id: ObjectId, facts: FileFacts) -> AsyncIterator[bytes]:
        """The plaintext, chunk by chunk, each verified before it is given; the last one not before the whole file is.

        DecryptionError where the stored bytes are not those of a file of this size and hash."""
        sealer = FileSealer(key, file_id)
        digest = hashlib.sha256()
        left = facts.size
        count = chunk_count(facts.size)
        for index in range(count):
            # One command each: a cursor would be held open for as long as a slow client takes.
            row = await self._chunks.find_one({"files_id": file_id, "n": index}, {"_id": 0, "data": 1})
            if row is None:
                raise DecryptionError
            last = index == count - 1
            plaintext = sealer.open(index, row["data"], last=last)
            digest.update(plaintext)
            left -= len(plaintext)
            if last and (left != 0 or digest.hexdigest() != facts.sha256):
                raise DecryptionError
            yield plaintext

    async def sweep(self, now: datetime | None = None) -> int:
        """Removes what uploads left behind that ended a day ago without an end; returns how many. Any number of jobs
        may do it at once."""
        latest = (now or datetime.now(UTC)) - UNFINISHED_LIFETIME
        left_behind = [row["_id"] async for row in self._unfinished.find({"since": {"$lt": latest}}, {"_id": 1})]
        for file_id in left_behind:
            await self.discard(file_id)
        return len(left_behind)

    async def remove_unreadable(self, unit: UnitOfWork, limit: int) -> int:
        """Removes at most `limit` files of customers whose data key was erased; returns how many."""
        unreadable = await (await self._files.aggregate(_of_erased_customers(self._data_keys.name, limit))).to_list()
        for file in unreadable:
            customer, file_id = file["metadata"]["customer_id"], file["_id"]
            told = ChangedRow(Act.DELETE, "attachment_file", 1, customer=customer, record=file_id)
            await unit.delete(self._files, {"_id": file_id}, told)
            await self._chunks.delete_many({"files_id": file_id}, session=unit.session)
        return len(unreadable)


def _of_erased_customers(data_keys: str, limit: int) -> list[dict[str, Any]]:
    keys = {"from": data_keys, "localField": "metadata.customer_id", "foreignField": "_id", "as": "keys"}
    return [{"$lookup": keys}, {"$match": {"keys": []}}, {"$project": {"metadata.customer_id": 1}}, {"$limit": limit}]
