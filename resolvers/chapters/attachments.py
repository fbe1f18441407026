"""The use cases on attachments: a file comes to a customer, a file is had. They decide nothing themselves."""

from __future__ import annotations

from collections.abc import AsyncIterable

from documents.access.trace import Act
from documents.chapters.attachments.staging import GIVEN, AttachmentContent, AttachmentRepository, NewAttachment
from documents.declaring.kind import Kind
from documents.storing.public_ids import parse_customer_id, parse_id
from policies.authorize import CREATE
from resolvers.caller import Caller, idempotent
from resolvers.kernel import Kernel
from resolvers.recording import Changing, traced

PATH = "attachments"


class Attachments:
    """Adds and opens the files of customers under policy."""

    def __init__(self, kernel: Kernel, max_bytes: int) -> None:
        """`max_bytes`: the largest file."""
        storage = kernel.storage
        self._operations = kernel.operations
        self.repository = AttachmentRepository(storage.readers[Kind.ATTACHMENT], storage.files, max_bytes)

    @property
    def limit(self) -> int:
        """The largest file, in bytes."""
        return self.repository.limit

    async def add(self, caller: Caller, customer_id: str, new: NewAttachment, content: AsyncIterable[bytes]) -> str:
        """Keeps the file that `content` gives, once per idempotency key; returns the attachment's public id.

        `content` is read only for those who may add it. Raises RecordNotFoundError (no such customer for the caller),
        and what `AttachmentRepository.staged` and `RecordWriter.run` raise; nothing of the file is kept then."""
        operations, parsed = self._operations, parse_customer_id(customer_id)
        plan = await operations.plan(caller, Kind.ATTACHMENT, CREATE)
        row_id = parsed[1] if parsed is not None else None
        with traced(caller, Changing(Act.CREATE, Kind.ATTACHMENT, tuple(GIVEN), customer=row_id)) as made:
            customer = await operations.customer(caller, customer_id)
            async with self.repository.staged(plan, customer, new, content) as staged:
                # The file is part of the request, by its hash: another one under the same key is another request.
                described = [customer_id, new.category, new.file_name, staged.facts.media_type, staged.facts.sha256]
                attachment_id = await operations.run(
                    lambda writes: self.repository.insert(writes, plan, staged, by=caller.username),
                    idempotent(caller, PATH, described),
                )
            inserted = parse_id(attachment_id, (Kind.ATTACHMENT.value,))
            made.record = inserted[1] if inserted is not None else None
        return attachment_id

    async def open(self, caller: Caller, attachment_id: str) -> AttachmentContent:
        """The file. Raises as `AttachmentRepository.open` does."""
        plan = await self._operations.plan(caller, Kind.ATTACHMENT)
        return await self.repository.open(plan, attachment_id, caller.report)
