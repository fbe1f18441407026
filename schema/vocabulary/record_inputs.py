"""The inputs of records, made from their declarations: filter and order of each list; and what was given, read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import strawberry

from documents.declaring.kind import Kind
from documents.declaring.names import pascal_case
from documents.registry import RECORD_CATALOGUES, RECORD_CLASSES
from schema.vocabulary.customer_inputs import make_filter_input, make_sort_input
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


def given_values(given: Any) -> dict[str, Any]:
    """The input as plain values by name, without what was left out."""
    return {name: _plain(value) for name, value in vars(given).items() if value is not strawberry.UNSET}


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    return given_values(value) if hasattr(value, "__strawberry_definition__") else value
