"""Who knows the people and departments that values name: they must exist when they are written down.

Owns the check alone. Whoever keeps them is handed in; nothing of them but that they exist is looked at here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from pymongo.asynchronous.client_session import AsyncClientSession

from documents.declaring.fields import FieldSpec, ValueType
from documents.errors import InvalidField, InvalidValueError


class References(Protocol):
    """Both answer with those that are known, by their names, in one query."""

    async def staff(self, usernames: Iterable[str], session: AsyncClientSession) -> Mapping[str, Any]: ...

    async def departments(self, codes: Iterable[str], session: AsyncClientSession) -> Mapping[str, Any]: ...


async def check_references(
    references: References,
    fields: Mapping[str, FieldSpec],
    rows: Sequence[Mapping[str, Any]],
    session: AsyncClientSession,
) -> None:
    """Raises InvalidValueError naming each field whose value, in any of the rows, is of somebody unknown."""
    known = {ValueType.STAFF: references.staff, ValueType.DEPARTMENT: references.departments}
    broken: list[InvalidField] = []
    for name, spec in fields.items():
        if spec.value_type not in known:
            continue
        values = [row[name] for row in rows if row.get(name) is not None]
        named = {item for value in values for item in (value if spec.is_list else [value])}
        if named and named - (await known[spec.value_type](named, session)).keys():
            broken.append(InvalidField(name, f"value.unknown_{spec.value_type.value}"))
    if broken:
        raise InvalidValueError(tuple(broken))
