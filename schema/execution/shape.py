"""What a selection asks of a record, read once and compared by value: the key under which its builder is kept.

The reading of aliases, fragments, `@skip` and `@include` is graphql-core's own `collect_subfields`; this module only
says which of the collected fields a builder may take. A field that is not taken is never dropped, it is `resolved`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    GraphQLStreamDirective,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
)

from schema.execution.fields import RecordField, RecordSchema

CollectSubfields: TypeAlias = Callable[[GraphQLObjectType, Any], Any]

TYPENAME = "__typename"


class FieldShape(NamedTuple):
    """One response key. `objects` are the shapes of the types below it, empty for a leaf."""

    response_key: str
    name: str
    resolved: bool  # left to graphql-core
    objects: tuple[ObjectShape, ...]


class ObjectShape(NamedTuple):
    """The fields asked of one object type, in response order. Hashable; holds nothing of the document or request."""

    type: GraphQLObjectType
    fields: tuple[FieldShape, ...]

    @property
    def is_fast(self) -> bool:
        """Whether a builder completes the record wholly."""
        return not any(field.resolved for field in self.fields)


class ShapeReader:
    """Reads shapes out of one operation being executed."""

    __slots__ = ("_collect", "_records", "_schema")

    def __init__(self, schema: GraphQLSchema, records: RecordSchema, collect: CollectSubfields) -> None:
        self._schema = schema
        self._records = records
        self._collect = collect

    def read(self, object_type: GraphQLObjectType, details: Sequence[Any], *, inline_lists: bool) -> ObjectShape | None:
        """The shape of `object_type` below the field of these details; None where no builder may be made.

        Without `inline_lists`, lists of objects are left to graphql-core, so that a row among them that a builder does
        not take costs that row alone and not its parent with all of its rows.
        """
        collected = self._collect(object_type, details)
        if collected.new_defer_usages:
            return None
        fields = []
        for response_key, field_details in collected.grouped_field_set.items():
            field = self._field(object_type, response_key, field_details, inline_lists=inline_lists)
            if field is None:
                return None
            fields.append(field)
        return ObjectShape(object_type, tuple(fields))

    def members(self, named_type: Any) -> list[GraphQLObjectType]:
        """The object types served from records that a value of `named_type` can have."""
        members = self._schema.get_possible_types(named_type) if is_abstract_type(named_type) else [named_type]
        return [member for member in members if member.name in self._records.types]

    def _field(
        self, object_type: GraphQLObjectType, response_key: str, details: Sequence[Any], *, inline_lists: bool
    ) -> FieldShape | None:
        name = details[0].node.name.value
        graphql_field = self._schema.get_field(object_type, name)
        if graphql_field is None or any(detail.defer_usage is not None for detail in details):
            return None
        if name == TYPENAME:
            return FieldShape(response_key, name, False, ())
        objects = None
        if _is_plain(graphql_field, [detail.node for detail in details]):
            objects = self._objects(graphql_field.type, details, inline_lists=inline_lists)
        return FieldShape(response_key, name, objects is None, objects or ())

    def _objects(
        self, output_type: GraphQLOutputType, details: Sequence[Any], *, inline_lists: bool
    ) -> tuple[ObjectShape, ...] | None:
        """The shapes below a plain field, none for a leaf; None where the field is left to graphql-core."""
        named_type = get_named_type(output_type)
        if is_leaf_type(named_type):
            return ()
        if not inline_lists and _is_list(output_type):
            return None
        shapes = [self.read(member, details, inline_lists=inline_lists) for member in self.members(named_type)]
        fast = tuple(shape for shape in shapes if shape is not None and shape.is_fast)
        return fast if fast and len(fast) == len(shapes) else None


def is_streamed(nodes: Sequence[FieldNode]) -> bool:
    """Whether a `@stream` stands on the field, in force or not."""
    name = GraphQLStreamDirective.name
    return any(directive.name.value == name for node in nodes for directive in node.directives or ())


def _is_plain(graphql_field: GraphQLField, nodes: Sequence[FieldNode]) -> bool:
    if not isinstance(graphql_field.resolve, RecordField) or graphql_field.args:
        return False
    return not any(node.arguments for node in nodes) and not is_streamed(nodes)


def _is_list(output_type: Any) -> bool:
    if isinstance(output_type, GraphQLNonNull):
        output_type = output_type.of_type
    return isinstance(output_type, GraphQLList)
