"""The customer inputs, made from the field catalogue: creation and change per kind, filters, order.

A filter exists only where the declaration allows that search, so an impossible query is not in the schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any

import strawberry

from documents.declaring.catalogue import Catalogue
from documents.declaring.fields import FieldSpec, Search, ValueType
from documents.declaring.kind import Kind
from documents.declaring.labels import Labelled
from documents.declaring.names import camel_case, pascal_case
from documents.declaring.record import SourceChannel
from documents.reading.filters import AllOf, AnyOf, Condition, FilterNode, Not, Operator
from documents.reading.list_query import Sort
from documents.writing.customers import Change
from schema.vocabulary.customer_types import ChoiceEnums
from schema.vocabulary.definitions import Fields, make_input, optional, plain
from schema.vocabulary.scalars import BY_VALUE_TYPE
from schema.wording.error_format import InvalidArgumentError


@strawberry.enum
class SortDirection(Labelled):
    ASC = "asc", "Ascending", "升序"
    DESC = "desc", "Descending", "降序"


@dataclass(frozen=True)
class CustomerInputs:
    """The generated inputs of customers."""

    create: Any
    update: Any
    filter: Any
    sort: Any


@strawberry.input
class DeleteCustomerInput:
    id: strawberry.ID
    version: int = strawberry.field(description="The version that the caller saw.")


_OPERATORS: Mapping[Search, tuple[Operator, ...]] = {
    Search.EQUALITY: (Operator.EQ, Operator.IN),
    Search.LAST_FOUR: (Operator.LAST_FOUR,),
    Search.NAME: (Operator.MATCHES,),
    Search.RANGE: (Operator.LT, Operator.LTE, Operator.GT, Operator.GTE),
}
_NAMES = {ValueType.CUSTOMER: "customer_id", ValueType.REFERENCE: "record_id"}
_PYTHON_NAMES = {Operator.IN: "in_"}


def make_customer_inputs(catalogue: Catalogue, enums: ChoiceEnums, operators: dict[str, Any]) -> CustomerInputs:
    """Makes the inputs from the catalogue. `operators` are shared by all filters of a schema."""
    by_name = {name: spec for fields in catalogue.by_kind.values() for name, spec in fields.items()}
    return CustomerInputs(
        create=_one_of(
            "CreateCustomerInput", {kind: _create_input(catalogue, kind, enums) for kind in catalogue.by_kind}
        ),
        update=_one_of(
            "UpdateCustomerInput", {kind: _update_input(catalogue, kind, enums) for kind in catalogue.by_kind}
        ),
        filter=make_filter_input("CustomerFilter", by_name, enums, operators),
        sort=make_sort_input("Customer", by_name),
    )


def _one_of(name: str, by_kind: Mapping[Kind, Any]) -> Any:
    fields: Fields = {kind.value: (made | None, optional()) for kind, made in by_kind.items()}
    return make_input(name, fields, "Exactly one of the kinds.", one_of=True)


def _create_input(catalogue: Catalogue, kind: Kind, enums: ChoiceEnums) -> Any:
    channel: Fields = {"source_channel": (SourceChannel, plain("How these values were collected."))}
    return make_input(
        f"Create{pascal_case(kind.value)}Input", channel | _value_fields(catalogue, kind, enums, creating=True)
    )


def _update_input(catalogue: Catalogue, kind: Kind, enums: ChoiceEnums) -> Any:
    head: Fields = {
        "id": (strawberry.ID, plain()),
        "version": (int, plain("The version that the caller saw.")),
        "source_channel": (SourceChannel, plain("How these values were collected.")),
    }
    description = "A field left out stays as it is, null clears it."
    return make_input(
        f"Update{pascal_case(kind.value)}Input",
        head | _value_fields(catalogue, kind, enums, creating=False),
        description,
    )


_FILLED_IN = frozenset({ValueType.STAFF, ValueType.DEPARTMENT})  # from the caller's account, when left out


def _value_fields(catalogue: Catalogue, kind: Kind, enums: ChoiceEnums, *, creating: bool) -> Fields:
    fields: Fields = {}
    for name, spec in catalogue.fields(kind).items():
        if spec.declaration.managed:
            continue
        label = f"{spec.label.en} ({spec.label.zh})."
        given = value_input_type(spec, enums)
        if creating and spec.required and spec.value_type not in _FILLED_IN:
            fields[name] = (given, plain(label))
        else:
            fields[name] = (given | None, optional(label))
    return fields


def value_input_type(spec: FieldSpec, enums: ChoiceEnums) -> Any:
    """The type in which a value of `spec` is given."""
    given: Any = enums.of(spec.choices) if spec.choices is not None else BY_VALUE_TYPE[spec.value_type]
    return list[given] if spec.is_list else given


def make_sort_input(name: str, by_name: Mapping[str, FieldSpec]) -> Any:
    """The order of a list: `<name>Sort`, over `<name>SortField`."""
    sortable = {field.upper(): field for field, spec in by_name.items() if spec.declaration.sortable}
    sort_field: Any = StrEnum(f"{name}SortField", sortable)  # type: ignore[misc]  # made of declarations
    strawberry.enum(sort_field)
    return make_input(
        f"{name}Sort",
        {
            "field": (sort_field, plain()),
            "direction": (SortDirection, strawberry.field(default=SortDirection.ASC)),
        },
    )


def make_filter_input(
    type_name: str, by_name: Mapping[str, FieldSpec], enums: ChoiceEnums, made: dict[str, Any]
) -> Any:
    """The filter `type_name` over the fields that can be searched. `made` holds the operators made so far."""
    fields: Fields = {}
    for name, spec in by_name.items():
        if spec.search:
            fields[name] = (
                _operators_input(spec, enums, made) | None,
                optional(f"{spec.label.en} ({spec.label.zh})."),
            )
    description = (
        "All conditions given must hold. A condition on a field that a kind lacks leaves that kind out, and one on a "
        "field by which the caller may not filter leaves out the rows in which that is so."
    )
    filter_input = type(type_name, (), {"__module__": __name__})
    annotations: dict[str, Any] = {name: annotation for name, (annotation, _) in fields.items()}
    annotations |= {"and_": list[filter_input] | None, "or_": list[filter_input] | None, "not_": filter_input | None}  # type: ignore[valid-type]
    filter_input.__annotations__ = annotations
    for name, (_, definition) in fields.items():
        setattr(filter_input, name, definition)
    for name in ("and_", "or_", "not_"):
        setattr(filter_input, name, optional(name=name.rstrip("_")))
    return strawberry.input(filter_input, name=type_name, description=description)


def _operators_input(spec: FieldSpec, enums: ChoiceEnums, made: dict[str, Any]) -> Any:
    """The operators of a field: one input type per value type and set of searches."""
    searches = "".join(pascal_case(search.value) for search in sorted(spec.search) if search is not Search.EQUALITY)
    if Search.EQUALITY not in spec.search:
        searches += "Only"
    base = spec.choices.__name__ if spec.choices is not None else _NAMES.get(spec.value_type, spec.value_type.value)
    base = base if spec.choices is not None else pascal_case(base)
    name = f"{base}{searches}Filter"
    if name not in made:
        given = enums.of(spec.choices) if spec.choices is not None else BY_VALUE_TYPE[spec.value_type]
        fields: Fields = {}
        for search in sorted(spec.search):
            for operator in _OPERATORS[search]:
                value = str if operator in (Operator.LAST_FOUR, Operator.MATCHES) else given
                annotation = list[value] if operator is Operator.IN else value  # type: ignore[valid-type]
                python_name = _PYTHON_NAMES.get(operator, operator.value)
                public = python_name.rstrip("_") if python_name.endswith("_") else None
                fields[python_name] = (annotation | None, optional(name=public))
        made[name] = make_input(name, fields)
    return made[name]


def to_filter(given: Any) -> FilterNode:
    """The condition tree of a `CustomerFilter`. Raises InvalidArgumentError for a null or empty one."""
    parts: list[FilterNode] = []
    for name, value in vars(given).items():
        if value is strawberry.UNSET:
            continue
        if value is None:
            raise _no_condition(name)
        if name in ("and_", "or_"):
            if not value:
                raise _no_condition(name)
            branches = tuple(to_filter(part) for part in value)
            parts.append(AllOf(branches) if name == "and_" else AnyOf(branches))
        elif name == "not_":
            parts.append(Not(to_filter(value)))
        else:
            parts += _conditions(name, value)
    if not parts:
        raise _no_condition("filter")
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _conditions(field: str, given: Any) -> list[FilterNode]:
    conditions: list[FilterNode] = []
    for name, value in vars(given).items():
        if value is strawberry.UNSET:
            continue
        if value is None:
            raise _no_condition(f"{field}.{name}")
        conditions.append(Condition(field, Operator(name.rstrip("_")), _plain_value(value)))
    if not conditions:
        raise _no_condition(field)
    return conditions


def _no_condition(name: str) -> InvalidArgumentError:
    return InvalidArgumentError("filter.no_condition", name=camel_case(name.rstrip("_")))


def _plain_value(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_plain_value(item) for item in value)
    return value.value if isinstance(value, Enum) else value


def to_sort(given: Any) -> Sort:
    """The order of a `CustomerSort`."""
    return Sort(given.field.value, descending=given.direction is SortDirection.DESC)


_HEAD = frozenset({"id", "version", "source_channel"})


def to_change(given: Any) -> tuple[Any, Change]:
    """The input of the one kind given, and the change that it asks for."""
    (kind_name, of_kind) = next((name, value) for name, value in vars(given).items() if value is not strawberry.UNSET)
    values = {
        name: _plain_value(value) if not isinstance(value, list) else [_plain_value(item) for item in value]
        for name, value in vars(of_kind).items()
        if name not in _HEAD and value is not strawberry.UNSET
    }
    return of_kind, Change(Kind(kind_name), values, SourceChannel(of_kind.source_channel))
