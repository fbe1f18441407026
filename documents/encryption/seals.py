"""Seals of stored rows: what is believed when access is decided is authenticated whole, under a key of the vault.

Guaranteed: who does not have the vault makes no seal for a row that the product did not write, and none of a row moves
to another row, collection or installation. Not guaranteed: that a row is the newest one; whoever keeps rows gives them
a version that rises, and remembers it.

A seal is HMAC-SHA-256, 32 bytes, over `dossier-row-seal-v1`, a zero byte, the collection's name, a zero byte, and the
BSON of the row without the seal, in which the fields of every document are in the order of their names. BSON keeps
instants to the millisecond, so that a row has the same seal before it is stored and after it was read.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any, Final

import bson

SECRET_NAME: Final = "row_seals"  # noqa: S105 - the name of a secret
SEAL: Final = "_seal"
"""The field of a row that holds its seal."""
_DOMAIN: Final = b"dossier-row-seal-v1\x00"


class Seals:
    """Makes and checks seals under `key`, the installation's secret `SECRET_NAME`."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, collection: str, row: Mapping[str, Any]) -> bytes:
        """The seal of `row` as it stands, which must not hold its own seal."""
        content = _DOMAIN + collection.encode() + b"\x00" + bson.encode(_ordered(row))
        return hmac.digest(self._key, content, "sha256")

    def holds(self, collection: str, row: Mapping[str, Any], seal: object) -> bool:
        """Whether `seal` is that of `row`; False for whatever a database may hold in its place."""
        return isinstance(seal, bytes) and hmac.compare_digest(self.of(collection, row), seal)

    def sealed(self, collection: str, row: Mapping[str, Any]) -> dict[str, Any]:
        """`row` with its seal in the field `SEAL`."""
        return {**row, SEAL: self.of(collection, row)}

    def is_sealed(self, collection: str, row: Mapping[str, Any]) -> bool:
        """Whether the seal in the field `SEAL` is that of the rest of `row`."""
        return self.holds(collection, {name: value for name, value in row.items() if name != SEAL}, row.get(SEAL))


def _ordered(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _ordered(value[name]) for name in sorted(value)}
    if isinstance(value, (list, tuple)):
        return [_ordered(item) for item in value]
    return value
