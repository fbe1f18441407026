"""Attachments under a plan: the record and the file behind it, kept together and read together.

A file is staged first (inspected, sealed, written), then becomes whole in the transaction that inserts its record; a
staged file that does not get there is discarded. Only a plan that grants `content` leads to a file.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterable, AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bson import ObjectId

from documents.access.plan import AccessPlan, Action
from documents.access.report import AccessReport
from documents.chapters.attachments.inspection import ContentInspection
from documents.chapters.attachments.kinds import AttachmentCategory
from documents.chapters.attachments.media_types import EXTENSIONS, MediaType
from documents.chapters.attachments.names import accepted_name
from documents.chapters.attachments.storage import AttachmentStorage, FileFacts, SealedFile
from documents.declaring.kind import Kind
from documents.errors import FieldAccessError, KeyErasedError, RecordNotFoundError
from documents.reading.list_query import Selection
from documents.reading.records import RecordReader
from documents.reading.visible_rows import refuse_creation
from documents.reading.where import OneOf, Where
from documents.storing.layout import CustomerReference
from documents.storing.public_ids import parse_id
from documents.writing.records import RecordWrites

GIVEN = frozenset({"category", "file_name", "content"})
"""What a caller gives with a file, and needs the right to `create`; the rest is measured."""

_SERVED = Selection({Kind.ATTACHMENT: frozenset({"content", "file_name"})})


@dataclass(frozen=True, slots=True)
class NewAttachment:
    """A file as its sender describes it."""

    category: AttachmentCategory
    file_name: str
    media_type: MediaType


@dataclass(frozen=True, slots=True)
class StagedAttachment:
    """A file that was inspected and written, and is not whole yet."""

    customer: CustomerReference
    new: NewAttachment
    sealed: SealedFile
    facts: FileFacts


@dataclass(frozen=True, slots=True)
class AttachmentContent:
    """A file that the caller may have. `parts` are verified as they come; DecryptionError ends them where one is not
    what was sealed. A name that the caller may not know is replaced by one that says nothing."""

    file_name: str
    facts: FileFacts
    parts: AsyncIterator[bytes]


async def in_one_piece(content: bytes) -> AsyncIterator[bytes]:
    """A file that is in memory already, such as a letter, as `staged` takes it."""
    yield content


class AttachmentRepository:
    """Stages, inserts and opens attachments. `limit` is the largest file, in bytes."""

    def __init__(self, records: RecordReader, storage: AttachmentStorage, limit: int) -> None:
        self._records = records
        self._storage = storage
        self._keyring = records.store.storage.keyring
        self.limit = limit

    @asynccontextmanager
    async def staged(
        self, plan: AccessPlan, customer: CustomerReference, new: NewAttachment, content: AsyncIterable[bytes]
    ) -> AsyncIterator[StagedAttachment]:
        """The file, staged for as long as the context lasts: `insert` it there, or nothing of it stays.

        Rights come first, then the description, then every byte as it arrives. Raises FieldAccessError (all that the
        caller may not create), AttachmentRefusedError, KeyErasedError, and whatever `content` raises."""
        refuse_creation(plan, Kind.ATTACHMENT, customer, GIVEN)  # `insert` asks again
        accepted_name(new.file_name, new.media_type)
        key = await self._keyring.data_key(customer.row_id)
        writer = await self._storage.begin(key, ObjectId(secrets.token_bytes(12)))
        try:
            inspection = ContentInspection(new.media_type, self.limit)
            async for data in content:
                inspection.feed(data)
                await writer.write(data)
            sealed, facts = await writer.finish(inspection.finish())
            yield StagedAttachment(customer, new, sealed, facts)
        finally:
            await self._storage.discard(writer.file_id)

    async def insert(self, writes: RecordWrites, plan: AccessPlan, staged: StagedAttachment, *, by: str) -> str:
        """Makes a staged file whole and inserts its record, in the caller's unit of work; returns its public id.

        Raises as `RecordWrites.insert` does."""
        await self._storage.keep(writes.unit, staged.sealed)
        new, facts = staged.new, staged.facts
        values = {
            "category": new.category.value,
            "file_name": accepted_name(new.file_name, new.media_type),
            "content": str(staged.sealed.file_id),
        }
        derived = {"media_type": facts.media_type.value, "size": facts.size, "sha256": facts.sha256}
        return await writes.insert(plan, Kind.ATTACHMENT, values, customer=staged.customer, derived=derived, by=by)

    async def require(
        self, writes: RecordWrites, plan: AccessPlan, customer: CustomerReference, attachment_ids: Collection[str]
    ) -> None:
        """Makes sure that all these are attachments of the customer which the caller can see, for a record that is to
        refer to them. Raises RecordNotFoundError; `plan` is of attachments."""
        wanted = set(attachment_ids)
        if len(await writes.find(plan, Kind.ATTACHMENT, Where(id=OneOf(wanted), customer=customer))) != len(wanted):
            raise RecordNotFoundError

    async def open(self, plan: AccessPlan, attachment_id: str, report: AccessReport) -> AttachmentContent:
        """The file of an attachment. Raises RecordNotFoundError (none, or none in the caller's scopes),
        FieldAccessError (the caller may not have the content), KeyErasedError, DecryptionError."""
        parsed = parse_id(attachment_id, (Kind.ATTACHMENT.value,))
        if parsed is None:
            raise RecordNotFoundError
        record = await self._records.find(plan, Kind.ATTACHMENT, parsed[1], _SERVED, report)
        if record is None:
            raise RecordNotFoundError
        if "content" not in record:  # a denied field is not in a record at all
            raise FieldAccessError(Action.READ, ["content"])
        if record["content"] is None:
            raise KeyErasedError
        sealed = await self._storage.find(ObjectId(record["content"]))
        if sealed is None:
            raise RecordNotFoundError
        key = await self._keyring.data_key(sealed.customer_id)
        facts = sealed.facts(key)
        name = record.get("file_name") or f"attachment.{EXTENSIONS[facts.media_type][0]}"
        return AttachmentContent(name, facts, self._storage.read(key, sealed.file_id, facts))
