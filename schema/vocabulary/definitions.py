"""Types and inputs made of their fields: how a class that nobody wrote becomes one of the schema.

Owns the making alone; which fields there are is in the declarations, and in the chapters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import Parameter, Signature, signature
from typing import Any

import strawberry
from strawberry.types.field import StrawberryField

Fields = dict[str, tuple[Any, StrawberryField]]
"""Field in snake case → (its type, the Strawberry field)."""


def make_class(name: str, fields: Fields, bases: tuple[type, ...] = ()) -> type:
    """A class with these fields, which Strawberry is still to be told of."""
    annotations = {field: annotation for field, (annotation, _) in fields.items()}
    attributes = {field: definition for field, (_, definition) in fields.items()}
    return type(name, bases, {"__annotations__": annotations, "__module__": __name__, **attributes})


def make_type(name: str, fields: Fields, description: str | None = None, bases: tuple[type, ...] = ()) -> Any:
    """An object type."""
    return strawberry.type(make_class(name, fields, bases), description=description)


def make_input(name: str, fields: Fields, description: str | None = None, *, one_of: bool = False) -> Any:
    """An input; `one_of`: exactly one of the fields is given."""
    return strawberry.input(make_class(name, fields), name=name, description=description, one_of=one_of)


def plain(description: str = "") -> StrawberryField:
    """A field of an object type, or an input's field that must be given."""
    made: StrawberryField = strawberry.field(description=description or None)
    return made


def optional(description: str = "", name: str | None = None) -> StrawberryField:
    """An input's field that may be left out; `name`, where the schema spells it otherwise."""
    made: StrawberryField = strawberry.field(default=strawberry.UNSET, description=description or None, name=name)
    return made


def list_of(made: Any) -> Any:
    """The list of a type that only the running program knows."""
    return list[made]


def with_arguments(resolver: Callable[..., Any], arguments: Mapping[str, Any]) -> Callable[..., Any]:
    """`resolver`, which takes any keywords, as one of these `arguments`: name → type. Each may be left out."""
    own = [one for one in signature(resolver).parameters.values() if one.kind is not Parameter.VAR_KEYWORD]
    given = [
        Parameter(name, Parameter.KEYWORD_ONLY, annotation=annotation, default=strawberry.UNSET)
        for name, annotation in arguments.items()
    ]
    resolver.__signature__ = Signature([*own, *given], return_annotation=Any)  # type: ignore[attr-defined]
    resolver.__annotations__ = {**resolver.__annotations__, **arguments, "return": Any}
    return resolver
