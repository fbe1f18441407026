"""The record executor: graphql-core's, with a short cut where a value is a plain record.

It changes how long a response takes and never what it says: errors, paths, null propagation, their order, and whatever
a builder does not take are graphql-core's. It makes no decision on access.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from graphql import GraphQLObjectType, GraphQLResolveInfo, GraphQLResolveInfoHelpers
from graphql.execution.incremental.incremental_executor import IncrementalExecutor
from graphql.pyutils import Path

from documents.plain_records import Record, Records
from schema.execution.builder import BAIL, Build, Builder
from schema.execution.fields import RecordSchema, record_schema
from schema.execution.planner import NOT_BUILT, Planner


class _Built:
    """A list item that is complete already."""

    __slots__ = ("response",)

    def __init__(self, response: dict[str, Any]) -> None:
        self.response = response


class _Bailed:
    """A list item that its builder did not take."""

    __slots__ = ("record",)

    def __init__(self, record: Record) -> None:
        self.record = record


class RecordExecutor(IncrementalExecutor):
    """Completes `Record` and `Records` by compiled builders; see the package's docstring for how to run it.

    INVARIANT: it is in no cycle of references, so that it goes as soon as the response is made, and with it what the
    caller was shown. Else both would stay until the garbage collector comes by, which then takes a tenth of all CPU.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        records = record_schema(self.schema)
        if records is None or self.middleware_manager is not None or self.abort_signal is not None:
            self._planner: Planner | None = None
        else:
            self._planner = Planner(self, records)
        self._bailed: Record | None = None

    @property
    def async_helpers(self) -> GraphQLResolveInfoHelpers:
        """Made when asked for: kept, as graphql-core does, the two bound methods would hold the executor that holds
        them."""
        return GraphQLResolveInfoHelpers(gather=self.gather_async_work, track=self.track_async_work)

    @async_helpers.setter
    def async_helpers(self, helpers: GraphQLResolveInfoHelpers) -> None:
        """Keeps nothing."""

    def complete_list_value(
        self,
        return_type: Any,
        field_details_list: Any,
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: Any,
    ) -> Any:
        """Builds the rows of `Records`; where some bail, graphql-core completes the list around the built ones."""
        planner = self._planner
        if planner is not None and type(result) is Records and position_context is None:
            build = planner.row_build(self, return_type.of_type, field_details_list)
            if build is not None:
                rows, whole = _build_rows(build, result, planner.records)
                if whole:
                    return rows
                return self.complete_iterable_value(
                    return_type.of_type, field_details_list, info, path, rows, position_context
                )
        return super().complete_list_value(return_type, field_details_list, info, path, result, position_context)

    def complete_list_item_value(
        self,
        item: Any,
        complete_results: list[Any],
        item_type: Any,
        field_details_list: Any,
        info: GraphQLResolveInfo[Any],
        item_path: Path,
        position_context: Any,
    ) -> bool:
        """Takes a built row as it is, and unwraps one that bailed."""
        if type(item) is _Built:
            complete_results.append(item.response)
            return False
        if type(item) is _Bailed:
            self._bailed = item = item.record  # don't try it a second time
        return super().complete_list_item_value(
            item, complete_results, item_type, field_details_list, info, item_path, position_context
        )

    def collect_and_execute_subfields(
        self,
        return_type: GraphQLObjectType,
        field_details_list: Any,
        path: Path,
        result: Any,
        position_context: Any,
    ) -> Any:
        """Builds the plain fields of one `Record`, and resolves the others in their order."""
        planner = self._planner
        if planner is not None and type(result) is Record and position_context is None:
            bailed, self._bailed = self._bailed, None
            if result is not bailed:
                builder = planner.builder(self, return_type, field_details_list)
                response: Any = BAIL if builder is None else builder.build(result)
                planner.count(builder, response)
                if builder is not None and response is not BAIL:
                    if not builder.resolved:
                        return response
                    return self._resolve_rest(builder, response, return_type, field_details_list, path, result)
        return super().collect_and_execute_subfields(return_type, field_details_list, path, result, position_context)

    def _resolve_rest(
        self,
        builder: Builder,
        response: dict[str, Any],
        return_type: GraphQLObjectType,
        field_details_list: Any,
        path: Path,
        record: Record,
    ) -> Any:
        """Executes the fields left out of `response`, whose places in it are kept."""
        collected = self.collect_subfields(return_type, field_details_list).grouped_field_set
        rest = {key: details for key, details in collected.items() if key in builder.resolved}
        resolved = self.execute_fields(return_type, record, path, rest, None)
        if self.is_awaitable(resolved):
            return _merge(response, resolved)
        response.update(resolved)  # type: ignore[arg-type]
        return response


async def _merge(response: dict[str, Any], resolved: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    response.update(await resolved)
    return response


def _build_rows(build: Build, records: Records, known: RecordSchema) -> tuple[list[Any], bool]:
    """The response's rows and True; or, where graphql-core is needed, items for it and False."""
    rows: list[Any] = []
    row: Any
    for record in records:
        row = build(record) if type(record) is Record else NOT_BUILT
        if row is BAIL or row is NOT_BUILT:
            break
        rows.append(row)
    else:
        known.metrics.fast_rows += len(rows)
        return rows, True
    items: list[Any] = [_Built(row) for row in rows]
    for record in records[len(rows) :]:
        row = build(record) if type(record) is Record else NOT_BUILT
        if row is BAIL:
            known.metrics.bailed_rows += 1
            items.append(_Bailed(record))
        elif row is NOT_BUILT:
            items.append(record)
        else:
            items.append(_Built(row))
    known.metrics.fast_rows += sum(type(item) is _Built for item in items)
    return items, False
