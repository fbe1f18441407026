"""Amplification by aliases, batches, fragments and directives (leaks.md, row 23): each way is refused, and cheaply."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest
from graphql import get_introspection_query, parse

from tests.web.small_schema import SCHEMA, small_client
from web.graphql.cost import operation_cost
from web.graphql.limits import INTROSPECTION_DEPTH, Limits, fragments_first, refuse_oversized
from web.http.refusals import DocumentRefused

CURRENT = {"accept": "application/graphql-response+json"}


async def post(query: str, variables: dict[str, Any] | None = None, **limits: Any) -> httpx.Response:
    """One request to an endpoint with these limits."""
    async with small_client(limits=Limits(**limits)) as client:
        body = {"query": query, "variables": variables}
        return await client.post("/graphql", json=body, headers=CURRENT)


def refusal(answer: httpx.Response) -> dict[str, Any]:
    """The extensions of the only error of a 400."""
    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    extensions: dict[str, Any] = error["extensions"]
    return extensions


def nested(levels: int) -> str:
    """A query that is `levels` deep."""
    return "{row" + "{rows(first: 1)" * (levels - 2) + "{name}" + "}" * (levels - 1)


class TestDepth:
    """Levels of fields."""

    async def test_the_deepest_allowed_query_passes_and_one_level_more_does_not(self) -> None:
        """With the limit and the actual depth."""
        assert (await post(nested(12), depth=12)).status_code == 200
        assert refusal(await post(nested(13), depth=12)) == {"code": "DEPTH_LIMIT", "limit": 12, "actual": 13}

    async def test_fragments_do_not_hide_depth(self) -> None:
        """Neither named ones nor inline ones."""
        named = "{row{...A}} fragment A on Row {rows{...B}} fragment B on Row {rows{name}}"
        inline = "{... on Query{row{... on Row{rows{... on Row{rows{... on Row{name}}}}}}}}"
        for query in (named, inline):
            assert refusal(await post(query, depth=3)) == {"code": "DEPTH_LIMIT", "limit": 3, "actual": 4}
            assert (await post(query, depth=4)).status_code == 200

    @pytest.mark.parametrize("query", ["{a" * 900 + "}" * 900, "{rows(first:" + "[" * 900 + "]" * 900 + "){name}}"])
    async def test_nesting_beyond_the_parser_is_a_depth_error(self, query: str) -> None:
        """It ends in a refusal, not in the interpreter's recursion limit."""
        assert refusal(await post(query)) == {"code": "DEPTH_LIMIT", "limit": 12}

    @pytest.mark.parametrize(
        "query",
        [
            "{row{...A}} fragment A on Row {rows{...A}}",
            "{row{...A}} fragment A on Row {...B} fragment B on Row {...A}",
            "{...A} fragment A on Query {...A}",
        ],
    )
    async def test_cyclic_fragments_end_in_a_validation_error(self, query: str) -> None:
        """Measuring them ends."""
        assert refusal(await post(query))["code"] == "GRAPHQL_VALIDATION_FAILED"

    def test_a_chain_of_fragments_beyond_the_recursion_limit_is_measured(self) -> None:
        """Measuring does not recurse from fragment to fragment."""
        links = "".join(f"fragment F{i} on Row {{rows{{...F{i + 1}}}}}" for i in range(3000))
        document = parse("{row{...F0}}" + links + "fragment F3000 on Row {name}")
        with pytest.raises(DocumentRefused) as refused:
            refuse_oversized(document, Limits())
        assert refused.value.details["actual"] == 3002
        assert [f.name.value for f in fragments_first(document)][:2] == ["F3000", "F2999"]


class TestIntrospection:
    """The schema describes itself."""

    async def test_the_standard_introspection_query_passes(self) -> None:
        """In the form with everything that tools ask for."""
        query = get_introspection_query(
            specified_by_url=True, directive_is_repeatable=True, schema_description=True, input_value_deprecation=True
        )
        answer = await post(query)
        assert answer.status_code == 200
        assert "errors" not in answer.json()

    async def test_introspection_has_a_bound_of_its_own(self) -> None:
        """Its own depth does not count as depth, and is not endless."""
        query = "{__schema{types{fields{type" + "{ofType" * 30 + "{name}" + "}" * 34
        extensions = refusal(await post(query))
        assert (extensions["code"], extensions["limit"]) == ("DEPTH_LIMIT", INTROSPECTION_DEPTH)

    async def test_circular_introspection_is_refused(self) -> None:
        """types → fields → type → fields … multiplies with each turn."""
        turns = "{fields{type" * 4 + "{name}" + "}}" * 4
        answer = await post("{__schema{types" + turns + "}}")
        assert refusal(answer)["code"] == "GRAPHQL_VALIDATION_FAILED"


