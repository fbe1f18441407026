"""The ids that clients know: `individual_…`, the kind and the id of the row. Owns how they are made and read."""

from __future__ import annotations

import secrets
from collections.abc import Collection

from bson import ObjectId

from documents.declaring.kind import CUSTOMER_KINDS, Kind

_CUSTOMERS = frozenset(kind.value for kind in CUSTOMER_KINDS)


def parse_customer_id(text: str) -> tuple[Kind, ObjectId] | None:
    """The kind and row id in a customer's public id (`individual_<24 hex digits>`); None when it is none."""
    return parse_id(text, _CUSTOMERS)


def parse_id(text: str, kinds: Collection[str]) -> tuple[Kind, ObjectId] | None:
    """The kind, one of `kinds`, and row id in a public id; None when it is none of them."""
    name, _, digits = text.rpartition("_")
    if name in kinds and ObjectId.is_valid(digits) and digits == digits.lower():
        return Kind(name), ObjectId(digits)
    return None


def new_customer_id() -> ObjectId:
    """A random id. An ordinary ObjectId begins with its time of creation, which is a field under policy."""
    return ObjectId(secrets.token_bytes(12))
