"""Wrapping: how a key, or a small secret of the installation, is sealed under a key above it.

Guaranteed: what was wrapped opens only under the same wrapping key and the same context, unchanged to the last bit;
every failure is the same `DecryptionError`. Not guaranteed: the length of what is wrapped shows.

The bytes are laid out as in a field ciphertext: version, suite, key id, nonce, ciphertext, tag. The plaintext is raw.
Associated data: the parts of the context, then the ten header bytes, each behind its length in two bytes. A context
begins with its purpose (`vault_key`, `data_key`, `secret`): nothing wrapped for one purpose opens for another.
"""

from __future__ import annotations

from os import urandom

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from documents.encryption.ciphertext import (
    CIPHERTEXT_OFFSET,
    HEADER_LENGTH,
    NONCE_LENGTH,
    SECRET_LENGTH,
    encode_parts,
    header,
)
from documents.errors import DecryptionError


class WrappingKey:
    """A root or vault key in memory. Its 32 secret bytes leave this object never."""

    __slots__ = ("_aead", "_header", "key_id")

    def __init__(self, key_id: bytes, secret: bytes) -> None:
        if len(secret) != SECRET_LENGTH:
            raise ValueError("a wrapping key has 32 bytes")
        self.key_id = key_id
        self._header = header(key_id)
        self._aead = AESGCM(secret)

    def wrap(self, plaintext: bytes, context: tuple[bytes, ...]) -> bytes:
        """Seals `plaintext` for `context`, whose first part is the purpose."""
        return self._seal(plaintext, context, urandom(NONCE_LENGTH))

    def _seal(self, plaintext: bytes, context: tuple[bytes, ...], nonce: bytes) -> bytes:
        return self._header + nonce + self._aead.encrypt(nonce, plaintext, encode_parts(*context, self._header))

    def unwrap(self, wrapped: bytes, context: tuple[bytes, ...]) -> bytes:
        """Opens what `wrap` sealed for the same context; DecryptionError for anything else."""
        if not isinstance(wrapped, bytes) or wrapped[:HEADER_LENGTH] != self._header:
            raise DecryptionError
        nonce, sealed = wrapped[HEADER_LENGTH:CIPHERTEXT_OFFSET], wrapped[CIPHERTEXT_OFFSET:]
        try:
            return self._aead.decrypt(nonce, sealed, encode_parts(*context, self._header))
        except (InvalidTag, ValueError):  # ValueError: a nonce cut short
            raise DecryptionError from None
