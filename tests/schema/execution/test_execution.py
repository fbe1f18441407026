"""The record executor on a Strawberry schema: where it acts, where it stands aside, and what it counts."""

from __future__ import annotations

import gc
import inspect
import weakref
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson
import pytest
from graphql import (
    ExperimentalIncrementalExecutionResults,
    FragmentDefinitionNode,
    GraphQLSchema,
    OperationDefinitionNode,
    execute,
    experimental_execute_incrementally,
    parse,
    specified_directives,
)
from graphql.execution.incremental.incremental_executor import IncrementalExecutor
from graphql.pyutils import AbortController
from graphql.type import GraphQLDeferDirective, GraphQLStreamDirective

from schema.execution import (
    JSON_OPTIONS,
    ExecutionMetrics,
    RecordExecutor,
    install_record_fields,
    record_schema,
    serialize_instant,
)
from tests.schema.execution.strawberry_world import TYPE_NAMES, TYPES, make_schema


class _Seen:
    """What can be watched going."""


FIELDS = """
    __typename id name: displayName displayName status createdAt telephones
    ... on Person { idNumber } ...Firm
"""
PAGE = """
    query Page { things { edges { cursor node { %s } } pageInfo { hasNextPage } totalCount } }
    fragment Firm on Company { employeeCount }
"""


@pytest.fixture(scope="module", name="world")
def _world() -> tuple[GraphQLSchema, ExecutionMetrics]:
    return make_schema()


async def _run(schema: GraphQLSchema, text: str, changes: Any = None, **options: Any) -> Any:
    options.setdefault("executor_class", RecordExecutor)
    context: dict[str, Any] = {"changes": changes or {}}
    result = execute(schema, parse(text), context_value=context, **options)
    return await result if inspect.isawaitable(result) else result


async def _both(schema: GraphQLSchema, text: str, changes: Any = None) -> tuple[Any, Any]:
    plain = await _run(schema, text, changes, executor_class=IncrementalExecutor)
    return plain, await _run(schema, text, changes)


def _printed(result: Any) -> bytes:
    return orjson.dumps(result.data, option=JSON_OPTIONS)


def _counts(metrics: ExecutionMetrics) -> tuple[int, int, int, int]:
    return metrics.fast_rows, metrics.mixed_rows, metrics.bailed_rows, metrics.unplanned_rows


def _since(metrics: ExecutionMetrics, before: tuple[int, int, int, int]) -> tuple[int, ...]:
    return tuple(now - then for now, then in zip(_counts(metrics), before, strict=True))


class TestFastPath:
    async def test_a_page_of_several_types_is_built_without_a_resolver(self, world: Any) -> None:
        """Every row is fast; the connection, whose list is graphql-core's, is the one mixed record."""
        schema, metrics = world
        before = _counts(metrics)
        plain, record = await _both(schema, PAGE % FIELDS)
        assert plain.errors is None
        assert _printed(record) == _printed(plain)
        assert _since(metrics, before) == (20, 1, 0, 0)

    async def test_a_single_record_is_built(self, world: Any) -> None:
        """One record below an interface field."""
        schema, metrics = world
        before = _counts(metrics)
        plain, record = await _both(schema, "{ thing { id status ... on Person { idNumber } } }")
        assert record.data == plain.data
        assert _since(metrics, before) == (1, 0, 0, 0)

    async def test_one_bad_row_costs_that_row_alone(self, world: Any) -> None:
        """The edge and its node bail, the other rows stay fast, and the error names the place."""
        schema, metrics = world
        before = _counts(metrics)
        plain, record = await _both(schema, PAGE % FIELDS, {3: {"employee_count": 2**31}})
        assert _printed(record) == _printed(plain)
        assert [error.path for error in record.errors] == [["things", "edges", 3, "node", "employeeCount"]]
        assert [error.formatted for error in record.errors] == [error.formatted for error in plain.errors]
        assert _since(metrics, before) == (19, 1, 2, 0)

    async def test_a_null_where_none_may_be_propagates_as_without_us(self, world: Any) -> None:
        """The null reaches the nearest nullable parent: here the whole answer."""
        schema, _metrics = world
        plain, record = await _both(schema, PAGE % FIELDS, {4: {"display_name": None}})
        assert record.data is None
        assert plain.data is None
        assert [error.formatted for error in record.errors] == [error.formatted for error in plain.errors]

    async def test_a_field_with_a_resolver_is_resolved_among_built_ones(self, world: Any) -> None:
        """Both an async and a plain resolver; keys stay in the order of the document."""
        schema, metrics = world
        before = _counts(metrics)
        plain, record = await _both(schema, PAGE % "id manager displayName access ...Firm")
        assert _printed(record) == _printed(plain)
        assert list(record.data["things"]["edges"][0]["node"]) == ["id", "manager", "displayName", "access"]
        # The connection, each edge for its node, and each node.
        assert _since(metrics, before) == (0, 41, 0, 0)


