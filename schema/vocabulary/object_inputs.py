"""The inputs of OBJECT fields, made from their models: rows of a table, values of indicators, line items."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from documents.declaring.catalogue import parts_of
from documents.declaring.fields import ValueType
from schema.vocabulary.customer_inputs import Fields, make_input, optional, required
from schema.vocabulary.customer_types import ChoiceEnums
from schema.vocabulary.scalars import BY_VALUE_TYPE


def object_input(model: type[BaseModel], enums: ChoiceEnums) -> Any:
    """The input of one object of `model`, `<Model>Input`: what has a default may be left out."""
    fields: Fields = {}
    for name, (value_type, choices, may_be_absent) in parts_of(model).items():
        part = ValueType.TEXT if value_type is ValueType.DATETIME else value_type
        given = enums.of(choices) if choices is not None else BY_VALUE_TYPE[part]
        fields[name] = (given | None, optional()) if may_be_absent else (given, required(""))
    return make_input(f"{model.__name__}Input", fields)
