"""Every use case says what it takes: the names and types of its operation's input, whether each may be left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import NoneType
from typing import Any, NotRequired, TypeVar, get_args, get_origin, get_type_hints, is_typeddict

import pytest
import strawberry
from strawberry.types.base import StrawberryList, StrawberryOptional, get_object_definition
from strawberry.types.enum import StrawberryEnumDefinition

from documents.registry import CATALOGUE
from resolvers.inputs import OfRecord
from schema.build import CHAPTERS
from schema.roots.chapter import Vocabulary
from schema.roots.operations import Operation
from schema.vocabulary.customer_types import ChoiceEnums, make_customer_types
from schema.vocabulary.record_inputs import make_record_inputs
from schema.vocabulary.record_types import RecordTypeMaker
from schema.vocabulary.scalars import DateTime
from tests.api import Api


def _operations() -> list[Operation]:
    enums = ChoiceEnums()
    maker = RecordTypeMaker(enums)
    types = make_customer_types(CATALOGUE, enums, maker.recent_fields())
    vocabulary = Vocabulary(enums, types, maker.finish(types.interface), make_record_inputs(enums, {}))
    return [operation for chapter in CHAPTERS for operation in chapter.operations(vocabulary)]


@pytest.mark.parametrize("operation", _operations(), ids=lambda operation: operation.name)
def test_a_use_case_takes_what_its_input_gives(operation: Operation, demo_api: Api) -> None:
    taken = _parameter(operation.use_case(demo_api.services.use_cases))
    assert _taken(taken) == _given(operation.input)


def test_what_differs_from_an_input_is_noticed() -> None:
    class Renamed(OfRecord):
        note: str

    class Wanted(OfRecord):
        remark: str

    class MayLack(OfRecord):
        remark: NotRequired[str | None]

    made = strawberry.input(
        type("MadeInput", (), {"__annotations__": {"id": strawberry.ID, "version": int, "remark": str}})
    )
    assert _taken(Wanted) == _given(made)
    assert _taken(Renamed) != _given(made)
    assert _taken(MayLack) != _given(made)


def _parameter(use_case: Any) -> Any:
    """The type of `given`; of a generic class, as its instance was made."""
    taken = get_type_hints(use_case)["given"]
    if not isinstance(taken, TypeVar):
        return taken
    made = use_case.__self__.__orig_class__
    return dict(zip(get_origin(made).__parameters__, get_args(made), strict=True))[taken]


def _taken(taken: Any) -> Mapping[str, Any]:
    assert is_typeddict(taken), f"{taken} names no fields"
    return {name: _hinted(hint) for name, hint in get_type_hints(taken, include_extras=True).items()}


def _hinted(hint: Any) -> Any:
    """`NotRequired[T | None]` → ("may be left out", T); a list as [T]; a dictionary as what its keys hold."""
    if get_origin(hint) is NotRequired:
        return ("may be left out", _hinted(get_args(hint)[0]))
    if NoneType in get_args(hint):
        return ("or None", *(_hinted(one) for one in get_args(hint) if one is not NoneType))
    if get_origin(hint) is list:
        return [_hinted(get_args(hint)[0])]
    return _taken(hint) if is_typeddict(hint) else hint


def _given(given: Any) -> Mapping[str, Any]:
    definition = get_object_definition(given, strict=True)
    found: dict[str, Any] = {}
    for field in definition.fields:
        unwrapped = _unwrapped(field.type)
        found[field.python_name] = ("may be left out", unwrapped) if field.default is strawberry.UNSET else unwrapped
    return found


def _unwrapped(given: Any) -> Any:
    """What `given_values` makes of an input's type."""
    if isinstance(given, StrawberryOptional):
        return ("or None", _unwrapped(given.of_type))
    if isinstance(given, StrawberryList):
        return [_unwrapped(given.of_type)]
    if isinstance(given, StrawberryEnumDefinition):
        return str
    if get_object_definition(given) is not None:
        return _given(given)
    return datetime if given is DateTime else _BUILT_IN.get(given, str)


_BUILT_IN: Mapping[Callable[..., Any], type] = {int: int, bool: bool}
