"""Which fields and types of a schema are served from plain records, and how a field's value is found in one.

`install_record_fields` marks them once, when a schema is made; the executor acts on the marks alone. Nothing here looks
at a value: what a caller may see was settled before a record was made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

import strawberry
from graphql import (
    GraphQLAbstractType,
    GraphQLField,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    default_type_resolver,
    is_abstract_type,
    is_object_type,
)
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

from documents.plain_records import Record
from schema.execution.memo import OperationMemos
from schema.execution.metrics import ExecutionMetrics

RECORDS = "dossier.records"  # where the schema's `RecordSchema` hangs, in GraphQLSchema.extensions

Serialize = TypeVar("Serialize", bound=Callable[[Any], Any])


def record_value(source: Any, name: str) -> Any:
    """The value of `name` in a record, None when absent; of any other source its attribute.

    The `default_resolver` of the Strawberry configuration.
    """
    return source.get(name) if isinstance(source, Record) else getattr(source, name)


class RecordField:
    """The resolver of a plain field, and the mark by which the executor knows it. `key` is the key in the record."""

    __slots__ = ("key",)

    def __init__(self, key: str) -> None:
        self.key = key

    def __call__(self, source: Any, _info: GraphQLResolveInfo[Any]) -> Any:
        return record_value(source, self.key)


def passes_through(*types: type) -> Callable[[Serialize], Serialize]:
    """Marks a scalar's serialize function as giving back values of exactly these `types` as they are.

    `datetime` means: of one in `datetime.UTC` or without a zone, orjson prints what the function would give. The
    executor takes the mark's word and does not call the function, so a mark that lies is a defect; the equivalence test
    looks for it.
    """

    def mark(serialize: Serialize) -> Serialize:
        serialize.passes_through = frozenset(types)  # type: ignore[attr-defined]
        return serialize

    return mark


@passes_through(str)
def serialize_text(value: Any) -> str:
    """Serializes a scalar whose stored form is its served form. Raises TypeError for anything but text."""
    if isinstance(value, str):
        return value
    raise TypeError("the value is not text")


@passes_through(datetime)
def serialize_instant(value: Any) -> str:
    """Serializes an instant by RFC 3339, section 5.6: `2026-01-31T08:15:00+00:00`, with microseconds unless zero.

    One without a zone is in UTC, as BSON stores it. Raises TypeError for anything but a datetime.
    """
    if not isinstance(value, datetime):
        raise TypeError("the value is not an instant")
    return (value if value.utcoffset() is not None else value.replace(tzinfo=UTC)).isoformat()


@dataclass(frozen=True, slots=True)
class RecordSchema:
    """What the executor knows of one schema. Lives and dies with it."""

    types: frozenset[str]
    type_name: Callable[[Record], str]
    metrics: ExecutionMetrics
    builders: dict[Any, Any] = field(default_factory=dict)
    operations: OperationMemos = field(default_factory=OperationMemos)


def install_record_fields(
    schema: strawberry.Schema | GraphQLSchema,
    types: Iterable[str],
    *,
    type_name: Callable[[Record], str],
    metrics: ExecutionMetrics | None = None,
) -> ExecutionMetrics:
    """Serves the object types named in `types` from records.

    Each of their fields without arguments, resolver, extension or permission class resolves from the record by its
    Python name (by its GraphQL name where Strawberry did not make the field). Where the type is a member of an
    interface or union, a record's type is `type_name(record)`, which must be a pure function. Other sources than
    records are resolved as before. Give one `metrics` to all schemas of a process to count them together.

    Raises ValueError for a name that is no object type, or when called twice for one schema.
    """
    core: GraphQLSchema = schema if isinstance(schema, GraphQLSchema) else schema._schema
    if RECORDS in core.extensions:
        raise ValueError("the record fields of this schema are already installed")
    names = frozenset(types)
    for name in names:
        object_type = core.get_type(name)
        if not isinstance(object_type, GraphQLObjectType):
            raise ValueError(f"`{name}` is no object type of the schema")
        for field_name, graphql_field in object_type.fields.items():
            key = _record_key(field_name, graphql_field)
            if key is not None:
                graphql_field.resolve = RecordField(key)
        if object_type.is_type_of is not None:
            object_type.is_type_of = _accept_records(object_type.is_type_of)
    for abstract_type in core.type_map.values():
        if is_abstract_type(abstract_type) and _members(core, abstract_type) & names:
            abstract_type.resolve_type = _resolve_records(abstract_type.resolve_type, type_name)
    metrics = metrics or ExecutionMetrics()
    core.extensions[RECORDS] = RecordSchema(names, type_name, metrics)
    return metrics


def record_schema(schema: GraphQLSchema) -> RecordSchema | None:
    """What `install_record_fields` left on the schema."""
    found = schema.extensions.get(RECORDS)
    return found if isinstance(found, RecordSchema) else None


def declared_name(field_name: str, graphql_field: GraphQLField) -> str:
    """The declared (Python) name of a field: its record key, or the name of what resolves it."""
    if isinstance(graphql_field.resolve, RecordField):
        return graphql_field.resolve.key
    origin = graphql_field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    return origin.python_name if isinstance(origin, StrawberryField) else field_name


def _record_key(field_name: str, graphql_field: GraphQLField) -> str | None:
    if graphql_field.args:
        return None
    origin = graphql_field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if isinstance(origin, StrawberryField):
        return origin.python_name if origin.is_basic_field else None
    return field_name if graphql_field.resolve is None else None


def _members(schema: GraphQLSchema, abstract_type: GraphQLAbstractType) -> set[str]:
    return {member.name for member in schema.get_possible_types(abstract_type) if is_object_type(member)}


def _accept_records(otherwise: Callable[..., Any]) -> Callable[..., Any]:
    """A record is of the type that led to it: its reader answered for that."""

    def is_type_of(value: Any, info: GraphQLResolveInfo[Any]) -> Any:
        return True if isinstance(value, Record) else otherwise(value, info)

    return is_type_of


def _resolve_records(otherwise: Callable[..., Any] | None, type_name: Callable[[Record], str]) -> Callable[..., Any]:
    resolve_other = otherwise or default_type_resolver

    def resolve_type(value: Any, info: GraphQLResolveInfo[Any], abstract_type: GraphQLAbstractType) -> Any:
        if isinstance(value, Record):
            return type_name(value)
        return resolve_other(value, info, abstract_type)

    return resolve_type
