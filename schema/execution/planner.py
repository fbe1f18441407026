"""Which builder serves a field of an operation: made once per shape, remembered per document and per request.

A plan depends on the document, the schema and the variables in directives; each is part of its key or of what holds it.
"""

from __future__ import annotations

from typing import Any, Final

from graphql import GraphQLNonNull, GraphQLObjectType, GraphQLSchema, is_object_type
from graphql.execution import Executor

from documents.plain_records import Record
from schema.execution.builder import BAIL, Build, Builder, compile_builder, dispatch
from schema.execution.fields import RecordSchema
from schema.execution.memo import OperationMemo
from schema.execution.shape import ObjectShape, ShapeReader, is_streamed

MOST_BUILDERS = 512  # a builder is some 10 KB; beyond this the oldest goes

NOT_BUILT: Final = object()  # in place of a row whose type has no builder for whole rows

_NO_PLAN: Final = object()


class Planner:
    """Finds builders for one operation being executed: made once per shape, remembered per document and request.

    INVARIANT: it holds no executor, which holds it: see `RecordExecutor`."""

    def __init__(self, executor: Executor[Any], records: RecordSchema) -> None:
        self.records = records
        self._memo: OperationMemo | None = records.operations.of(executor.operation, executor.fragment_definitions)
        self._conditions = self._memo and self._memo.conditions(executor.variable_values.coerced)
        # By identity of the details, which each entry holds, as graphql-core's own memo does.
        self._plans: dict[tuple[str, Any, int], tuple[Any, Any]] = {}

    def builder(self, executor: Executor[Any], object_type: GraphQLObjectType, details: Any) -> Builder | None:
        """How to build one record of `object_type`; lists of objects in it stay graphql-core's."""
        plan: Builder | None = self._plan(executor, "record", object_type, details)
        return plan

    def row_build(self, executor: Executor[Any], item_type: Any, details: Any) -> Build | None:
        """How to build a row of a list of `item_type`; None where no type of row is built wholly."""
        plan: Build | None = self._plan(executor, "row", item_type, details)
        return plan

    def count(self, builder: Builder | None, response: Any) -> None:
        """Counts one record that did not come as a row."""
        metrics = self.records.metrics
        if builder is None:
            metrics.unplanned_rows += 1
        elif response is BAIL:
            metrics.bailed_rows += 1
        elif builder.resolved:
            metrics.mixed_rows += 1
        else:
            metrics.fast_rows += 1

    def _plan(self, executor: Executor[Any], kind: str, output_type: Any, details: Any) -> Any:
        request_key = (kind, output_type, id(details))
        held = self._plans.get(request_key)
        if held is not None:
            return held[1]
        memo, conditions = self._memo, self._conditions
        plan: Any = None
        if memo is None or conditions is None:
            plan = self._make(executor, kind, output_type, details)
        else:
            key = (kind, output_type, conditions, tuple(id(detail.node) for detail in details))
            plan = memo.get(key)
            if plan is None:
                plan = self._make(executor, kind, output_type, details)
                memo.put(key, _NO_PLAN if plan is None else plan)
            elif plan is _NO_PLAN:
                plan = None
        self._plans[request_key] = (details, plan)
        return plan

    def _make(self, executor: Executor[Any], kind: str, output_type: Any, details: Any) -> Any:
        """A plan, or None. What fails here fails again, and is reported, on the ordinary path."""
        reader = ShapeReader(executor.schema, self.records, executor.collect_subfields)
        try:
            if kind == "row":
                return (
                    None
                    if is_streamed([detail.node for detail in details])
                    else self._rows(executor.schema, reader, output_type, details)
                )
            shape = reader.read(output_type, details, inline_lists=False)
            return None if shape is None else self._compiled(executor.schema, shape)
        except Exception:
            return None

    def _rows(self, schema: GraphQLSchema, reader: ShapeReader, item_type: Any, details: Any) -> Build | None:
        named_type = item_type.of_type if isinstance(item_type, GraphQLNonNull) else item_type
        builds: dict[str, Build] = {}
        found = False
        for member in reader.members(named_type):
            shape = reader.read(member, details, inline_lists=True)
            if shape is not None and shape.is_fast:
                builds[member.name] = self._compiled(schema, shape).build
                found = True
            else:
                builds[member.name] = _leave
        if not found:
            return None
        if is_object_type(named_type):
            return builds[named_type.name]
        return dispatch(builds, self.records.type_name)

    def _compiled(self, schema: GraphQLSchema, shape: ObjectShape) -> Builder:
        builders = self.records.builders
        builder: Builder | None = builders.get(shape)
        if builder is None:
            builder = compile_builder(schema, shape, self.records.type_name)
            if len(builders) >= MOST_BUILDERS:
                del builders[next(iter(builders))]
            builders[shape] = builder
        return builder


def _leave(_record: Record) -> Any:
    return NOT_BUILT
