"""Execution of operations over plain records, at the cost of building a dictionary.

How to make a schema for it, once:

    schema = strawberry.Schema(query=…, types=…, config=StrawberryConfig(default_resolver=record_value, …))
    metrics = install_record_fields(schema, ["Individual", "Enterprise", "Institution", "CustomerEdge", …],
                                    type_name=lambda record: TYPE_NAMES[record["kind"]])

Resolvers then return `documents.plain_records.Record` and `Records`. Field names are Python names of the Strawberry
class; an enum field holds the declared text ("active"), not the member; text scalars use `serialize_text`, instants
`serialize_instant` (or Strawberry's own DateTime), other functions that give text back as it is `@passes_through(str)`.

How to execute, per request:

    result = graphql.execute(schema._schema, document, context_value=…, variable_values=…, operation_name=…,
                             executor_class=RecordExecutor)
    if inspect.isawaitable(result): result = await result
    body = orjson.dumps({"data": result.data}, option=JSON_OPTIONS)

(`experimental_execute_incrementally` in place of `execute` where the schema has `@defer` and `@stream`.) Keep the
parsed document between requests: plans are remembered for as long as it lives. Data holds `datetime` objects, so that
the response must be printed by orjson, with neither OPT_UTC_Z nor OPT_PASSTHROUGH_DATETIME nor
OPT_PASSTHROUGH_SUBCLASS. Instants are built only where their `tzinfo` is `datetime.UTC` itself (PyMongo:
`tzinfo=datetime.UTC`) or, of `serialize_instant`, None (PyMongo: `tz_aware=False`).
Middleware and abort signals put the whole operation on the ordinary path; a time limit belongs around the awaitable.
"""

from __future__ import annotations

from typing import Final

import orjson

from schema.execution.executor import RecordExecutor
from schema.execution.fields import (
    declared_name,
    install_record_fields,
    passes_through,
    record_schema,
    record_value,
    serialize_instant,
    serialize_text,
)
from schema.execution.metrics import ExecutionMetrics

JSON_OPTIONS: Final = orjson.OPT_NAIVE_UTC  # with these orjson prints an instant as `serialize_instant` does

__all__ = [
    "JSON_OPTIONS",
    "ExecutionMetrics",
    "RecordExecutor",
    "declared_name",
    "install_record_fields",
    "passes_through",
    "record_schema",
    "record_value",
    "serialize_instant",
    "serialize_text",
]
