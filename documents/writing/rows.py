"""The versions of a stored row, of customers and records alike: the first, and the update that makes the next. What has
a value is set, what was cleared is unset, and what is derived from either follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from documents.storing.codec import EncodedFields


def now() -> datetime:
    """Now, to the millisecond that BSON keeps, so that what was written reads back equal."""
    instant = datetime.now(UTC)
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def first_version(encoded: EncodedFields, at: datetime) -> dict[str, Any]:
    """What a new row holds of its fields, and of itself, at `at`."""
    return {
        **{name: value for name, value in encoded.values.items() if value is not None},
        "version": 1,
        "created_at": at,
        "updated_at": at,
        "_tokens": {name: tokens for name, tokens in encoded.tokens.items() if tokens},
        "_terms": [term for terms in encoded.terms.values() for term in terms],
    }


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


def updated(row: Mapping[str, Any], update: Mapping[str, Any]) -> dict[str, Any]:
    """The row as an update document of `row_update` makes it."""
    made = {name: dict(value) if isinstance(value, Mapping) else value for name, value in row.items()}
    for path, value in update["$set"].items():
        holder, name = _place(made, path)
        holder[name] = value
    for path in update.get("$unset", ()):
        holder, name = _place(made, path)
        holder.pop(name, None)
    for name, by in update["$inc"].items():
        made[name] += by
    return made


def _place(row: dict[str, Any], path: str) -> tuple[dict[str, Any], str]:
    """Where a path leads: a field, or one of an object of the row's own."""
    outer, _, inner = path.rpartition(".")
    return (row.setdefault(outer, {}), inner) if outer else (row, inner)
