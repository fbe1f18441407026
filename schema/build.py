"""Builds the GraphQL schema of one process from the field catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any

import strawberry
from graphql import GraphQLSchema, is_introspection_type, is_object_type
from strawberry.printer import print_schema
from strawberry.schema.config import StrawberryConfig

from documents.declaring.catalogue import Catalogue
from documents.plain_records import Record
from schema.execution import ExecutionMetrics, install_record_fields, record_value
from schema.registry import CHAPTERS
from schema.roots.chapter import Vocabulary
from schema.roots.mutation import customer_mutations
from schema.roots.operations import operation_fields
from schema.roots.query import customer_queries, record_fields, serve_plainly
from schema.roots.subscription import (
    Followed,
    followed_customers,
    followed_records,
    serve_subscriptions,
    subscription_fields,
)
from schema.vocabulary.customer_inputs import make_customer_inputs
from schema.vocabulary.customer_types import ChoiceEnums, make_customer_types
from schema.vocabulary.definitions import Fields, make_type
from schema.vocabulary.labels import describe_values
from schema.vocabulary.record_inputs import make_record_inputs
from schema.vocabulary.record_types import RecordTypeMaker
from schema.vocabulary.scalars import SCALARS


@dataclass(frozen=True)
class DossierSchema:
    """The schema, its SDL, and the counters of the record executor."""

    core: GraphQLSchema
    sdl: str
    metrics: ExecutionMetrics


@cache
def build_schema(catalogue: Catalogue) -> DossierSchema:
    """The schema over the catalogue's kinds and fields: built once for each catalogue, and shared by all who ask."""
    enums = ChoiceEnums()
    operators: dict[str, Any] = {}
    maker = RecordTypeMaker(enums)
    types = make_customer_types(catalogue, enums, maker.recent_fields())
    inputs = make_customer_inputs(catalogue, enums, operators)
    records, record_inputs = maker.finish(types.interface), make_record_inputs(enums, operators)
    vocabulary = Vocabulary(enums, types, records, record_inputs)
    followed = _followed(vocabulary)
    built = strawberry.Schema(
        query=make_type("Query", customer_queries(types, inputs) | _queries(vocabulary)),
        mutation=make_type("Mutation", _mutations(vocabulary, customer_mutations(types, inputs))),
        subscription=make_type("Subscription", subscription_fields(followed)),
        types=[*types.kinds.values(), *(of_kind.record for of_kind in records.values())],
        config=StrawberryConfig(
            default_resolver=record_value,
            scalar_map=dict(SCALARS),
            enable_experimental_incremental_execution=True,  # declares @defer and @stream
        ),
    )
    names = types.type_names | {kind.value: of_kind.record.__name__ for kind, of_kind in records.items()}

    def type_name(record: Record) -> str:
        name: str = names[record["kind"]]
        return name

    describe_values(built._schema)
    serve_plainly(built._schema)
    serve_subscriptions(built._schema, followed)
    metrics = install_record_fields(built, _object_types(built._schema), type_name=type_name)
    return DossierSchema(built._schema, print_schema(built) + "\n", metrics)


def _queries(vocabulary: Vocabulary) -> Fields:
    """Those of the chapters, then the lists of records."""
    fields: Fields = {}
    for chapter in CHAPTERS:
        fields |= chapter.queries(vocabulary)
    for kind, of_kind in vocabulary.records.items():
        fields |= record_fields(of_kind, vocabulary.inputs[kind])
    return fields


def _mutations(vocabulary: Vocabulary, of_customers: Fields) -> Fields:
    """Those of the chapters that are no operations, those of customers, then the operations."""
    fields: Fields = {}
    for chapter in CHAPTERS:
        fields |= chapter.mutations
    operations = chain.from_iterable(chapter.operations for chapter in CHAPTERS)
    return fields | of_customers | operation_fields(operations, vocabulary.records, vocabulary.enums)


def _followed(vocabulary: Vocabulary) -> dict[str, Followed]:
    """Every subscription by its field in snake case."""
    followed = followed_customers(vocabulary.customers)
    for chapter in CHAPTERS:
        followed |= chapter.subscriptions
        followed |= followed_records(vocabulary.records[kind] for kind in chapter.follows)
    return followed


def _object_types(core: GraphQLSchema) -> list[str]:
    """All but the roots: use cases give records of every type."""
    roots = (core.query_type, core.mutation_type, core.subscription_type)
    return [
        name
        for name, served in core.type_map.items()
        if is_object_type(served) and not is_introspection_type(served) and served not in roots
    ]
