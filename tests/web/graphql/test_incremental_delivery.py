"""Answers in parts: who gets them, their format, and that limits, time, masking and disconnection hold for them all."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest
import strawberry
from graphql.execution.incremental.incremental_executor import IncrementalExecutor
from starlette.applications import Starlette
from starlette.routing import Route
from strawberry.schema.config import StrawberryConfig

from tests.patience import PATIENCE_SECONDS, patience, until
from tests.web.server import serving
from tests.web.small_schema import SECRET, serving_of
from web.graphql.endpoint import GraphQLEndpoint
from web.graphql.limits import Limits

PARTS = {"accept": "multipart/mixed; incrementalSpec=v0.2, application/graphql-response+json"}
ENDED: list[str] = []


@strawberry.type
class Thing:
    """An object with fast, slow and faulty fields."""

    name: str = "thing"

    @strawberry.field
    async def late(self) -> str:
        """A little later."""
        await asyncio.sleep(0.01)
        return "late"

    @strawberry.field
    async def never(self) -> str:
        """Only ends by being cancelled, and says so."""
        try:
            await asyncio.sleep(3600)
        finally:
            ENDED.append("never")
        return "never"

    @strawberry.field
    def fault(self) -> str | None:
        """A fault with a stored value in its text."""
        raise ValueError(SECRET)

    @strawberry.field
    def required_fault(self) -> str:
        """A fault that leaves nothing of its fragment."""
        raise ValueError(SECRET)

    @strawberry.field
    def things(self, first: int = 2) -> list[Thing]:
        """More of the same."""
        return [Thing(name=f"inner {number}") for number in range(first)]

    @strawberry.field
    def touched(self, info: strawberry.Info) -> str:
        """Puts something into the extensions of the answer."""
        info.context.setdefault("seen", []).append("touched")
        return "touched"


@strawberry.type
class Query:
    """What can be asked for in parts."""

    @strawberry.field
    def thing(self) -> Thing:
        """One."""
        return Thing()

    @strawberry.field
    def things(self, first: int = 3) -> list[Thing]:
        """Some."""
        return [Thing(name=f"thing {number}") for number in range(first)]

    @strawberry.field(graphql_type=list[int])  # type: ignore[untyped-decorator]
    async def flow(self) -> AsyncIterator[int]:
        """Endless."""
        try:
            for number in range(1_000_000):
                yield number
                await asyncio.sleep(0.005)
        finally:
            ENDED.append("flow")


@strawberry.type
class Mutation:
    """What can be changed in parts."""

    done: int = 0

    @strawberry.mutation
    def touch(self) -> Thing:
        """A change, noted."""
        ENDED.append("touch")
        return Thing()


SCHEMA = strawberry.Schema(
    Query, Mutation, config=StrawberryConfig(enable_experimental_incremental_execution=True)
)._schema


@pytest.fixture(autouse=True)
def _nothing_ended() -> None:
    ENDED.clear()


def application(**options: Any) -> Starlette:
    """The endpoint of this schema."""
    served = serving_of(
        SCHEMA,
        extensions=lambda context: {"seen": list(context["seen"])} if "seen" in context else {},
        executor_class=IncrementalExecutor,
        **options,
    )
    return Starlette(routes=[Route("/graphql", GraphQLEndpoint(served))])


async def ask(query: str, headers: dict[str, str] | None = None, **options: Any) -> httpx.Response:
    """One POST to a new endpoint."""
    variables = options.pop("variables", {})
    transport = httpx.ASGITransport(application(**options))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.post(
            "/graphql", json={"query": query, "variables": variables}, headers=PARTS if headers is None else headers
        )


def parts_of(answer: httpx.Response, spec: str = "incrementalSpec=v0.2") -> list[dict[str, Any]]:
    """The payloads of a well-formed multipart body (RFC 2046 section 5.1.1), whose boundary is a dash."""
    assert answer.status_code == 200
    assert answer.headers["content-type"] == f'multipart/mixed; boundary="-"; {spec}'
    assert answer.headers["cache-control"] == "no-store"
    preamble, *parts, epilogue = answer.content.split(b"\r\n---")
    assert (preamble, epilogue) == (b"", b"--\r\n")
    payloads = []
    for part in parts:
        head, body = part.split(b"\r\n\r\n")
        assert head == b"\r\nContent-Type: application/json; charset=utf-8"
        payloads.append(orjson.loads(body))
    assert [payload["hasNext"] for payload in payloads] == [True] * (len(payloads) - 1) + [False]
    return payloads


def merged(payloads: list[dict[str, Any]]) -> Any:
    """The data that a client puts together; every id is announced, filled and completed."""
    data, paths = payloads[0]["data"], {}
    for payload in payloads:
        paths.update({pending["id"]: pending["path"] for pending in payload.get("pending", ())})
        for part in payload.get("incremental", ()):
            target = data
            for key in [*paths[part["id"]], *part.get("subPath", ())]:
                target = target[key]
            if "items" in part:
                target.extend(part["items"])
            else:
                target.update(part["data"])
        for completed in payload.get("completed", ()):
            del paths[completed["id"]]
    assert not paths
    return data


class TestNegotiation:
    """Who gets an answer in parts."""

    @pytest.mark.parametrize(
        "accept",
        [
            "multipart/mixed",
            "multipart/mixed;incrementalSpec=v0.2,application/json",
            'Multipart/Mixed; incrementalspec="V0.2"; q=0.3, application/json',
            "multipart/mixed;deferSpec=20220824, multipart/mixed;incrementalSpec=v0.2",
        ],
    )
    async def test_a_client_that_names_the_format_gets_it(self, accept: str) -> None:
        """Or names none of those that go by the media type."""
        answer = await ask("{ thing { name ... @defer { late } } }", {"accept": accept})
        assert merged(parts_of(answer)) == {"thing": {"name": "thing", "late": "late"}}

    @pytest.mark.parametrize(
        "accept",
        [
            *("application/json", "*/*", "", "multipart/*, application/json", "application/graphql-response+json"),
            "multipart/mixed;deferSpec=20230621, application/json",
            "multipart/mixed;deferSpec=20220824;incrementalSpec=v0.2, application/json",
            "multipart/mixed;deferSpec=20220824;q=0, application/json",
            "multipart/mixed;incrementalSpec=v0.1, application/json",
            "multipart/mixed;q=0, application/json",
        ],
    )
    @pytest.mark.parametrize(
        "query",
        [
            "{ thing { name ... @defer { late } } }",
            "{ things @stream { name } }",
            "query($on: Boolean) { thing { ...F @defer(if: $on) } } fragment F on Thing { late }",
            "mutation { touch { ... @defer { late } } }",
            "{ thing { ...F } } fragment F on Thing { ... @include(if: true) { ... @defer { late } } }",
        ],
    )
    async def test_any_other_client_is_refused_before_anything_is_done(self, accept: str, query: str) -> None:
        """It would not read the parts, or misread them; a change must not have been made by then."""
        answer = await ask(query, {"accept": accept})
        error = answer.json()["errors"][0]
        assert (answer.status_code, error["extensions"]["code"]) == (406, "NOT_ACCEPTABLE")
        assert "multipart/mixed; incrementalSpec=v0.2" in error["message"]
        assert not ENDED

    @pytest.mark.parametrize(
        ("query", "variables"),
        [
            ("{ thing { ... @defer(if: false) { late } } }", {}),
            ("query($on: Boolean!) { thing { ... @defer(if: $on) { late } } }", {"on": False}),
            ("query($on: Boolean = false) { thing { ... @defer(if: $on) { late } } }", {}),
        ],
    )
    @pytest.mark.parametrize("accept", ["application/json", PARTS["accept"]])
    async def test_without_a_directive_in_force_the_answer_is_in_one_piece(
        self, query: str, variables: dict[str, Any], accept: str
    ) -> None:
        """Whatever the client accepts."""
        answer = await ask(query, {"accept": accept}, variables=variables)
        assert answer.json() == {"data": {"thing": {"late": "late"}}}
        assert answer.headers["content-type"].startswith("application/")

    async def test_an_answer_in_one_piece_is_not_sent_to_who_takes_parts_only(self) -> None:
        """It takes no JSON."""
        answer = await ask("{ thing { name } }", {"accept": "multipart/mixed"})
        assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (406, "NOT_ACCEPTABLE")


class TestParts:
    """What the parts say."""

    async def test_deferred_fields_come_after_the_others(self) -> None:
        """With the label of their fragment."""
        first, *rest = parts_of(await ask('{ thing { name ... @defer(label: "more") { late } } }'))
        assert first["data"] == {"thing": {"name": "thing"}}
        assert first["pending"] == [{"id": "0", "path": ["thing"], "label": "more"}]
        assert rest[0]["incremental"] == [{"id": "0", "data": {"late": "late"}}]

    async def test_streamed_items_come_after_the_first_ones(self) -> None:
        """`initialCount` of them at once."""
        payloads = parts_of(await ask("{ things(first: 5) @stream(initialCount: 2) { name } }"))
        assert len(payloads[0]["data"]["things"]) == 2
        assert merged(payloads) == {"things": [{"name": f"thing {number}"} for number in range(5)]}

    async def test_a_mutation_can_answer_in_parts(self) -> None:
        """Its change is made once."""
        answer = await ask("mutation { touch { name ... @defer { late } } }")
        assert merged(parts_of(answer)) == {"touch": {"name": "thing", "late": "late"}}
        assert ENDED == ["touch"]

    async def test_faults_are_masked_in_every_part(self, caplog: pytest.LogCaptureFixture) -> None:
        """In the first, in a later one, and where one ends its fragment."""
        query = "{ thing { fault ... @defer { also: fault } ... @defer { requiredFault } } }"
        with caplog.at_level(logging.ERROR):
            answer = await ask(query)
        payloads = parts_of(answer)
        errors = [
            error
            for payload in payloads
            for holder in (payload, *payload.get("incremental", ()), *payload.get("completed", ()))
            for error in holder.get("errors", ())
        ]
        assert [error["extensions"]["code"] for error in errors] == ["INTERNAL_ERROR"] * 3
        assert SECRET not in answer.text
        assert SECRET not in caplog.text

    async def test_extensions_tell_what_each_part_added(self) -> None:
        """With the first part what is known then, later only what changed."""
        first, *rest = parts_of(await ask("{ thing { name ... @defer { touched late } } }"))
        assert "extensions" not in first
        assert [payload["extensions"] for payload in rest if "extensions" in payload] == [{"seen": ["touched"]}]

    async def test_parts_are_not_compressed(self) -> None:
        """Each goes out at once."""
        answer = await ask("{ things(first: 100) { name ... @defer { late } } }", {**PARTS, "accept-encoding": "gzip"})
        assert "content-encoding" not in answer.headers
        assert len(answer.content) > 1024

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("{ ... @defer(label: 7) { thing { name } } }", "GRAPHQL_VALIDATION_FAILED"),
            ("{ thing @stream { name } }", "GRAPHQL_VALIDATION_FAILED"),
            ("mutation { ... @defer { touch { name } } }", "GRAPHQL_VALIDATION_FAILED"),
            ("{ things(first: 10000) @stream { name late } }", "COST_LIMIT"),
            ("{ thing { " + "... @defer { late } " * 51 + "} }", "DIRECTIVE_LIMIT"),
        ],
    )
    async def test_rules_and_limits_hold(self, query: str, expected: str) -> None:
        """The cost is that of the whole answer."""
        answer = await ask(query)
        assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (400, expected)


EARLIER_SPEC = "deferSpec=20220824"
EARLIER = {"accept": "multipart/mixed;deferSpec=20220824,application/json"}


def merged_by_path(payloads: list[dict[str, Any]]) -> Any:
    """The data that a client of the earlier format puts together: each part says where it belongs."""
    data = payloads[0]["data"]
    for payload in payloads[1:]:
        assert payload.keys() <= {"incremental", "hasNext", "extensions"}
        for part in payload.get("incremental", ()):
            *path, last = [*part["path"]] or [None]
            target = data
            for key in path:
                target = target[key]
            if part.get("items") is not None:
                assert last == len(target)
                target.extend(part["items"])
            elif part.get("data") is not None:
                (target if last is None else target[last]).update(part["data"])
    return data


class TestEarlierFormat:
    """`deferSpec=20220824`, for clients such as Apollo Client 3."""

    @pytest.mark.parametrize(
        "query",
        [
            "{ thing { name ... @defer { late } } }",
            "{ ... @defer { thing { name } } things { name } }",
            "{ things(first: 5) @stream(initialCount: 2) { name ... @defer { late } } }",
            "{ things(first: 3) @stream { name things(first: 2) @stream(initialCount: 1) { name late } } }",
            "{ thing { ... @defer { name things(first: 4) @stream(initialCount: 3) { name ... @defer { late } } } } }",
            "{ thing { ... @defer { late } ... @defer { late touched } } }",
        ],
    )
    async def test_parts_put_together_by_path_are_the_whole(self, query: str) -> None:
        """Fragments in lists, lists in fragments, and fragments that overlap."""
        payloads = parts_of(await ask(query, EARLIER), EARLIER_SPEC)
        whole = await ask(re.sub(r"@(defer|stream)(\(initialCount: \d\))?", "", query))
        assert len(payloads) > 1
        assert "pending" not in payloads[0]
        assert merged_by_path(payloads) == whole.json()["data"]

    async def test_each_part_has_its_path_and_label(self) -> None:
        """Nothing is announced."""
        first, *rest = parts_of(await ask('{ thing { ... @defer(label: "more") { late } } }', EARLIER), EARLIER_SPEC)
        assert first == {"data": {"thing": {}}, "hasNext": True}
        parts = [part for payload in rest for part in payload.get("incremental", ())]
        assert parts == [{"data": {"late": "late"}, "path": ["thing"], "label": "more"}]

    async def test_a_lost_fragment_and_a_lost_rest_of_a_list_are_null(self) -> None:
        """With the errors that lost them, masked."""
        answer = await ask("{ thing { name ... @defer { requiredFault } } }", EARLIER)
        (part,) = parts_of(answer, EARLIER_SPEC)[-1]["incremental"]
        assert (part["data"], part["path"]) == (None, ["thing"])
        assert part["errors"][0]["extensions"]["code"] == "INTERNAL_ERROR"
        answer = await ask("{ things @stream(initialCount: 0) { requiredFault } }", EARLIER)
        (part,) = parts_of(answer, EARLIER_SPEC)[-1]["incremental"]
        assert (part["items"], part["path"]) == (None, ["things", 0])
        assert SECRET not in answer.text

    async def test_what_is_pending_when_time_is_up_is_null(self) -> None:
        """For a stream at the index where it stopped."""
        payloads = parts_of(await ask("{ flow @stream }", EARLIER, limits=Limits(seconds=1)), EARLIER_SPEC)
        count = sum(len(part["items"]) for payload in payloads[1:-1] for part in payload["incremental"])
        (part,) = payloads[-1]["incremental"]
        assert (part["items"], part["path"]) == (None, ["flow", count])
        assert part["errors"][0]["extensions"]["code"] == "TIMEOUT"
        assert ENDED == ["flow"]


class TestTime:
    """The time limit of the request is that of all its parts together."""

    async def test_what_is_pending_when_time_is_up_is_ended(self) -> None:
        """With the code of any request that takes too long; the work is cancelled."""
        answer = await ask("{ thing { name ... @defer { never } } }", limits=Limits(seconds=1))
        first, last = parts_of(answer)
        assert first["data"] == {"thing": {"name": "thing"}}
        (completed,) = last["completed"]
        assert completed["id"] == first["pending"][0]["id"]
        assert [error["extensions"]["code"] for error in completed["errors"]] == ["TIMEOUT"]
        assert ENDED == ["never"]

    async def test_a_stream_without_end_is_ended(self) -> None:
        """Its source too."""
        payloads = parts_of(await ask("{ flow @stream }", limits=Limits(seconds=1)))
        items = [item for payload in payloads for part in payload.get("incremental", ()) for item in part["items"]]
        assert items[:3] == [0, 1, 2]
        assert payloads[-1]["completed"][0]["errors"][0]["extensions"]["code"] == "TIMEOUT"
        assert ENDED == ["flow"]

    async def test_a_client_that_reads_nothing_holds_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Sending does not wait beyond the limit either."""
        monkeypatch.setattr("web.graphql.incremental_delivery.CLOSING_SECONDS", 0.1)
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            if not sent and not received:
                received.append(True)
                return {"type": "http.request", "body": orjson.dumps({"query": "{ flow @stream }"})}
            await asyncio.sleep(3600)
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)
            if len(sent) > 3:
                await asyncio.sleep(3600)

        received: list[bool] = []
        headers = [(b"accept", PARTS["accept"].encode()), (b"content-type", b"application/json")]
        scope = {"type": "http", "method": "POST", "path": "/graphql", "headers": headers, "query_string": b""}
        async with patience():
            await application(limits=Limits(seconds=1))(scope, receive, send)  # type: ignore[arg-type]
        assert ENDED == ["flow"]


class TestDisconnection:
    """Nobody works for a client that has left."""

    @pytest.mark.parametrize(
        ("query", "ended"), [("{ thing { name ... @defer { never } } }", "never"), ("{ flow @stream }", "flow")]
    )
    @pytest.mark.parametrize("method", ["POST", "GET"])
    async def test_the_work_is_cancelled(self, query: str, ended: str, method: str) -> None:
        """On a real socket, after the first part has arrived."""
        with serving(application()) as url:
            async with httpx.AsyncClient(timeout=PATIENCE_SECONDS) as client:
                options: dict[str, Any] = {"json" if method == "POST" else "params": {"query": query}}
                async with client.stream(method, f"{url}/graphql", headers=PARTS, **options) as answer:
                    received = b""
                    async for chunk in answer.aiter_raw():
                        received += chunk
                        if re.search(rb'"hasNext":true}\r\n---', received):
                            break
                    assert not ENDED
            await until(lambda: bool(ENDED))
        assert [ended] == ENDED
