"""What a frontend draws fields and values with: names of values, types of fields, operators of conditions.

Read from the declarations and from the schema itself; the same for everybody, and no value of any record.
"""

from __future__ import annotations

from functools import lru_cache

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLSchema
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.enum import StrawberryEnumDefinition

from documents.declaring.fields import FieldSpec, ValueType
from documents.declaring.kind import CUSTOMER_KINDS
from documents.declaring.labels import Labelled
from documents.declaring.names import pascal_case
from documents.plain_records import Record, Records
from schema.vocabulary.scalars import BY_VALUE_TYPE, scalar_name

_REFERENCES = {ValueType.STAFF: "Staff", ValueType.DEPARTMENT: "Department", ValueType.CUSTOMER: "Customer"}


def describe_values(schema: GraphQLSchema) -> None:
    """Gives each value of a labelled enum its names as its description: `Female (女).`"""
    for name, labelled in _labelled_enums(schema).items():
        served = schema.type_map[name]
        if isinstance(served, GraphQLEnumType):
            for member in labelled:
                served.values[member.name].description = f"{member.label.en} ({member.label.zh})."


@lru_cache(maxsize=2)
def enum_labels(schema: GraphQLSchema) -> Records:
    """One record per labelled enum by its GraphQL name: `enum`, `values`. Shared: not to be changed."""
    enums = sorted(_labelled_enums(schema).items())
    return Records(Record(enum=name, values=value_labels(labelled)) for name, labelled in enums)


def value_labels(labelled: type[Labelled]) -> Records:
    """The members as the API spells them, with their names for people."""
    return Records(Record(value=member.name, label_en=member.label.en, label_zh=member.label.zh) for member in labelled)


def field_type(spec: FieldSpec) -> str:
    """The type in which the field is served, as the SDL spells it, without its nullability: `[PhoneNumber!]`."""
    if spec.model is not None:
        named = spec.model.__name__
    elif spec.choices is not None:
        named = spec.choices.__name__
    else:
        named = _REFERENCES.get(spec.value_type) or scalar_name(BY_VALUE_TYPE[spec.value_type])
    return f"[{named}!]" if spec.is_list else named


def filter_operators(schema: GraphQLSchema, spec: FieldSpec) -> list[str]:
    """What the filter of its kind offers for the field; empty where it cannot be searched."""
    family = "Customer" if spec.kind in CUSTOMER_KINDS else pascal_case(spec.kind.value)
    conditions = schema.get_type(f"{family}Filter")
    if not isinstance(conditions, GraphQLInputObjectType) or spec.public_name not in conditions.fields:
        return []
    operators = conditions.fields[spec.public_name].type
    return list(operators.fields) if isinstance(operators, GraphQLInputObjectType) else []


def _labelled_enums(schema: GraphQLSchema) -> dict[str, type[Labelled]]:
    found: dict[str, type[Labelled]] = {}
    for name, served in schema.type_map.items():
        origin = served.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
        if isinstance(origin, StrawberryEnumDefinition) and issubclass(origin.wrapped_cls, Labelled):
            found[name] = origin.wrapped_cls
    return found
