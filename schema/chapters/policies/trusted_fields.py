"""Which declared fields the trusted documents read: what a change of rules may take from them.

Owns reading documents against the schema. It executes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from graphql import (
    FieldNode,
    GraphQLObjectType,
    GraphQLSchema,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    is_abstract_type,
    is_object_type,
    parse,
    visit,
)

from documents.declaring.kind import Kind
from documents.registry import FULL_CATALOGUE
from schema.execution import declared_name
from schema.roots.query import KIND_OF_TYPE


def trusted_reads(texts: Mapping[str, str], schema: GraphQLSchema) -> dict[str, Mapping[Kind, frozenset[str]]]:
    """The fields that each document selects, by its id and by kind. A field of an interface is one of every kind that
    may stand there. The documents are valid: the endpoint has accepted them."""
    return {identifier: _reads(text, schema) for identifier, text in texts.items()}


def _reads(text: str, schema: GraphQLSchema) -> Mapping[Kind, frozenset[str]]:
    types = TypeInfo(schema)
    collector = _Collector(schema, types)
    visit(parse(text), TypeInfoVisitor(types, collector))
    return {kind: frozenset(names) for kind, names in collector.found.items()}


class _Collector(Visitor):
    def __init__(self, schema: GraphQLSchema, types: TypeInfo) -> None:
        super().__init__()
        self._schema = schema
        self._types = types
        self.found: dict[Kind, set[str]] = defaultdict(set)

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        """Notes the field for every kind that its parent can be."""
        for parent in self._parents():
            kind, field = KIND_OF_TYPE.get(parent.name), parent.fields.get(node.name.value)
            if kind is None or field is None or kind not in FULL_CATALOGUE.by_kind:
                continue
            name = declared_name(node.name.value, field)
            if name in FULL_CATALOGUE.fields(kind):
                self.found[kind].add(name)

    def _parents(self) -> list[GraphQLObjectType]:
        parent: Any = self._types.get_parent_type()
        if is_object_type(parent):
            return [parent]
        return list(self._schema.get_possible_types(parent)) if is_abstract_type(parent) else []