class TestStandingAside:
    async def test_middleware_sees_every_field(self, world: Any) -> None:
        """With middleware, no field may be built around it."""
        schema, metrics = world
        seen: list[str] = []

        def watch(resolve: Any, source: Any, info: Any, **arguments: Any) -> Any:
            seen.append(info.field_name)
            return resolve(source, info, **arguments)

        before = _counts(metrics)
        await _run(schema, PAGE % FIELDS, middleware=[watch])
        assert seen.count("displayName") == 40
        assert _since(metrics, before) == (0, 0, 0, 0)

    async def test_an_abort_signal_puts_the_operation_on_the_ordinary_path(self, world: Any) -> None:
        """An abortable operation is graphql-core's in whole."""
        schema, metrics = world
        before = _counts(metrics)
        result = await _run(schema, PAGE % FIELDS, abort_signal=AbortController().signal)
        assert len(result.data["things"]["edges"]) == 20
        assert _since(metrics, before) == (0, 0, 0, 0)

    @pytest.mark.parametrize(
        "text",
        [
            "{ things { edges { cursor node { id ... @defer { displayName status } } } } }",
            "{ things { edges { cursor ... @defer { node { id telephones } } } totalCount } }",
            "{ things { edges @stream(initialCount: 3) { cursor node { id } } } }",
            "{ things { edges { node { telephones @stream(initialCount: 1) id } } } }",
            "{ ... @defer { things { edges { cursor node { id } } } } thing { id } }",
        ],
    )
    async def test_incremental_delivery_sends_the_same_payloads(self, text: str) -> None:
        """`@defer` and `@stream` on, below and above records."""
        schema, _metrics = _incremental_schema()
        plain = await _payloads(schema, text, IncrementalExecutor)
        record = await _payloads(schema, text, RecordExecutor)
        assert len(plain) > 1
        assert record == plain

    async def test_a_schema_without_records_is_untouched(self) -> None:
        """The executor does nothing where `install_record_fields` was not called."""
        schema, metrics = make_schema()
        schema.extensions.clear()
        result = await _run(schema, PAGE % FIELDS)
        assert result.errors is None
        assert _counts(metrics) == (0, 0, 0, 0)


def _incremental_schema() -> tuple[GraphQLSchema, ExecutionMetrics]:
    schema, metrics = make_schema()
    schema.directives = (*specified_directives, GraphQLDeferDirective, GraphQLStreamDirective)
    return schema, metrics


async def _payloads(schema: GraphQLSchema, text: str, executor: type[IncrementalExecutor]) -> list[Any]:
    result = experimental_execute_incrementally(schema, parse(text), context_value={}, executor_class=executor)
    if inspect.isawaitable(result):
        result = await result
    if not isinstance(result, ExperimentalIncrementalExecutionResults):
        return [orjson.dumps(result.formatted)]
    payloads = [orjson.dumps(result.initial_result.formatted)]
    async for payload in result.subsequent_results:
        payloads.append(orjson.dumps(payload.formatted))  # noqa: PERF401 -- an async comprehension reads worse
    return payloads


