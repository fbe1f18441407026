"""Rows as the code that asks for them knows them: a `TypedDict` names the fields, and mypy knows what each holds.

INVARIANT: a typed row has every field that it must have. What the plan hides of it is refused, never left out; a key
that is `NotRequired` may be hidden.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType, NoneType
from typing import Any, NotRequired, TypedDict, TypeVar, cast, get_args, get_origin, get_type_hints, is_typeddict

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from documents.access.plan import Action
from documents.declaring.catalogue import Catalogue, parts_of
from documents.declaring.fields import FieldSpec, ValueType
from documents.declaring.kind import Kind
from documents.errors import FieldAccessError
from documents.plain_records import Record


class Known(TypedDict):
    """What is known of every row: its public id."""

    id: str


Row = TypeVar("Row", bound=Mapping[str, Any])
"""A `Known` with the declared fields that are asked for."""

_TYPES: Mapping[ValueType, type] = MappingProxyType(
    {ValueType.INTEGER: int, ValueType.BOOLEAN: bool, ValueType.DATETIME: datetime}
)
"""How a record carries a value; all others are text."""


@dataclass(frozen=True, slots=True)
class RowFields:
    """The declared fields that a typed row names, and which of them must not be hidden."""

    names: frozenset[str]
    required: frozenset[str]


@lru_cache(maxsize=1024)
def row_fields(catalogue: Catalogue, kind: Kind, row: type[Any]) -> RowFields:
    """What `row` asks of a record of `kind`, as the catalogue declares it.

    Raises TypeError where it names a field that is not declared, or gives one a type that it may not have."""
    specs, hints = catalogue.fields(kind), get_type_hints(row, include_extras=True)
    for name, hint in hints.items():
        if name != "id" and (name not in specs or not _fits(catalogue.classes[kind], specs[name], _bare(hint))):
            raise TypeError(f"`{row.__name__}`: no `{name}: {hint}` is declared of a {kind.value}")
    required = frozenset(name for name, hint in hints.items() if get_origin(hint) is not NotRequired)
    return RowFields(frozenset(hints), required)


def typed(catalogue: Catalogue, kind: Kind, row: type[Row], records: Iterable[Record]) -> list[Row]:
    """The records as such rows. Raises FieldAccessError naming what the plan hides of any of them."""
    required, found = row_fields(catalogue, kind, row).required, list(records)
    if hidden := {name for record in found for name in required - record.keys()}:
        raise FieldAccessError(Action.READ, hidden)
    return cast("list[Row]", found)


def _bare(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) is NotRequired else hint


def _fits(declared: type[BaseModel], spec: FieldSpec, hint: Any) -> bool:
    """Whether every value of the field that a record can carry is of the hinted type."""
    of_value = _without_none(hint, may_be_none=_may_be_none(declared, spec))
    if spec.is_list:
        of_value = get_args(of_value)[0] if get_origin(of_value) is list else None
    if spec.model is not None:
        return of_value is Record or (is_typeddict(of_value) and _parts_fit(spec.model, of_value))
    return of_value is _TYPES.get(spec.value_type, str)


def _parts_fit(model: type[BaseModel], hinted: type[Any]) -> bool:
    """The same of the parts of an object, in which an instant is text."""
    parts = parts_of(model)
    for name, hint in get_type_hints(hinted).items():
        if name not in parts:
            return False
        value_type, *_ = parts[name]
        of_value = _without_none(hint, may_be_none=_is_optional(model.model_fields[name]))
        if of_value is not (str if value_type is ValueType.DATETIME else _TYPES.get(value_type, str)):
            return False
    return True


def _without_none(hint: Any, *, may_be_none: bool) -> Any:
    """The hint for what is no None; None where it forbids one that there may be."""
    if NoneType in get_args(hint):
        return next(one for one in get_args(hint) if one is not NoneType)
    return None if may_be_none else hint


def _may_be_none(declared: type[BaseModel], spec: FieldSpec) -> bool:
    """What is encrypted is gone with the customer's key."""
    return spec.encrypted or _is_optional(declared.model_fields[spec.name])


def _is_optional(declared: FieldInfo) -> bool:
    return not declared.is_required() and declared.default is None
