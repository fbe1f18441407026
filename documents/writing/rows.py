"""The update of a stored row, of customers and records alike: what has a value is set, what was cleared is unset, and
what is derived from either follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from documents.storing.codec import EncodedFields


def row_update(
    row: Mapping[str, Any], encoded: EncodedFields, at: datetime, channel: str | None = None
) -> dict[str, Any]:
    """The update document that makes the next version of `row` (with its `_terms`) at `at`.

    `channel`: by which the values came, where a row keeps that (I1)."""
    kept: dict[str, Any] = {"updated_at": at}
    cleared: dict[str, Any] = {}
    for name, value in encoded.values.items():
        derived: dict[str, Any] = {name: value, f"_tokens.{name}": encoded.tokens[name]}
        if channel is not None:
            derived[f"_sources.{name}"] = channel
        for path, stored in derived.items():
            if value is None or stored == []:
                cleared[path] = ""
            else:
                kept[path] = stored
    if encoded.terms:
        replaced = tuple(f"{name}:" for name in encoded.terms)
        others = [term for term in row.get("_terms", []) if not term.startswith(replaced)]
        kept["_terms"] = others + [term for terms in encoded.terms.values() for term in terms]
    update: dict[str, Any] = {"$set": kept, "$inc": {"version": 1}}
    return update | ({"$unset": cleared} if cleared else {})