class TestAliases:
    """The same field again and again."""

    async def test_the_limit_itself_passes_and_one_more_does_not(self) -> None:
        """At the root, where each alias is a full execution."""

        def query(count: int) -> str:
            return "{" + " ".join(f"a{i}: hello" for i in range(count)) + "}"

        assert (await post(query(30))).status_code == 200
        assert refusal(await post(query(31))) == {"code": "ALIAS_LIMIT", "limit": 30, "actual": 31}

    async def test_mutations_cannot_be_multiplied_by_aliases(self) -> None:
        """Guesses of a password, say."""
        query = "mutation {" + " ".join(f"a{i}: touch" for i in range(31)) + "}"
        assert refusal(await post(query))["code"] == "ALIAS_LIMIT"

    async def test_fragments_multiply_aliases(self) -> None:
        """Ten aliases in a fragment that is spread four times are forty."""
        aliases = " ".join(f"a{i}: name" for i in range(10))
        query = "{row{...A rows{...A} ... on Row{...A} ...A}} fragment A on Row {" + aliases + "}"
        assert refusal(await post(query)) == {"code": "ALIAS_LIMIT", "limit": 30, "actual": 40}

    async def test_each_operation_is_measured(self) -> None:
        """Not only the first, nor only the one that is named."""
        query = "query A {hello} query B {" + " ".join(f"a{i}: hello" for i in range(31)) + "}"
        assert refusal(await post(query))["code"] == "ALIAS_LIMIT"


class TestDirectives:
    """Directives cost validation and execution like fields."""

    async def test_too_many_are_refused(self) -> None:
        """On fields, spreads, inline fragments, fragments and operations."""
        query = "query @a @b {row @c {...A @d ... on Row @e {name @f}}} fragment A on Row @g @h {name @i}"
        assert refusal(await post(query, directives=8)) == {"code": "DIRECTIVE_LIMIT", "limit": 8, "actual": 9}

    async def test_fragments_multiply_directives(self) -> None:
        """As often as they are spread."""
        query = "{row{...A ...A ...A}} fragment A on Row {name @include(if: true)}"
        assert refusal(await post(query, directives=2))["actual"] == 3
        assert (await post(query, directives=3)).status_code == 200


class TestTokens:
    """The length of a document."""

    async def test_tokens_are_counted_in_the_lexer(self) -> None:
        """Nothing after the last allowed token is looked at: not even that it cannot be read."""
        assert (await post("{" + "hello " * 98 + "}", tokens=100)).status_code == 200
        assert refusal(await post("{" + "hello " * 100 + "\0", tokens=100)) == {"code": "TOKEN_LIMIT", "limit": 100}

    async def test_characters_are_bounded_too(self) -> None:
        """One token may be as long as a document: a value, a name, or the space before it."""
        for query in ('{hello(name: "' + "x" * 100 + '")}', "{" + " " * 110 + "hello}"):
            extensions = refusal(await post(query, characters=100))
            assert extensions == {"code": "LENGTH_LIMIT", "limit": 100, "actual": len(query)}

    async def test_comments_are_bounded_too(self) -> None:
        """They are no tokens, and cost the lexer as much."""
        assert refusal(await post("#\n" * 200 + "{hello}", tokens=100))["code"] == "TOKEN_LIMIT"


