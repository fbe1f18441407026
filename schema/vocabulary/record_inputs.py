"""The inputs of records, made from their declarations: filter and order of each list, and the inputs of operations.

An operation's input names declared fields; their types, labels and whether they may be left out come from there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import strawberry

from documents.declaring.kind import Kind
from documents.declaring.names import pascal_case
from documents.registry import RECORD_CATALOGUES, RECORD_CLASSES
from schema.vocabulary.customer_inputs import (
    Fields,
    make_filter_input,
    make_input,
    make_sort_input,
    optional,
    required,
    value_input_type,
)
from schema.vocabulary.customer_types import ChoiceEnums


@dataclass(frozen=True)
class RecordInputs:
    """The inputs of one kind's list."""

    filter: Any
    sort: Any


def make_record_inputs(enums: ChoiceEnums, operators: dict[str, Any]) -> Mapping[Kind, RecordInputs]:
    """Filter and order of every kind. `operators` are shared by all filters of a schema."""
    made = {}
    for cls in RECORD_CLASSES:
        name, fields = pascal_case(cls.kind.value), RECORD_CATALOGUES[cls.kind].fields(cls.kind)
        made[cls.kind] = RecordInputs(
            make_filter_input(f"{name}Filter", fields, enums, operators), make_sort_input(name, fields)
        )
    return made


def operation_input(
    name: str,
    kind: Kind,
    enums: ChoiceEnums,
    fields: Collection[str],
    *,
    required_fields: Collection[str] = (),
    more: Mapping[str, tuple[Any, str]] | None = None,
    of_record: bool = False,
    of_customer: bool = False,
) -> Any:
    """An input of declared `fields` of `kind`. Those in `required_fields` must be given; the others may be left out.

    `of_record`: it names an existing record by `id` and the `version` seen; `of_customer`: a customer. `more` are
    arguments that are no fields: name → (type, description)."""
    specs = RECORD_CATALOGUES[kind].fields(kind)
    parts: Fields = {}
    if of_record:
        parts["id"] = (strawberry.ID, required(""))
        parts["version"] = (int, required("The version that the caller saw."))
    if of_customer:
        parts["customer"] = (strawberry.ID, required("The customer's id."))
    for field in fields:
        spec = specs[field]
        given, label = value_input_type(spec, enums), f"{spec.label.en} ({spec.label.zh})."
        is_required = field in required_fields
        parts[field] = (given if is_required else given | None, required(label) if is_required else optional(label))
    for field, (annotation, description) in (more or {}).items():
        may_be_absent = type(None) in getattr(annotation, "__args__", ())
        parts[field] = (annotation, optional(description) if may_be_absent else required(description))
    return make_input(name, parts)


def given_values(given: Any) -> dict[str, Any]:
    """The input as plain values by name, without what was left out."""
    return {name: _plain(value) for name, value in vars(given).items() if value is not strawberry.UNSET}


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    return given_values(value) if hasattr(value, "__strawberry_definition__") else value
