"""Builds the GraphQL schema of one process from the field catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any

import strawberry
from graphql import GraphQLSchema
from strawberry.printer import print_schema
from strawberry.schema.config import StrawberryConfig

from documents.declaring.catalogue import Catalogue
from documents.plain_records import Record
from schema.chapters import audit, identification, incidents
from schema.chapters import encryption as keys
from schema.chapters.credit import operations as credit
from schema.chapters.information import operations as information
from schema.chapters.policies import operations as policies
from schema.chapters.service import operations as service
from schema.chapters.service import training
from schema.execution import ExecutionMetrics, install_record_fields, record_value
from schema.roots.chapter import Chapter, Fields, Vocabulary
from schema.roots.mutation import make_mutation
from schema.roots.operations import operation_fields
from schema.roots.query import make_query, record_fields, serve_plainly
from schema.roots.subscription import followed, make_subscription, serve_subscriptions
from schema.vocabulary.customer_inputs import make_customer_inputs
from schema.vocabulary.customer_types import ChoiceEnums, make_customer_types
from schema.vocabulary.labels import describe_values
from schema.vocabulary.record_inputs import make_record_inputs
from schema.vocabulary.record_types import RecordTypeMaker
from schema.vocabulary.scalars import SCALARS

PLAIN_TYPES = (
    "CustomerConnection",
    "CustomerEdge",
    "PageInfo",
    "FieldAccess",
    "KindFieldAccess",
    "ScopedFieldAccess",
    "FieldValue",
    "EnumLabels",
    "KindLabel",
    "ValueSource",
    "Staff",
    "Department",
)
"""Types whose every field is read from a record as it is."""


CHAPTERS: tuple[Chapter, ...] = (
    identification,
    information,
    incidents,
    audit,
    keys,
    policies,
    service,
    training,
    credit,
)


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
    queries, mutations = _chapters(vocabulary)
    for kind, of_kind in records.items():
        queries |= record_fields(of_kind, record_inputs[kind])
    subscriptions = followed(types, records)
    built = strawberry.Schema(
        query=make_query(types, inputs, queries),
        mutation=make_mutation(types, inputs, mutations),
        subscription=make_subscription(subscriptions),
        types=[*types.kinds.values(), *(of_kind.record for of_kind in records.values())],
        config=StrawberryConfig(
            default_resolver=record_value,
            scalar_map=dict(SCALARS),
            enable_experimental_incremental_execution=True,  # declares @defer and @stream
        ),
    )
    names = types.type_names | {kind.value: of_kind.record.__name__ for kind, of_kind in records.items()}
    plain_types = [
        *PLAIN_TYPES,
        *(of.payload.__name__ for of in subscriptions.values()),
        *maker.object_names,
        *chain.from_iterable(c.PLAIN_TYPES for c in CHAPTERS),
    ]
    for of_kind in records.values():
        plain_types += [of_kind.edge.__name__, of_kind.connection.__name__]

    def type_name(record: Record) -> str:
        name: str = names[record["kind"]]
        return name

    describe_values(built._schema)
    serve_plainly(built._schema)
    serve_subscriptions(built._schema, subscriptions)
    metrics = install_record_fields(built, [*names.values(), *plain_types], type_name=type_name)
    return DossierSchema(built._schema, print_schema(built) + "\n", metrics)


def _chapters(vocabulary: Vocabulary) -> tuple[Fields, Fields]:
    """What the chapters add to the roots: (queries, mutations)."""
    queries: Fields = {}
    mutations: Fields = {}
    for chapter in CHAPTERS:
        queries |= chapter.queries(vocabulary)
        mutations |= operation_fields(chapter.operations(vocabulary), vocabulary.records)
    return queries, mutations
