"""The use cases on attachments: a file comes to a customer, a file is had. They decide nothing themselves."""

from __future__ import annotations

from collections.abc import AsyncIterable
from dataclasses import replace

from documents.access.trace import Act
from documents.chapters.attachments.staging import GIVEN, AttachmentContent, AttachmentRepository, NewAttachment
from documents.declaring.kind import Kind
from documents.storing.public_ids import parse_customer_id
from policies.authorize import CREATE
from resolvers.caller import Caller, idempotent
from resolvers.chapters.accounts.principals import Principals
from resolvers.kernel import Kernel
from resolvers.recording import Changing, traced

PATH = "attachments"


class Attachments:
    """Adds and opens the files of customers under policy."""

    def __init__(self, kernel: Kernel, principals: Principals, max_bytes: int) -> None:
        """`principals` tells who a sender still is; `max_bytes`: the largest file."""
        self._principals = principals
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
        NotAuthenticatedError (the session ended meanwhile), and what `AttachmentRepository.staged` and `Units.run`
        raise; nothing of the file is kept then."""
        operations, parsed = self._operations, parse_customer_id(customer_id)
        plan = await operations.plan(caller, Kind.ATTACHMENT, CREATE)
        row_id = parsed[1] if parsed is not None else None
        with traced(caller, Changing(Act.CREATE, Kind.ATTACHMENT, tuple(GIVEN), customer=row_id)):
            customer = await operations.customer(caller, customer_id)
            async with self.repository.staged(plan, customer, new, content) as staged:
                # The file is part of the request, by its hash: another one under the same key is another request.
                described = [customer_id, new.category, new.file_name, staged.facts.media_type, staged.facts.sha256]
                # It may have taken long: what the sender may do is asked again, of whoever they are by now.
                caller.principal = await self._principals.again(caller.principal)
                plan = await operations.plan(caller, Kind.ATTACHMENT, CREATE)
                whole = replace(staged, customer=await operations.customer(caller, customer_id))
                return await operations.run(
                    caller,
                    lambda writes: self.repository.insert(writes, plan, whole, by=caller.username),
                    idempotent(caller, PATH, described),
                )

    async def open(self, caller: Caller, attachment_id: str) -> AttachmentContent:
        """The file. Raises as `AttachmentRepository.open` does."""
        plan = await self._operations.plan(caller, Kind.ATTACHMENT)
        return await self.repository.open(plan, attachment_id, caller.report)
