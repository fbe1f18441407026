"""The record executor answers as graphql-core alone does, in every random case; and the cases would show if it did not.

`DOSSIER_EQUIVALENCE_SEEDS` makes the run longer (a thousand seeds take some two minutes).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from graphql import GraphQLFloat, GraphQLInt, GraphQLNonNull

from schema.execution import ExecutionMetrics, RecordExecutor, builder, executor, planner, shape
from schema.execution.memo import OperationMemo
from tests.schema.execution.equivalence import first_difference

SEEDS = range(int(os.environ.get("DOSSIER_EQUIVALENCE_SEEDS", "39")))


class TestEquivalence:
    def test_answers_are_equal_byte_for_byte_and_error_for_error(self) -> None:
        """Random schemas, documents, variables and records, with and without odd values among them."""
        metrics = ExecutionMetrics()
        assert first_difference(SEEDS, metrics) is None
        assert metrics.fast_rows > 20 * len(SEEDS)
        assert metrics.mixed_rows > 5 * len(SEEDS)
        assert metrics.bailed_rows > 2 * len(SEEDS)


def _refusing(change: Callable[[Any, str, str | None], str | None]) -> Callable[[pytest.MonkeyPatch], None]:
    """A fault in the condition under which a leaf value is refused."""

    def seed(patch: pytest.MonkeyPatch) -> None:
        original = builder._Source._refused
        patch.setattr(
            builder._Source,
            "_refused",
            lambda self, scalar, variable: change(scalar, variable, original(self, scalar, variable)),
        )

    return seed


def int_range_ignored(scalar: Any, variable: str, refused: str | None) -> str | None:
    return f"type({variable}) is not int" if scalar is GraphQLInt else refused


def bool_taken_for_int(scalar: Any, variable: str, refused: str | None) -> str | None:
    return refused.replace(f"type({variable}) is not int", f"not isinstance({variable}, int)") if refused else None


def nan_and_infinity_taken(scalar: Any, variable: str, refused: str | None) -> str | None:
    return f"type({variable}) is not float" if scalar is GraphQLFloat else refused


def any_time_zone_taken(scalar: Any, variable: str, refused: str | None) -> str | None:
    return refused.replace(f"{variable}.tzinfo is not UTC", "False") if refused else None


def missing_zone_taken_for_utc_everywhere(scalar: Any, variable: str, refused: str | None) -> str | None:
    return refused.replace(" is not UTC)", f" is not UTC and {variable}.tzinfo is not None)") if refused else None


def null_taken_in_non_null(patch: pytest.MonkeyPatch) -> None:
    original = builder._Source._value

    def value(self: Any, kind: Any, variable: str, objects: Any) -> list[str]:
        return original(self, kind.of_type if isinstance(kind, GraphQLNonNull) else kind, variable, objects)

    patch.setattr(builder._Source, "_value", value)


def enum_given_as_stored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(builder, "_enum_names", lambda enum: {value.value: value.value for value in enum.values.values()})


def failed_scalar_becomes_null(patch: pytest.MonkeyPatch) -> None:
    original = builder._scalar_completer

    def completer(scalar: Any) -> Any:
        complete = original(scalar)
        return lambda value: None if (done := complete(value)) is builder.BAIL else done

    patch.setattr(builder, "_scalar_completer", completer)


def list_items_unchecked(patch: pytest.MonkeyPatch) -> None:
    original = builder._Source._list_function

    def function(self: Any, item: Any, objects: Any) -> str:
        if objects:
            return original(self, item, objects)
        return str(self._function(["return [*v] if type(v) is list else BAIL"]))

    patch.setattr(builder._Source, "_list_function", function)


def condition_variables_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(OperationMemo, "conditions", lambda self, variables: ())


def fields_told_apart_by_nothing(patch: pytest.MonkeyPatch) -> None:
    get, put = OperationMemo.get, OperationMemo.put
    patch.setattr(OperationMemo, "get", lambda self, key: get(self, key[:3]))
    patch.setattr(OperationMemo, "put", lambda self, key, answer: put(self, key[:3], answer))


def fields_in_another_order(patch: pytest.MonkeyPatch) -> None:
    original = builder._Source.object_function
    patch.setattr(
        builder._Source,
        "object_function",
        lambda self, asked: original(self, asked._replace(fields=tuple(sorted(asked.fields)))),
    )


def aliases_lost(patch: pytest.MonkeyPatch) -> None:
    original = shape.ShapeReader._field

    def field(self: Any, kind: Any, key: str, details: Any, *, inline_lists: bool) -> Any:
        found = original(self, kind, key, details, inline_lists=inline_lists)
        return found and found._replace(response_key=found.name)

    patch.setattr(shape.ShapeReader, "_field", field)


def plan_shared_between_types(patch: pytest.MonkeyPatch) -> None:
    original = planner.Planner._compiled
    first: dict[Any, Any] = {}

    def compiled(self: Any, core: Any, asked: Any) -> Any:
        return original(self, core, first.setdefault((id(self.records), asked.fields), asked))

    patch.setattr(planner.Planner, "_compiled", compiled)


def first_type_for_every_row(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(planner, "dispatch", lambda builds, type_name: next(iter(builds.values())))


def resolved_fields_put_last(patch: pytest.MonkeyPatch) -> None:
    original = RecordExecutor._resolve_rest

    def resolve(self: Any, plan: Any, response: dict[str, Any], *rest: Any) -> Any:
        return original(self, plan, {key: response[key] for key in response if key not in plan.resolved}, *rest)

    patch.setattr(RecordExecutor, "_resolve_rest", resolve)


def bailed_row_becomes_null(patch: pytest.MonkeyPatch) -> None:
    original = RecordExecutor.complete_list_item_value

    def complete(self: Any, item: Any, results: list[Any], *rest: Any) -> bool:
        if type(item) is executor._Bailed:
            results.append(None)
            return False
        return original(self, item, results, *rest)

    patch.setattr(RecordExecutor, "complete_list_item_value", complete)


def selections_below_told_apart_by_nothing(patch: pytest.MonkeyPatch) -> None:
    original = planner.Planner._compiled
    first: dict[Any, Any] = {}

    def compiled(self: Any, core: Any, asked: Any) -> Any:
        keys = tuple((field.response_key, field.name, field.resolved) for field in asked.fields)
        return original(self, core, first.setdefault((id(self.records), asked.type, keys), asked))

    patch.setattr(planner.Planner, "_compiled", compiled)


FAULTS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    **{
        change.__name__: _refusing(change)
        for change in (
            int_range_ignored,
            bool_taken_for_int,
            nan_and_infinity_taken,
            any_time_zone_taken,
            missing_zone_taken_for_utc_everywhere,
        )
    },
    **{
        fault.__name__: fault
        for fault in (
            null_taken_in_non_null,
            enum_given_as_stored,
            failed_scalar_becomes_null,
            list_items_unchecked,
            condition_variables_forgotten,
            fields_told_apart_by_nothing,
            fields_in_another_order,
            aliases_lost,
            plan_shared_between_types,
            selections_below_told_apart_by_nothing,
            first_type_for_every_row,
            resolved_fields_put_last,
            bailed_row_becomes_null,
        )
    },
}


class TestMutations:
    @pytest.mark.parametrize("fault", FAULTS)
    def test_a_seeded_fault_is_found_by_the_same_cases(self, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Each fault is one that an edit of the executor could make; a case among the same seeds must show it."""
        FAULTS[fault](monkeypatch)
        assert first_difference(SEEDS) is not None
