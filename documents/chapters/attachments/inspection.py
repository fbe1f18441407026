"""The inspection of a file as it comes: how long it may be, and what it is by its content.

Owns the order of refusals: too large and of no type that is taken as soon as that shows, empty and mismatched at the
end. In constant memory: both ends of the file.
"""

from __future__ import annotations

from documents.chapters.attachments.media_types import SIGNATURE_BYTES, TAIL_BYTES, MediaType, by_ends, by_head
from documents.chapters.attachments.plain_text import PlainTextCheck
from documents.errors import AttachmentFault, AttachmentRefusedError


class ContentInspection:
    """Fed with every byte of one file by `feed`, ended by `finish`. `limit` in bytes."""

    def __init__(self, declared: MediaType, limit: int) -> None:
        self._declared = declared
        self._limit = limit
        self._head = b""
        self._tail = b""
        self._size = 0
        self._text = PlainTextCheck()
        self._candidates: frozenset[MediaType] | None = None

    def feed(self, data: bytes) -> None:
        """Looks at the next bytes. Raises AttachmentRefusedError as soon as the file cannot be taken any more."""
        self._size += len(data)
        if self._size > self._limit:
            raise AttachmentRefusedError(AttachmentFault.TOO_LARGE)
        if len(self._head) < SIGNATURE_BYTES:
            self._head = (self._head + data)[:SIGNATURE_BYTES]
        self._tail = data[-TAIL_BYTES:] if len(data) >= TAIL_BYTES else (self._tail + data)[-TAIL_BYTES:]
        if self._candidates is None and len(self._head) >= SIGNATURE_BYTES:
            self._candidates = by_head(self._head)
        if self._candidates is None or MediaType.TEXT in self._candidates:
            self._text.feed(data)
        self._refuse_by_head()

    def _refuse_by_head(self) -> None:
        if self._candidates is None:
            return
        if self._candidates == {MediaType.TEXT} and not self._text.is_text:
            raise AttachmentRefusedError(AttachmentFault.TYPE_REFUSED)
        if self._declared not in self._candidates:
            raise AttachmentRefusedError(AttachmentFault.TYPE_MISMATCH)

    def finish(self) -> MediaType:
        """The type of the whole file. Raises AttachmentRefusedError: it is empty, of no type, or not as declared."""
        if self._size == 0:
            raise AttachmentRefusedError(AttachmentFault.EMPTY)
        found = by_ends(self._head, self._tail, self._size)
        if found is None and by_head(self._head) == {MediaType.TEXT}:
            self._text.feed(b"", final=True)
            found = MediaType.TEXT if self._text.is_text else None
        if found is None:
            raise AttachmentRefusedError(AttachmentFault.TYPE_REFUSED)
        if found is not self._declared:
            raise AttachmentRefusedError(AttachmentFault.TYPE_MISMATCH)
        return found
