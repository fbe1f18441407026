"""Hashes of passwords that cost nothing to check. Production's costs have tests of their own."""

from __future__ import annotations

import unicodedata

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id


def quick_hash(password: str) -> str:
    """A PHC string for an account that a test logs in with.

    Checking a password costs what its hash says: a fifth of a second with one that the product made, nothing with this.
    """
    octets = unicodedata.normalize("NFC", password).encode()
    return Argon2id(salt=bytes(16), length=32, iterations=1, lanes=1, memory_cost=8).derive_phc_encoded(octets)
