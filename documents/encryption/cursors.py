"""Page cursors: sealed positions.

Guarantee: a cursor shows nothing of the value that it stands at, and opens only for the caller and the list that it
was made for. Not guaranteed: secrecy of how many 64-byte blocks the position fills.

Layout: base64url without padding of AES-SIV (RFC 5297) over the BSON of `{v: sort value, i: row id}`, padded with zero
bytes to a multiple of 64. The associated data is the context. SIV is deterministic: the same row in the same list has
the same cursor, and no nonce can be repeated by accident.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Any

import bson
from bson import ObjectId
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from documents.errors import InvalidCursorError

BLOCK = 64
KEY_BYTES = 64


def cursor_context(*parts: object) -> bytes:
    """The 32-byte context of one caller's list; equal parts give equal contexts."""
    return hashlib.sha256("\x00".join(repr(part) for part in parts).encode()).digest()


class CursorSealer:
    """Seals and opens positions under one 64-byte installation key."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESSIV(key)

    def seal(self, value: Any, row_id: ObjectId, context: bytes) -> str:
        """The cursor of the row `row_id`, whose sort value is `value` (None when the list is in id order)."""
        position = bson.encode({"v": value, "i": row_id})
        padded = position + bytes(-len(position) % BLOCK)
        return base64.urlsafe_b64encode(self._cipher.encrypt(padded, [context])).rstrip(b"=").decode()

    def open(self, cursor: str, context: bytes) -> tuple[Any, ObjectId]:
        """The (sort value, row id) that `cursor` stands at. Raises InvalidCursorError."""
        try:
            sealed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            padded = self._cipher.decrypt(sealed, [context])
            position = bson.decode(padded[: int.from_bytes(padded[:4], "little")])
        except (InvalidTag, binascii.Error, ValueError, bson.errors.BSONError) as error:
            raise InvalidCursorError from error
        return position["v"], position["i"]
