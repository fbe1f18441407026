"""That a record belongs to its customer, or to its owner and department: sixteen bytes in the row, which nobody makes
without the installation's secret `row_bindings`.

Owns the bytes, and which bindings this process has seen to be true. It must never say what becomes of a row without.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from typing import Any, Final

from bson import ObjectId

from documents.encryption.ciphertext import encode_parts

BINDING: Final = "_bound"
"""Where a row holds its binding."""

SECRET: Final = "row_bindings"  # noqa: S105  # the name of one
LENGTH: Final = 16
KEPT: Final = 50_000


class RowBindings:
    """Makes and checks the bindings of the rows of one collection. Of those to customers that were true `KEPT` are kept
    at most, at about 150 bytes each: a page need not pay for each of its rows again."""

    def __init__(self, secret: bytes, collection: str) -> None:
        self._secret = secret
        self._collection = collection.encode()
        self._true: dict[bytes, None] = {}  # binding, row and what it is bound to; the one kept longest first

    def within(self, collection: str) -> RowBindings:
        """Those of another collection, under the same secret."""
        return RowBindings(self._secret, collection)

    def of_customer(self, row_id: ObjectId, customer_id: ObjectId) -> bytes:
        """The binding of a row to its customer."""
        return self._digest(b"customer", row_id.binary, customer_id.binary)

    def of_scope(self, row_id: ObjectId, owner: str | None, department: str | None) -> bytes:
        """The binding of a record of the company to its owner and department; None: it has none."""
        named = (b"" if value is None else b"\x01" + value.encode() for value in (owner, department))
        return self._digest(b"scope", row_id.binary, *named)

    def all_known(self, rows: Iterable[Mapping[str, Any]]) -> bool:
        """Whether the binding of each row to its customer was found true before; it was not where that fails."""
        true = self._true
        try:
            for row in rows:
                if row[BINDING] + row["_id"].binary + row["customer_id"].binary not in true:
                    return False
        except (KeyError, AttributeError, TypeError):  # something is missing, or is of another type
            return False
        return True

    def binds_customer(self, row_id: Any, customer_id: Any, binding: Any) -> bool:
        """Whether the row is bound to this customer. What is stored there may be anything."""
        if not (isinstance(row_id, ObjectId) and isinstance(customer_id, ObjectId)):
            return False
        return self._is_true(binding, row_id.binary + customer_id.binary, self.of_customer(row_id, customer_id))

    def binds_scope(self, row_id: Any, owner: Any, department: Any, binding: Any) -> bool:
        """Whether the record of the company is bound to this owner and department."""
        if not (isinstance(row_id, ObjectId) and all(isinstance(one, str | None) for one in (owner, department))):
            return False
        return isinstance(binding, bytes) and hmac.compare_digest(binding, self.of_scope(row_id, owner, department))

    def _is_true(self, binding: Any, bound: bytes, expected: bytes) -> bool:
        if not (isinstance(binding, bytes) and hmac.compare_digest(binding, expected)):
            return False
        if len(self._true) >= KEPT:
            del self._true[next(iter(self._true))]
        self._true[binding + bound] = None
        return True

    def _digest(self, *parts: bytes) -> bytes:
        return hmac.digest(self._secret, encode_parts(self._collection, *parts), "sha256")[:LENGTH]
