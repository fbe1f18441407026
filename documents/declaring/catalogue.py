"""The field catalogue: every declared field of every kind, read from the document classes once.

Rules, GraphQL types, exports and consoles iterate over it; nobody lists fields by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType, NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from documents.declaring.fields import Declaration, FieldSpec, ValueType
from documents.declaring.kind import Kind
from documents.declaring.labels import Labelled
from documents.declaring.record import Declared
from documents.declaring.values import TypeMark

_BY_PYTHON_TYPE: Mapping[type, ValueType] = {
    str: ValueType.TEXT,
    bool: ValueType.BOOLEAN,
    int: ValueType.INTEGER,
    Decimal: ValueType.DECIMAL,
    datetime: ValueType.DATETIME,
    date: ValueType.DATE,
}


class Catalogue:
    """All fields, by kind and name. Immutable."""

    def __init__(self, classes: Iterable[type[Declared]]) -> None:
        self.classes: Mapping[Kind, type[Declared]] = MappingProxyType({cls.kind: cls for cls in classes})
        self.by_kind: Mapping[Kind, Mapping[str, FieldSpec]] = MappingProxyType(
            {kind: MappingProxyType(dict(_specs(kind, cls))) for kind, cls in self.classes.items()}
        )

    def fields(self, kind: Kind) -> Mapping[str, FieldSpec]:
        """The fields of `kind` by declared name, in the order of declaration."""
        return self.by_kind[kind]

    def shared(self) -> Mapping[str, FieldSpec]:
        """The fields that every kind has."""
        first = next(iter(self.by_kind.values()))
        return {name: spec for name, spec in first.items() if spec.shared}


def _specs(kind: Kind, cls: type[Declared]) -> Iterable[tuple[str, FieldSpec]]:
    # What every kind has comes first, whatever the order of the bases.
    shared = cls.root().model_fields.keys()
    for name, info in sorted(cls.model_fields.items(), key=lambda item: item[0] not in shared):
        declaration = next((item for item in info.metadata if isinstance(item, Declaration)), None)
        if declaration is not None:
            value_type, choices, is_list = _value_type(_hint(info))
            model, choices = (choices, None) if value_type is ValueType.OBJECT else (None, choices)
            yield (
                name,
                FieldSpec(
                    name,
                    kind,
                    declaration,
                    value_type,
                    choices,
                    is_list,
                    required=info.is_required(),
                    shared=name in shared,
                    model=model,
                    max_length=_max_length(_hint(info)) if value_type is ValueType.TEXT else None,
                ),
            )


def _hint(info: FieldInfo) -> Any:
    return Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation


def _value_type(hint: Any) -> tuple[ValueType, type[Any] | None, bool]:
    """Reads `Annotated[list[PhoneNumber] | None, …]` down to (value type, choices or model, is it a list)."""
    origin = get_origin(hint)
    if origin is Annotated:
        base, *metadata = get_args(hint)
        mark = next((item for item in metadata if isinstance(item, TypeMark)), None)
        value_type, choices, is_list = _value_type(base)
        return (mark.value_type if mark else value_type), choices, is_list
    if origin in (Union, UnionType):
        return _value_type(next(arg for arg in get_args(hint) if arg is not NoneType))
    if origin is list:
        value_type, choices, _ = _value_type(get_args(hint)[0])
        return value_type, choices, True
    if isinstance(hint, type) and issubclass(hint, Labelled):
        return ValueType.CHOICE, hint, False
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return ValueType.OBJECT, hint, False
    return _BY_PYTHON_TYPE[hint], None, False


def _max_length(hint: Any) -> int | None:
    """The characters that a text of `hint`, or each in its list, may have; None where the declaration does not say."""
    for item in get_args(hint):
        found: int | None = getattr(item, "max_length", None) or _max_length(item)
        if found is not None:
            return found
    return None


def parts_of(model: type[BaseModel]) -> Mapping[str, tuple[ValueType, type[Labelled] | None, bool]]:
    """(value type, choices, may it be absent) of each part of an OBJECT field's model."""
    return {name: (*_value_type(_hint(info))[:2], not info.is_required()) for name, info in model.model_fields.items()}