class TestMemory:
    async def test_what_is_remembered_dies_with_the_document(self, world: Any) -> None:
        """No entry outlives its parsed operation, so that a reused identity finds nothing."""
        schema, _metrics = world
        operations = record_schema(schema).operations  # type: ignore[union-attr]
        gc.collect()
        before = len(operations)
        document = parse(PAGE % FIELDS)
        result = execute(schema, document, context_value={}, executor_class=RecordExecutor)
        await result  # type: ignore[misc]
        assert len(operations) == before + 1
        del document, result
        gc.collect()
        assert len(operations) == before

    @pytest.mark.parametrize("executor_class", [RecordExecutor, IncrementalExecutor])
    async def test_an_execution_leaves_nothing_to_the_garbage_collector(self, world: Any, executor_class: Any) -> None:
        """What a caller was shown is gone with the answer. (graphql-core's own executor holds itself: once it does not,
        ours need not care.)"""
        schema, _metrics = world
        changes = {"seen": _Seen()}
        seen = weakref.ref(changes["seen"])
        gc.collect()
        gc.disable()
        try:
            result = await _run(schema, PAGE % FIELDS, changes, executor_class=executor_class)
            assert result.errors is None
            del result, changes
            assert (seen() is None) is (executor_class is RecordExecutor)
        finally:
            gc.enable()

    def test_an_operation_with_other_fragments_is_another(self, world: Any) -> None:
        """The same operation object in a document of other fragments does not find the first one's plans."""
        schema, _metrics = world
        operations = record_schema(schema).operations  # type: ignore[union-attr]
        operation, fragment = parse(PAGE % FIELDS).definitions
        other = parse("fragment Firm on Company { id }").definitions[0]
        assert isinstance(operation, OperationDefinitionNode)
        assert isinstance(fragment, FragmentDefinitionNode)
        assert isinstance(other, FragmentDefinitionNode)
        first = operations.of(operation, {"Firm": fragment})
        assert operations.of(operation, {"Firm": fragment}) is first
        assert operations.of(operation, {"Firm": other}) is not first


class TestInstants:
    @pytest.mark.parametrize("microsecond", [0, 1, 1000, 120_000, 999_999])
    @pytest.mark.parametrize("year", [1, 999, 2026, 9999])
    def test_orjson_prints_an_instant_as_the_scalar_does(self, year: int, microsecond: int) -> None:
        """What the executor passes through and what the scalar gives print alike, with the zone UTC or as stored."""
        value = datetime(year, 12, 31, 23, 59, 58, microsecond, tzinfo=UTC)
        for instant in (value, value.replace(tzinfo=None)):
            assert orjson.dumps(instant, option=JSON_OPTIONS) == orjson.dumps(serialize_instant(instant))
            assert serialize_instant(instant).endswith(":58+00:00" if not microsecond else "+00:00")

    @pytest.mark.parametrize("value", [date(2026, 1, 1), "2026-01-01", None, timedelta(1)])
    def test_what_is_no_instant_is_refused(self, value: Any) -> None:
        """Days and text are no instants."""
        with pytest.raises(TypeError):
            serialize_instant(value)


class TestInstallation:
    def test_a_second_installation_is_refused(self, world: Any) -> None:
        """The wrappers must not nest."""
        schema, _metrics = world
        with pytest.raises(ValueError, match="already"):
            install_record_fields(schema, TYPES, type_name=lambda record: TYPE_NAMES[record["kind"]])

    def test_a_name_that_is_no_object_type_is_refused(self) -> None:
        """A renamed type must not silently lose its fast path."""
        schema, _metrics = make_schema()
        schema.extensions.clear()
        with pytest.raises(ValueError, match="`Thing`"):
            install_record_fields(schema, ["Thing"], type_name=str)
