"""Passwords: the rules for new ones, and their hashes.

Guarantee: a hash is Argon2id (RFC 9106) with a random salt of 16 bytes in PHC string format; comparison is constant
time; checking a password of an account that does not exist does the same work as checking a wrong one. At most
`concurrency` hashes are computed at a time, each in 64 MiB, so a flood of logins waits instead of exhausting memory.
Not guaranteed: anything about weak passwords that obey the rules of length.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
import unicodedata

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from documents.errors import InvalidField, InvalidValueError

MINIMUM_LENGTH = 12
MAXIMUM_LENGTH = 256

# RFC 9106 section 4, second recommended option: t=3, p=4, m=64 MiB, 128-bit salt, 256-bit tag.
ITERATIONS = 3
LANES = 4
MEMORY_KIB = 64 * 1024
SALT_BYTES = 16
TAG_BYTES = 32


def check_password_rules(password: str) -> None:
    """Raises InvalidValueError unless `password` has 12 to 256 characters."""
    length = len(unicodedata.normalize("NFC", password))
    if length < MINIMUM_LENGTH:
        rule, limit = "password.too_short", MINIMUM_LENGTH
    elif length > MAXIMUM_LENGTH:
        rule, limit = "password.too_long", MAXIMUM_LENGTH
    else:
        return
    raise InvalidValueError((InvalidField("password", rule, (("limit", str(limit)),)),))


class PasswordHasher:
    """Hashes and verifies passwords in threads, at most `concurrency` at once in this process."""

    def __init__(self, *, concurrency: int = 2) -> None:
        self._slots = asyncio.Semaphore(concurrency)
        # A well-formed hash that no password has: its tag is random, not derived.
        self._nobody = (
            f"$argon2id$v=19$m={MEMORY_KIB},t={ITERATIONS},p={LANES}"
            f"${_phc_base64(secrets.token_bytes(SALT_BYTES))}${_phc_base64(secrets.token_bytes(TAG_BYTES))}"
        )

    async def hash(self, password: str) -> str:
        """The PHC string of a new password. Raises InvalidValueError where it breaks the rules."""
        check_password_rules(password)
        async with self._slots:
            return await asyncio.to_thread(self._derive, _octets(password))

    async def verify(self, password: str, encoded: str | None) -> bool:
        """Is `password` the one of hash `encoded`? None, for an account that has no password or does not exist, costs
        the same and is never right."""
        async with self._slots:
            is_right = await asyncio.to_thread(self._matches, _octets(password), encoded or self._nobody)
        return is_right and encoded is not None

    def _derive(self, octets: bytes) -> str:
        salt = secrets.token_bytes(SALT_BYTES)
        return Argon2id(
            salt=salt, length=TAG_BYTES, iterations=ITERATIONS, lanes=LANES, memory_cost=MEMORY_KIB
        ).derive_phc_encoded(octets)

    def _matches(self, octets: bytes, encoded: str) -> bool:
        try:
            Argon2id.verify_phc_encoded(octets, encoded)
        except InvalidKey:
            return False
        return True


def _octets(password: str) -> bytes:
    """RFC 8265 section 4.2, OpaqueString: NFC, then UTF-8. A lone surrogate is hashed, not refused with an error."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


def _phc_base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode().rstrip("=")
