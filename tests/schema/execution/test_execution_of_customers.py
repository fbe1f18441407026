"""The product's own schema keeps its fast path: a field that falls off it would cost each page ten times as much."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
from graphql import (
    GraphQLEnumType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
    parse,
)
from graphql.execution import experimental_execute_incrementally
from graphql.execution.incremental.incremental_executor import IncrementalExecutor

from documents.declaring.catalogue import Catalogue
from documents.plain_records import Record, Records
from documents.registry import CATALOGUE
from schema.build import build_schema
from schema.execution import JSON_OPTIONS, RecordExecutor
from schema.execution.fields import RecordField

KINDS = {"individual": "Individual", "enterprise": "Enterprise", "institution": "Institution"}
VALUES: dict[str, Any] = {"Int": 5, "Boolean": True, "Float": 1.5, "DateTime": datetime(2026, 1, 2, 3, 4, tzinfo=UTC)}


def _value(kind: Any) -> Any:
    if isinstance(kind, GraphQLNonNull):
        return _value(kind.of_type)
    if isinstance(kind, GraphQLList):
        return [_value(kind.of_type)]
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values.values())).value
    return VALUES.get(kind.name, "text")


def _leaves(kind: GraphQLObjectType) -> dict[str, Any]:
    return {name: field for name, field in kind.fields.items() if is_leaf_type(get_named_type(field.type))}


def _customer(kind: str, object_type: GraphQLObjectType) -> Record:
    record = Record(
        {
            field.resolve.key: _value(field.type)
            for field in _leaves(object_type).values()
            if isinstance(field.resolve, RecordField)
        }
    )
    record["kind"] = kind
    return record


class TestCustomers:
    def test_every_field_of_every_kind_is_built(self) -> None:
        """A page of the three kinds with all that they have: no row bails, and the answer is right."""
        schema = build_schema(Catalogue(CATALOGUE.classes.values()))  # its own: a resolver is exchanged
        types: dict[str, Any] = {kind: schema.core.type_map[name] for kind, name in KINDS.items()}
        edges = Records(Record(cursor=kind, node=_customer(kind, types[kind])) for kind in KINDS)
        connection = Record(edges=edges, page_info=Record(has_next_page=True, has_previous_page=False))
        query: Any = schema.core.query_type
        query.fields["customers"].resolve = lambda _root, _info, **_arguments: connection
        fragments = " ".join(f"... on {types[kind].name} {{ {' '.join(_leaves(types[kind]))} }}" for kind in KINDS)
        document = parse(
            f"{{ customers {{ edges {{ cursor node {{ __typename {fragments} }} }} pageInfo {{ hasNextPage }} }} }}"
        )
        plain: Any = experimental_execute_incrementally(schema.core, document, executor_class=IncrementalExecutor)
        record: Any = experimental_execute_incrementally(schema.core, document, executor_class=RecordExecutor)
        assert plain.errors is None
        assert orjson.dumps(record.data, option=JSON_OPTIONS) == orjson.dumps(plain.data, option=JSON_OPTIONS)
        metrics = schema.metrics
        assert (metrics.fast_rows, metrics.bailed_rows, metrics.unplanned_rows) == (len(KINDS), 0, 0)
