"""Whose a customer is, as its data key knows it: what decides who may see it, bound into the wrapping of the key.

Owns the scope's bytes. Whoever edits a scope in the database, without the vault key, makes the key not open: it never
comes to say something else. It must never decide who may see what.

    data_keys  {_id: customer id, …, scope: {kind: text, owner: text or null, department: text or null, version: int}}

`version` is 1 for a new customer, and rises by one whenever owner or department become others.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final

from documents.encryption.ciphertext import KeyScope, encode_parts
from documents.errors import DecryptionError

FIRST_VERSION: Final = 1
_VERSION_BYTES: Final = 8


@lru_cache(maxsize=4096)
def scope_digest(scope: KeyScope, version: int) -> bytes:
    """What the wrapping of a data key is bound to: SHA-256 of the scope's parts, 32 bytes."""
    named = (b"" if value is None else b"\x01" + value.encode() for value in scope[1:])
    return sha256(encode_parts(scope.kind.encode(), *named, version.to_bytes(_VERSION_BYTES, "big"))).digest()


def stored_scope(document: Mapping[str, Any]) -> tuple[KeyScope, int]:
    """Scope and version in a document of `data_keys`, believed by nobody before the key opens under them.

    Raises DecryptionError where there is none, or it is none that could have been stored."""
    match document.get("scope"):
        case {"kind": str(kind), "owner": str() | None as owner, "department": str() | None as department, **others}:
            version = others.get("version")
            if type(version) is int and version >= FIRST_VERSION:
                return KeyScope(kind, owner, department), version
    raise DecryptionError


def scope_document(scope: KeyScope, version: int) -> dict[str, Any]:
    """The scope as it is stored beside the keys."""
    return {**scope._asdict(), "version": version}
