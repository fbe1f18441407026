"""Builds the GraphQL schema of one process from the field catalogue."""

from __future__ import annotations

from dataclasses import dataclass

import strawberry
from graphql import GraphQLSchema
from strawberry.printer import print_schema
from strawberry.schema.config import StrawberryConfig

from documents.catalogue import Catalogue
from documents.records import Record
from schema.execution import ExecutionMetrics, install_record_fields, record_value
from schema.inputs.customers import make_customer_inputs
from schema.mutation import make_mutation
from schema.query import make_query, serve_plainly
from schema.scalars import SCALARS
from schema.types.customers import ChoiceEnums, make_customer_types

PLAIN_TYPES = (
    "CustomerConnection",
    "CustomerEdge",
    "PageInfo",
    "FieldAccess",
    "KindFieldAccess",
    "ScopedFieldAccess",
    "ValueSource",
    "Staff",
    "Department",
)
"""Types whose every field is read from a record as it is."""


@dataclass(frozen=True)
class DossierSchema:
    """The schema, its SDL, and the counters of the record executor."""

    core: GraphQLSchema
    sdl: str
    metrics: ExecutionMetrics


def build_schema(catalogue: Catalogue) -> DossierSchema:
    """The schema over the catalogue's kinds and fields."""
    enums = ChoiceEnums()
    types = make_customer_types(catalogue, enums)
    inputs = make_customer_inputs(catalogue, enums)
    built = strawberry.Schema(
        query=make_query(types, inputs),
        mutation=make_mutation(types, inputs),
        types=list(types.kinds.values()),
        config=StrawberryConfig(
            default_resolver=record_value,
            scalar_map=dict(SCALARS),
            enable_experimental_incremental_execution=True,  # declares @defer and @stream
        ),
    )
    names = types.type_names

    def type_name(record: Record) -> str:
        return names[record["kind"]]

    serve_plainly(built._schema)
    metrics = install_record_fields(built, [*names.values(), *PLAIN_TYPES], type_name=type_name)
    return DossierSchema(built._schema, print_schema(built) + "\n", metrics)
