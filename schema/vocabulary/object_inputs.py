"""The types of arguments that are no declared fields: choices, and objects such as rows of a table or line items.

The input of an object is made from its model; what has a default may be left out.
"""

from __future__ import annotations

from enum import Enum
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel

from documents.declaring.catalogue import parts_of
from documents.declaring.fields import ValueType
from schema.vocabulary.customer_types import ChoiceEnums
from schema.vocabulary.definitions import Fields, list_of, make_input, optional, plain
from schema.vocabulary.scalars import BY_VALUE_TYPE


def may_be_absent(annotation: Any) -> bool:
    """Whether an argument of this type may be left out: it is one or `None`."""
    return get_origin(annotation) in (Union, UnionType)


class ArgumentTypes:
    """The types of arguments in one schema: the input of each model is made once."""

    def __init__(self, enums: ChoiceEnums) -> None:
        self.enums = enums
        self._objects: dict[type[BaseModel], Any] = {}

    def of(self, annotation: Any) -> Any:
        """The type in which the schema has `annotation`: a scalar, an enum, a model, a list of one, one or `None`."""
        if get_origin(annotation) is list:
            return list_of(self.of(get_args(annotation)[0]))
        if may_be_absent(annotation):
            return self.of(get_args(annotation)[0]) | None
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            return self._object(annotation)
        is_choice = isinstance(annotation, type) and issubclass(annotation, Enum)
        return self.enums.of(annotation) if is_choice else annotation

    def _object(self, model: type[BaseModel]) -> Any:
        if model not in self._objects:
            fields: Fields = {}
            for name, (value_type, choices, has_default) in parts_of(model).items():
                part = ValueType.TEXT if value_type is ValueType.DATETIME else value_type
                given = self.enums.of(choices) if choices is not None else BY_VALUE_TYPE[part]
                fields[name] = (given | None, optional()) if has_default else (given, plain())
            self._objects[model] = make_input(f"{model.__name__}Input", fields)
        return self._objects[model]