class TestCost:
    """Fields that an answer can hold."""

    @pytest.mark.parametrize(
        ("query", "variables", "cost"),
        [
            ("{hello}", {}, 1),
            ("{row{name}}", {}, 2),
            ("{rows(first: 100){name}}", {}, 101),
            ("{rows{name}}", {}, 21),
            ("{pages{name}}", {}, 51),
            ("{pages(first: 3, last: 5){name}}", {}, 6),
            ("{pages(first: null){name}}", {}, 51),
            ("{rows(first: -5){name}}", {}, 2),
            ("{rows(first: 10){rows(first: 10){name}}}", {}, 1 + 10 * (1 + 10)),
            ("query($n: Int){pages(first: $n){name}}", {"n": 7}, 8),
            ("query($n: Int){pages(first: $n){name}}", {"n": None}, 51),
            ("query($n: Int){pages(first: $n){name}}", {}, 51),
            ("query($n: Int){pages(first: $n){name}}", {"n": 1e400}, 2**31 + 1),
            ("query($n: Int){pages(first: $n){name}}", {"n": 7.0}, 8),
            ("query($n: Int = 9){pages(first: $n){name}}", {}, 10),
            ("query($a: Int $b: Int){pages(first: $a, last: $b){name}}", {"b": 4}, 5),
            ("query($a: Int $b: Int){pages(first: $a, last: $b){name}}", {}, 51),
            ("query($n: Int!){rows(first: 10){rows(first: $n){name}}}", {"n": 6}, 1 + 10 * (1 + 6)),
            ("query($n: Int!){rows(first: $n){rows(first: $n){name}}}", {"n": 6}, 1 + 6 * (1 + 6)),
            ("{row{...A ...A}} fragment A on Row {name rows(first: 2){name}}", {}, 1 + 2 * (1 + 3)),
            ("query($n: Int!){row{...A ...A}} fragment A on Row {name rows(first: $n){name}}", {"n": 2}, 9),
            ("{... on Query{rows(first: 3){... {name}}}}", {}, 4),
            ("{__schema{types{name}}}", {}, 3),
        ],
    )
    def test_the_cost_is_the_number_of_fields(self, query: str, variables: dict[str, Any], cost: int) -> None:
        """Pages multiply; sizes come from literals, variables, and defaults of variables, arguments and ours."""
        document = parse(query)
        assert operation_cost(SCHEMA, document, document.definitions[0]).value(variables) == cost  # type: ignore[arg-type]

    async def test_the_limit_itself_passes_and_more_does_not(self) -> None:
        """By a literal and by a variable alike."""
        by_variable = "query($n: Int!){rows(first: $n){name}}"
        assert (await post(by_variable, {"n": 99}, cost=100)).status_code == 200
        for answer in (await post(by_variable, {"n": 100}, cost=100), await post("{rows(first: 100){name}}", cost=100)):
            assert refusal(answer) == {"code": "COST_LIMIT", "limit": 100, "actual": 101}

    async def test_a_remembered_document_is_weighed_with_each_requests_variables(self) -> None:
        """The document is cached, the cost of its variables is not."""
        async with small_client(limits=Limits(cost=100)) as client:
            codes = []
            for n in (5, 500, 5):
                body = {"query": "query($n: Int!){rows(first: $n){name}}", "variables": {"n": n}}
                codes.append((await client.post("/graphql", json=body, headers=CURRENT)).status_code)
        assert codes == [200, 400, 200]

    @pytest.mark.parametrize("size", ["first: 2", "first: $n"])
    async def test_doubling_fragments_are_refused_without_expanding_them(self, size: str) -> None:
        """A hundred steps of two spreads each stand for 2^100 fields; the number still is one that JSON can hold."""
        steps = "".join(f"fragment F{i} on Row {{...F{i + 1} ...F{i + 1}}}" for i in range(100))
        query = f"query($n: Int = 2) {{pages(last: $n){{...F0}}}} {steps} fragment F100 on Row {{rows({size}){{name}}}}"
        began = time.process_time()
        extensions = refusal(await post(query))
        assert time.process_time() - began < 2
        assert (extensions["code"], extensions["actual"]) == ("COST_LIMIT", 2**53 - 1)


async def test_refusals_speak_both_languages() -> None:
    """By Accept-Language."""
    async with small_client() as client:
        for language, message in (("en", "the query has too many aliases"), ("zh-CN", "查询中的别名过多")):
            query = "{" + " ".join(f"a{i}: hello" for i in range(31)) + "}"
            answer = await client.post("/graphql", json={"query": query}, headers={"accept-language": language})
            assert answer.json()["errors"][0]["message"] == message
