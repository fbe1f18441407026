"""Sealed files: how a file of one customer is cut into chunks, and how each is sealed and opened.

Guaranteed: a chunk opens only with its customer's data key, in the file and at the place that it was sealed for,
unchanged to the last bit; whether a chunk is the last is part of that, so that a file cannot be cut short, prolonged,
reordered or spliced with another. Erasing the data key makes every file of the customer unreadable. Every failure is
the same `DecryptionError`, without a reason or a cause.
Not guaranteed: that a customer has files, how many, when they came and how long they are shows; a whole file that was
deleted, put back, opens (which files there are is the business of the records and the audit chain).

    offset  bytes  content
    0       1      version, 0x01
    1       1      suite, 0x01 = AES-256-GCM (NIST SP 800-38D)
    2       8      key id of the data key
    10      12     nonce, random
    22      n      ciphertext; n = 261082 in every chunk but the last, which has 0 to 261082 bytes
    22+n    16     tag

Associated data: `attachments.chunks`, customer id, file id, index of the chunk (four bytes, big endian, from 0), 0x01
for the last chunk and 0x00 for any other, and the ten header bytes, each behind its length (two bytes, big endian).
INVARIANT: a data key seals fewer than 2^32 values and chunks together (SP 800-38D, section 8.3).
"""

from __future__ import annotations

from os import urandom

from bson import ObjectId
from cryptography.exceptions import InvalidTag

from documents.encryption.ciphertext import CIPHERTEXT_OFFSET, HEADER_LENGTH, NONCE_LENGTH, DataKey, encode_parts
from documents.errors import DecryptionError

COLLECTION = "attachments.chunks"
SEALED_CHUNK_BYTES = 255 * 1024  # what GridFS (section "Terms", chunkSize) stores per chunk by default
TAG_LENGTH = 16
CHUNK_BYTES = SEALED_CHUNK_BYTES - CIPHERTEXT_OFFSET - TAG_LENGTH
"""Bytes of plaintext in every chunk but the last: 261082."""


def chunk_count(size: int) -> int:
    """How many chunks a file of `size` bytes has; an empty file has one, which is empty."""
    return max(1, -(-size // CHUNK_BYTES))


def sealed_size(size: int) -> int:
    """How many bytes a file of `size` bytes takes, sealed."""
    return size + chunk_count(size) * (SEALED_CHUNK_BYTES - CHUNK_BYTES)


class FileSealer:
    """Seals and opens the chunks of one file."""

    __slots__ = ("_key", "_prefix")

    def __init__(self, key: DataKey, file_id: ObjectId) -> None:
        self._key = key
        self._prefix = encode_parts(COLLECTION.encode(), key.customer_id.binary, file_id.binary)

    def seal(self, index: int, plaintext: bytes, *, last: bool) -> bytes:
        """Chunk `index` of the file, sealed. ValueError where its length does not fit its place."""
        if not (len(plaintext) == CHUNK_BYTES or (last and len(plaintext) < CHUNK_BYTES)):
            raise ValueError("only the last chunk of a file is shorter than the others")
        return self._seal(index, plaintext, urandom(NONCE_LENGTH), last=last)

    def _seal(self, index: int, plaintext: bytes, nonce: bytes, *, last: bool) -> bytes:
        """The format itself. INVARIANT: the nonce is fresh; only tests of the published vectors name their own."""
        sealed = self._key.aead.encrypt(nonce, plaintext, self._associated_data(index, last=last))
        return self._key.header + nonce + sealed

    def open(self, index: int, sealed: bytes, *, last: bool) -> bytes:
        """The plaintext of chunk `index`. DecryptionError for whatever `seal` did not make for this very place."""
        if not isinstance(sealed, bytes) or sealed[:HEADER_LENGTH] != self._key.header:
            raise DecryptionError
        nonce, ciphertext = sealed[HEADER_LENGTH:CIPHERTEXT_OFFSET], sealed[CIPHERTEXT_OFFSET:]
        try:
            return self._key.aead.decrypt(nonce, ciphertext, self._associated_data(index, last=last))
        except (InvalidTag, ValueError):  # ValueError: a nonce cut short
            raise DecryptionError from None

    def _associated_data(self, index: int, *, last: bool) -> bytes:
        return self._prefix + encode_parts(index.to_bytes(4, "big"), bytes((last,)), self._key.header)
