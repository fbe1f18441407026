"""Look-ahead tells what execution will ask, for each concrete type, through every way of writing it."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from graphql import DocumentNode, GraphQLSchema, execute, parse

from schema.execution import RecordExecutor
from tests.schema.execution.strawberry_world import make_schema


@pytest.fixture(scope="module", name="schema")
def _schema() -> GraphQLSchema:
    return make_schema()[0]


async def _look(schema: GraphQLSchema, text: str | DocumentNode, **variables: Any) -> Any:
    """What the first resolver saw."""
    document = parse(text) if isinstance(text, str) else text
    context: dict[str, Any] = {}
    result = execute(schema, document, context_value=context, variable_values=variables, executor_class=RecordExecutor)
    result = await result if inspect.isawaitable(result) else result
    assert result.errors is None
    return context["seen"][0]


class TestSelectedFields:
    async def test_fields_are_told_for_each_concrete_type(self, schema: GraphQLSchema) -> None:
        """Interface fields count for all types, those of a fragment for its type; `__typename` is no field."""
        seen = await _look(schema, "{ things { edges { node { __typename id ... on Person { idNumber } } } } }")
        assert seen["node"] == {"Person": {"id", "id_number"}, "Company": {"id"}}

    async def test_names_are_declared_ones_whatever_the_alias(self, schema: GraphQLSchema) -> None:
        """Record keys, and Python names of what has a resolver."""
        seen = await _look(schema, "{ x: things { e: edges { n: node { id: displayName telephones: manager } } } }")
        assert seen["node"] == {name: {"display_name", "manager"} for name in ("Person", "Company")}

    async def test_merged_selections_count_together(self, schema: GraphQLSchema) -> None:
        """The same field twice, in fragments, under aliases, from two field nodes of the resolver itself."""
        text = """{ things { edges { node { id } } e: edges { node { status } ...E } } things { ...C } }
            fragment E on ThingEdge { m: node { ... on Thing { createdAt } ...P } }
            fragment P on Person { idNumber } fragment C on ThingConnection { edges { node { telephones } } }"""
        seen = await _look(schema, text)
        common = {"id", "status", "created_at", "telephones"}
        assert seen["node"] == {"Person": common | {"id_number"}, "Company": common}

    async def test_skip_and_include_follow_the_variables_of_each_request(self, schema: GraphQLSchema) -> None:
        """One parsed document, several answers: what one request skipped is not skipped for the next."""
        document = parse(
            """query ($a: Boolean!, $b: Boolean = false) { things { edges { node {
                id @skip(if: $a) ... @include(if: $b) { status } ... on Person @include(if: $a) { idNumber } } } } }"""
        )
        for _ in range(2):
            yes = await _look(schema, document, a=True)
            no = await _look(schema, document, a=False)
            both = await _look(schema, document, a=True, b=True)
            assert yes["node"] == {"Person": {"id_number"}, "Company": set()}
            assert no["node"] == {"Person": {"id"}, "Company": {"id"}}
            assert both["node"] == {"Person": {"id_number", "status"}, "Company": {"status"}}

    async def test_the_current_field_itself_may_be_asked(self, schema: GraphQLSchema) -> None:
        """Without a path, the fields right below the resolver."""
        seen = await _look(schema, "{ thing { id ... on Company { employeeCount } } }")
        assert seen == {"Person": {"id"}, "Company": {"id", "employee_count"}}

    async def test_a_path_that_is_not_selected_gives_nothing(self, schema: GraphQLSchema) -> None:
        """Neither an unselected field nor one that does not exist."""
        seen = await _look(schema, "{ things { totalCount } }")
        assert seen["node"] == {}
        assert seen["nowhere"] == {}

    async def test_the_edge_lists_its_own_fields(self, schema: GraphQLSchema) -> None:
        """A level above the node."""
        seen = await _look(schema, "{ things { edges { cursor node { id } } } }")
        assert seen["edge"] == {"ThingEdge": {"cursor", "node"}}


class TestSelects:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("{ things { n: totalCount } }", (True, False, False)),
            ("{ things { ... { pageInfo { x: hasNextPage } } } }", (False, True, False)),
            ("{ things { edges { ...E } } } fragment E on ThingEdge { c: cursor }", (False, False, True)),
            ("{ things { totalCount @skip(if: true) edges { node { id } } } }", (False, False, False)),
            ("{ things { cursor: totalCount edges { totalCount: cursor } } }", (True, False, True)),
        ],
    )
    async def test_a_field_is_selected_by_its_name(
        self, schema: GraphQLSchema, text: str, expected: tuple[bool, bool, bool]
    ) -> None:
        """Response keys that look like other fields do not mislead."""
        seen = await _look(schema, text)
        assert (seen["count"], seen["more"], seen["cursor"]) == expected
