"""Validation of customer input by the declared types. Says which fields break which published rule, never the value.

Rule codes are `value.` plus a rule of `documents.declaring.values` or a general one (`value.too_long`,
`value.not_a_date`, …).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import ValidationError, create_model
from pydantic.fields import FieldInfo

from documents.declaring.catalogue import Catalogue
from documents.declaring.kind import Kind
from documents.declaring.record import Declared
from documents.errors import InvalidField, InvalidValueError

_RULES = {
    "missing": "value.required",
    "string_type": "value.not_a_text",
    "string_too_short": "value.empty",
    "string_too_long": "value.too_long",
    "greater_than_equal": "value.too_small",
    "less_than_equal": "value.too_large",
    "decimal_max_digits": "value.too_many_digits",
    "decimal_whole_digits": "value.too_many_digits",
    "decimal_max_places": "value.too_many_decimal_places",
    "decimal_parsing": "value.not_a_number",
    "decimal_type": "value.not_a_number",
    "finite_number": "value.not_a_number",
    "int_parsing": "value.not_a_number",
    "int_type": "value.not_a_number",
    "int_from_float": "value.not_a_number",
    "date_parsing": "value.not_a_date",
    "date_from_datetime_parsing": "value.not_a_date",
    "date_from_datetime_inexact": "value.not_a_date",
    "date_type": "value.not_a_date",
    "enum": "value.not_a_choice",
    "list_type": "value.not_a_list",
}
_PARAMETERS = {"max_length": "maximum", "ge": "minimum", "le": "maximum", "decimal_places": "maximum"}


class Validator:
    """One Pydantic model per kind, made of the declared fields alone, all of them optional: which are required is
    asked at creation only, because a change names just what it changes."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def validate(self, kind: Kind, values: Mapping[str, Any], *, creating: bool) -> dict[str, Any]:
        """The validated Python values of `values` (declared names). None clears a field that may be empty.

        Raises InvalidValueError naming every broken rule at once."""
        broken: list[InvalidField] = []
        for name, spec in self._catalogue.fields(kind).items():
            absent = values.get(name) is None and (creating or name in values)
            if spec.required and absent:
                broken.append(InvalidField(name, "value.required"))
            if spec.mask is not None and _looks_masked(values.get(name)):
                broken.append(InvalidField(name, "value.masked"))
        present = {name: value for name, value in values.items() if value is not None}
        try:
            model = _model(self._catalogue.classes[kind], tuple(self._catalogue.fields(kind))).model_validate(present)
        except ValidationError as error:
            broken += [_broken(dict(item)) for item in error.errors(include_url=False, include_input=False)]
        if broken:
            raise InvalidValueError(tuple({item.field: item for item in reversed(broken)}.values()))
        return {name: None if values[name] is None else getattr(model, name) for name in values}


@cache
def _model(declaring: type[Declared], names: tuple[str, ...]) -> Any:
    """Made when it is first needed: most processes write few kinds, and many none."""
    fields = {name: _optional(declaring.model_fields[name]) for name in names}
    return create_model(f"{declaring.kind.value}_input", **fields)  # type: ignore[call-overload]


def _optional(info: FieldInfo) -> tuple[Any, Any]:
    copied = FieldInfo.from_annotation(info.rebuild_annotation())
    return copied.rebuild_annotation(), None


def _looks_masked(value: Any) -> bool:
    """Whether a client sends back what it was shown instead of the value: that must never be stored."""
    return any(isinstance(item, str) and "*" in item for item in (value if isinstance(value, list) else [value]))


def _broken(item: dict[str, Any]) -> InvalidField:
    kind = str(item["type"])
    rule = kind if kind.startswith("value.") else _RULES.get(kind, "value.invalid")
    context = item.get("ctx") or {}
    parameters = tuple((_PARAMETERS[key], str(value)) for key, value in context.items() if key in _PARAMETERS)
    return InvalidField(str(item["loc"][0]), rule, parameters)
