"""The protocol `graphql-transport-ws`, message by message, against a real server."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Self

import pytest
from graphql import GraphQLError, GraphQLResolveInfo, build_schema
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route, WebSocketRoute
from websockets.exceptions import InvalidStatus

from documents.audit.entries import Performed
from documents.errors import TrailUnavailableError
from tests.patience import PATIENCE_SECONDS, until
from tests.web.server import serving
from tests.web.small_schema import serving_of
from tests.web.subscriptions.socket_client import SocketClient, socket_client
from web.graphql.endpoint import GraphQLEndpoint
from web.graphql.limits import Limits
from web.graphql.serving import Record, record_nothing
from web.http.refusals import RequestRefused
from web.subscriptions.execution import SubscriptionExecution
from web.subscriptions.socket import GraphQLWebSocket, SocketLimits

SDL = """
type Query { hello: String }
type Mutation { touch: Int }
type Subscription {
  count(to: Int = 3): Int
  odd(to: Int = 3): Int
  silence: Int
  refused: Int
  fault: Int
  faultLater: Int
  flood(size: Int!): String
  burst(size: Int!): String
  checked: Int
  language: String
}
"""
SECRET = "110101199003078515"
LIMITS = Limits(depth=3, aliases=2, tokens=60, body_bytes=2_000, seconds=PATIENCE_SECONDS)


class RefusedByUsError(Exception):
    """Stands for the errors that our layers raise on purpose."""


class Events:
    """Events from a plain iterator; silent after its last one unless `ends`."""

    checks_refused = False  # of the class, so that a test can turn it

    def __init__(self, events: Iterator[Any], *, ends: bool = True, fault: bool = False) -> None:
        self._events = events
        self._ends = ends
        self._fault = fault
        self.is_over = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        await asyncio.sleep(0)
        for event in self._events:
            return event
        if self._fault:
            raise ValueError(SECRET)
        if not self._ends:
            await asyncio.sleep(60)
        self.is_over = True
        raise StopAsyncIteration

    async def check(self, _context: Any) -> None:
        if Events.checks_refused:
            raise RefusedByUsError

    async def aclose(self) -> None:
        CLOSED.append(self)


OPENED: list[Events] = []
CLOSED: list[Events] = []
NOW = ["before"]  # what a decision made now says
DECIDED: list[str] = []  # what the decisions about a burst said


def opened_source(name: str, arguments: dict[str, Any]) -> Events:
    """The source of the field `name`, noted in OPENED."""
    OPENED.append(source := source_of(name, arguments))
    return source


async def closed(*sources: Events) -> None:
    """Waits for the end of all of them."""
    await until(lambda: all(source in CLOSED for source in sources))


def source_of(name: str, arguments: dict[str, Any]) -> Events:
    match name:
        case "refused":
            raise RefusedByUsError
        case "fault":
            raise ValueError(SECRET)
        case "faultLater":
            return Events(iter([1]), fault=True)
        case "silence" | "checked":
            return Events(iter(()), ends=False)
        case "flood":
            return Events(("x" * arguments["size"] for _ in itertools.count()), ends=False)
        case "burst":
            return Events("x" * arguments["size"] for _ in range(60))
        case "language":
            return Events(iter([1]))
    return Events(iter(range(1, arguments["to"] + 1)))


def schema() -> Any:
    """The schema of `SDL`."""
    core = build_schema(SDL)
    assert core.subscription_type is not None
    for name, field in core.subscription_type.fields.items():

        def subscribe(_root: Any, _info: GraphQLResolveInfo[Any], field_name: str = name, **arguments: Any) -> Events:
            return opened_source(field_name, arguments)

        def resolve(event: Any, info: GraphQLResolveInfo[Any], field_name: str = name, **_arguments: Any) -> Any:
            if field_name == "odd" and event % 2 == 0:
                return None
            if field_name == "burst":
                DECIDED.append(NOW[-1])
                return NOW[-1] + event
            return info.context["language"] if field_name == "language" else event

        field.subscribe, field.resolve = subscribe, resolve
    return core


async def context_of(request: Request) -> dict[str, Any]:
    """The context; nobody is refused but `forged`, and `late` once LATE says so."""
    token = request.headers.get("authorization")
    if token == "Bearer forged" or (token == "Bearer late" and LATE):
        raise RequestRefused(401, "INVALID_TOKEN", "the token is not valid")
    if token == "Bearer busy":
        raise RequestRefused(503, "ISSUER_UNAVAILABLE", "nobody can tell")
    return {"token": token, "language": request.headers.get("accept-language")}


LATE: list[bool] = []


def format_error(error: GraphQLError, _context: dict[str, Any]) -> dict[str, Any] | None:
    """Formats the one error of ours."""
    if isinstance(error.original_error, RefusedByUsError):
        return {"message": "refused", "extensions": {"code": "FORBIDDEN"}}
    return None


@contextmanager
def endpoint(
    limits: Limits = LIMITS, sockets: SocketLimits | None = None, record: Record[dict[str, Any]] = record_nothing
) -> Iterator[str]:
    """The address of a server with both endpoints."""
    parts = serving_of(schema(), context_factory=context_of, format_error=format_error, limits=limits, record=record)
    http, execution = GraphQLEndpoint(parts), SubscriptionExecution(parts)
    socket = GraphQLWebSocket(
        execution, limits=sockets or SocketLimits(init_seconds=PATIENCE_SECONDS, per_connection=3)
    )

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        watch = asyncio.create_task(socket.watch.run())
        yield
        watch.cancel()

    application = Starlette(
        routes=[Route("/graphql", http), WebSocketRoute("/graphql", socket)],
        lifespan=lifespan,
    )
    with serving(application, lifespan="on") as address:
        yield address


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """One server for the tests that change nothing in it."""
    with endpoint() as found:
        yield found


@pytest.fixture
async def client(address: str) -> AsyncIterator[SocketClient]:
    """A socket on which nothing has been said yet."""
    async with socket_client(address) as found:
        yield found


@pytest.fixture
async def hasty_client() -> AsyncIterator[SocketClient]:
    """The same at a server that does not wait long for the first word."""
    with endpoint(sockets=SocketLimits(init_seconds=0.5)) as address:
        async with socket_client(address) as found:
            yield found


class TestHandshake:
    async def test_the_subprotocol_is_agreed_on(self, client: SocketClient) -> None:
        """The server selects it from those offered."""
        assert client.connection.subprotocol == "graphql-transport-ws"

    @pytest.mark.parametrize("protocols", [(), ("graphql-ws",)])
    async def test_another_subprotocol_is_not_acceptable(self, address: str, protocols: tuple[str, ...]) -> None:
        """Neither none nor the older protocol of a similar name."""
        async with socket_client(address, protocols=protocols) as client:
            assert await client.closed() == (4406, "Subprotocol not acceptable")

    @pytest.mark.parametrize(
        "headers",
        [
            {"origin": "https://evil.example"},
            {"origin": "null"},
            {"origin": "http://127.0.0.1:1"},
            {"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
        ],
    )
    async def test_pages_of_other_sites_are_refused(self, address: str, headers: dict[str, str]) -> None:
        """Before the handshake, with 403."""
        with pytest.raises(InvalidStatus) as refused:
            async with socket_client(address, headers=headers):
                pass
        assert refused.value.response.status_code == 403

    async def test_pages_of_this_site_are_served(self, address: str) -> None:
        """By their origin, and by what the browser says of it."""
        for headers in ({"origin": address}, {"origin": "https://other.example", "sec-fetch-site": "same-site"}):
            async with socket_client(address, headers=headers) as client:
                await client.begin()

    async def test_http_is_served_at_the_same_path(self, address: str) -> None:
        """An upgrade alone makes it a socket."""
        reader, writer = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))
        writer.write(b"GET /graphql?query=%7Bhello%7D HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        answer = await reader.read()
        writer.close()
        assert b" 200 " in answer.splitlines()[0]
        assert b'{"data":{"hello":null}}' in answer


class TestInitialisation:
    async def test_it_is_acknowledged(self, client: SocketClient) -> None:
        """With or without a payload."""
        await client.say(type="connection_init")
        assert await client.hear() == {"type": "connection_ack"}

    async def test_it_must_come_in_time(self, hasty_client: SocketClient) -> None:
        """A socket that says nothing is closed."""
        assert await hasty_client.closed() == (4408, "Connection initialisation timeout")

    async def test_pings_do_not_stretch_the_time(self, hasty_client: SocketClient) -> None:
        """They are answered, and the clock runs on."""

        async def ping() -> None:
            while True:
                await hasty_client.say(type="ping")
                await asyncio.sleep(0.1)

        pinging = asyncio.create_task(ping())
        assert await hasty_client.closed() == (4408, "Connection initialisation timeout")
        pinging.cancel()
        await asyncio.gather(pinging, return_exceptions=True)

    async def test_it_comes_once(self, client: SocketClient) -> None:
        """A second one is too many."""
        await client.begin()
        await client.say(type="connection_init")
        assert await client.closed() == (4429, "Too many initialisation requests")

    async def test_a_forged_token_is_forbidden(self, client: SocketClient) -> None:
        """Whatever the case of the name that it is sent under."""
        await client.say(type="connection_init", payload={"Authorization": "Bearer forged"})
        assert await client.closed() == (4403, "Forbidden")

    async def test_who_cannot_be_told_is_to_try_again(self, client: SocketClient) -> None:
        """The client is not at fault."""
        await client.say(type="connection_init", payload={"authorization": "Bearer busy"})
        assert await client.closed() == (1013, "Try again later")

    async def test_a_client_that_can_send_header_fields_need_not_repeat_them(self, address: str) -> None:
        """Those of the handshake count where the payload has no other."""
        async with socket_client(address, headers={"authorization": "Bearer forged"}) as client:
            await client.say(type="connection_init")
            assert await client.closed() == (4403, "Forbidden")

    async def test_the_session_lives_on_after_the_time(self) -> None:
        """The limit is on initialisation alone."""
        with endpoint(sockets=SocketLimits(init_seconds=3)) as address:
            async with socket_client(address) as client:
                await client.begin()
                async with socket_client(address) as silent:  # it came later: when its time is over, the other's is too
                    assert await silent.closed() == (4408, "Connection initialisation timeout")
                await client.say(type="ping")
                assert await client.hear() == {"type": "pong"}


class TestMessages:
    @pytest.mark.parametrize(
        "text",
        [
            "",
            "{",
            "null",
            "[]",
            '"ping"',
            "{}",
            '{"type":"unknown"}',
            '{"type":5}',
            '{"type":"ping","payload":"x"}',
            '{"type":"connection_init","payload":[]}',
            '{"type":"connection_init","payload":{"authorization":5}}',
            '{"type":"subscribe","payload":{"query":"{hello}"}}',
            '{"type":"subscribe","id":"","payload":{"query":"{hello}"}}',
            '{"type":"subscribe","id":1,"payload":{"query":"{hello}"}}',
            '{"type":"subscribe","id":"1"}',
            '{"type":"subscribe","id":"1","payload":{}}',
            '{"type":"subscribe","id":"1","payload":{"query":5}}',
            '{"type":"subscribe","id":"1","payload":{"query":"{hello}","variables":[]}}',
            '{"type":"subscribe","id":"1","payload":{"query":"{hello}","operationName":1}}',
            '{"type":"subscribe","id":"1","payload":{"query":"{hello}","extensions":"x"}}',
            '{"type":"complete"}',
        ],
    )
    async def test_what_is_no_message_closes_the_socket(self, client: SocketClient, text: str) -> None:
        """With 4400."""
        await client.connection.send(text)
        assert await client.closed() == (4400, "Invalid message")

    async def test_binary_messages_are_none(self, client: SocketClient) -> None:
        """The protocol is of texts."""
        await client.connection.send(b'{"type":"ping"}')
        assert await client.closed() == (4400, "Invalid message")

    async def test_a_message_has_the_size_of_a_request(self, client: SocketClient) -> None:
        """One byte more is too big."""
        await client.begin()
        await client.say(type="ping", payload={"x": "y" * 2_000})
        assert (await client.closed())[0] == 1009

    @pytest.mark.parametrize("payload", [{}, {"payload": {"at": 1}}])
    async def test_a_ping_is_answered(self, client: SocketClient, payload: dict[str, Any]) -> None:
        """With what it brought; a pong is not."""
        await client.say(type="pong")
        await client.say(type="ping", **payload)
        assert await client.hear() == {"type": "pong", **payload}

    async def test_nothing_is_served_before_the_acknowledgement(self, client: SocketClient) -> None:
        """Whoever subscribes too early is not authorised."""
        await client.subscribe("subscription { count }")
        assert await client.closed() == (4401, "Unauthorized")


class TestSubscribing:
    async def test_events_come_in_order_and_then_the_end(self, client: SocketClient) -> None:
        """As `next` messages and one `complete`."""
        await client.begin()
        await client.subscribe("subscription($n: Int) { count(to: $n) }", variables={"n": 2})
        assert [await client.hear() for _ in range(3)] == [
            {"id": "1", "type": "next", "payload": {"data": {"count": 1}}},
            {"id": "1", "type": "next", "payload": {"data": {"count": 2}}},
            {"id": "1", "type": "complete"},
        ]

    async def test_an_event_without_an_answer_is_not_sent(self, client: SocketClient) -> None:
        """Not even as an empty message."""
        await client.begin()
        await client.subscribe("subscription { odd(to: 4) }")
        heard = [await client.hear() for _ in range(3)]
        assert [message["payload"]["data"]["odd"] for message in heard[:2]] == [1, 3]
        assert heard[2] == {"id": "1", "type": "complete"}

    async def test_an_identifier_is_used_by_one_at_a_time(self, client: SocketClient) -> None:
        """The same one twice closes the socket."""
        await client.begin()
        await client.subscribe("subscription { silence }", "一")
        await client.subscribe("subscription { silence }", "一")
        assert await client.closed() == (4409, "Subscriber for 一 already exists")

    async def test_a_long_identifier_does_not_break_the_close_frame(self, client: SocketClient) -> None:
        """A reason has at most 123 bytes."""
        await client.begin()
        for _ in range(2):
            await client.subscribe("subscription { silence }", "长" * 100)
        assert (await client.closed())[0] == 4409

    async def test_an_identifier_may_be_used_again_after_its_end(self, client: SocketClient) -> None:
        """Whichever side ended it."""
        await client.begin()
        await client.subscribe("subscription { count(to: 1) }")
        assert [(await client.hear())["type"] for _ in range(2)] == ["next", "complete"]
        await client.subscribe("subscription { silence }")
        await client.say(id="1", type="complete")
        await client.subscribe("subscription { count(to: 1) }")
        assert [(await client.hear())["type"] for _ in range(2)] == ["next", "complete"]

    async def test_the_client_ends_a_subscription_and_its_source(self, client: SocketClient) -> None:
        """Nothing is said of it any more; an end of what is unknown is ignored."""
        await client.begin()
        before = len(OPENED)
        await client.subscribe("subscription { silence }")
        await client.say(id="other", type="complete")
        await until(lambda: len(OPENED) == before + 1)
        await client.say(id="1", type="complete")
        assert await client.hears_nothing()
        await closed(OPENED[-1])

    async def test_a_client_that_goes_away_leaves_no_source(self, address: str) -> None:
        """Its subscriptions end with it."""
        async with socket_client(address) as client:
            await client.begin()
            before = len(OPENED)
            await client.subscribe("subscription { silence }", "1")
            await client.subscribe("subscription { silence }", "2")
            await until(lambda: len(OPENED) == before + 2)
        await closed(*OPENED[before:])

    @pytest.mark.parametrize(
        ("query", "code"),
        [
            ("{ hello }", "SUBSCRIPTION_ONLY"),
            ("mutation { touch }", "SUBSCRIPTION_ONLY"),
            ("subscription {", "GRAPHQL_PARSE_FAILED"),
            ("subscription { unknown }", "GRAPHQL_VALIDATION_FAILED"),
            ("subscription { count silence }", "GRAPHQL_VALIDATION_FAILED"),
            ("subscription { a: count } subscription B { count }", "GRAPHQL_VALIDATION_FAILED"),
            ("subscription A { count } subscription B { count }", "OPERATION_RESOLUTION_FAILURE"),
            ('subscription { count(to: "x") }', "GRAPHQL_VALIDATION_FAILED"),
            ("subscription($n: Int!) { flood(size: $n) }", "BAD_USER_INPUT"),
            ("subscription { refused }", "FORBIDDEN"),
            ("subscription { fault }", "INTERNAL_ERROR"),
            (f"subscription {{ {'count ' * 60} }}", "TOKEN_LIMIT"),
            ("subscription { a: count b: count c: count }", "ALIAS_LIMIT"),
        ],
    )
    async def test_what_cannot_be_followed_ends_with_an_error(
        self, client: SocketClient, query: str, code: str
    ) -> None:
        """One `error` message with the published code; the socket stays open, no fault shows its text."""
        await client.begin()
        await client.subscribe(query)
        answer = await client.hear()
        assert (answer["id"], answer["type"]) == ("1", "error")
        assert answer["payload"][0]["extensions"]["code"] == code
        assert SECRET not in json.dumps(answer)
        await client.say(type="ping")
        assert await client.hear() == {"type": "pong"}

    async def test_a_fault_of_the_source_ends_it_masked(self, client: SocketClient) -> None:
        """After the events that came before it."""
        await client.begin()
        await client.subscribe("subscription { faultLater }")
        heard = [await client.hear()]
        if heard[0]["type"] == "next":
            heard.append(await client.hear())
        assert heard[-1]["type"] == "error"
        assert heard[-1]["payload"][0]["extensions"]["code"] == "INTERNAL_ERROR"
        assert SECRET not in json.dumps(heard)

    async def test_documents_are_found_by_hash_too(self, client: SocketClient) -> None:
        """The cache is the one of HTTP: what is not there is said in the same words."""
        await client.begin()
        await client.say(id="1", type="subscribe", payload={"documentId": "sha256:" + "0" * 64})
        assert (await client.hear())["payload"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"

    async def test_texts_and_contexts_are_in_the_language_of_the_payload(self, client: SocketClient) -> None:
        """A browser cannot send the header."""
        await client.begin({"accept-language": "zh-CN"})
        await client.subscribe("{ hello }", "1")
        assert "订阅" in (await client.hear())["payload"][0]["message"]
        await client.subscribe("subscription { language }", "2")
        assert (await client.hear())["payload"]["data"] == {"language": "zh-CN"}


class TestLimits:
    async def test_a_connection_has_so_many_subscriptions(self, client: SocketClient) -> None:
        """One more is refused; there is room again when one ends."""
        await client.begin()
        for identifier in ("1", "2", "3", "4"):
            await client.subscribe("subscription { silence }", identifier)
        refused = await client.hear()
        assert refused["id"] == "4"
        assert refused["payload"][0]["extensions"]["code"] == "SUBSCRIPTION_LIMIT"
        await client.say(id="1", type="complete")

        async def has_room() -> bool:
            await client.subscribe("subscription { count(to: 1) }", "5")
            return bool((await client.hear())["payload"] == {"data": {"count": 1}})

        await until(has_room)

    async def test_a_process_has_so_many_subscriptions(self) -> None:
        """Over all its connections."""
        with endpoint(sockets=SocketLimits(per_process=1)) as address:
            async with socket_client(address) as one, socket_client(address) as other:
                await one.begin()
                await other.begin()
                await one.subscribe("subscription { silence }")
                await one.say(type="ping")
                await one.hear()
                await other.subscribe("subscription { silence }")
                assert (await other.hear())["payload"][0]["extensions"]["code"] == "SUBSCRIPTION_LIMIT"

    async def test_a_slow_client_is_told_that_it_missed_events(self, client: SocketClient) -> None:
        """Its queue is bounded: when it is full the subscription ends, and the error comes after what was sent."""
        await client.begin()
        before = len(OPENED)
        await client.subscribe("subscription { flood(size: 20000) }")
        await until(lambda: len(OPENED) == before + 1)
        await closed(OPENED[-1])
        kinds: list[str] = []
        while not kinds or kinds[-1] == "next":
            answer = await client.hear()
            kinds.append(answer["type"])
        assert answer["payload"][0]["extensions"]["code"] == "SUBSCRIPTION_OVERFLOW"
        assert len(kinds) < 1_000

    async def test_an_event_that_waited_for_the_client_is_decided_anew(self, client: SocketClient) -> None:
        """A right that was lost meanwhile is lost for it too."""
        await client.begin()
        before = len(OPENED)
        DECIDED.clear()
        await client.subscribe("subscription { burst(size: 300000) }")
        await until(lambda: len(OPENED) == before + 1 and OPENED[-1].is_over)  # all are decided, and most wait
        NOW.append("after")
        try:
            await until(lambda: DECIDED.count("after") >= 2)  # the one that is sent, twice: so long all others waited
            heard = [(await client.hear())["payload"]["data"]["burst"].rstrip("x") for _ in range(60)]
        finally:
            NOW.pop()
        assert heard == sorted(heard, reverse=True)  # before, then after
        assert "after" in heard
        assert (await client.hear())["type"] == "complete"


class TestTrail:
    async def test_an_event_is_sent_after_its_entry(self) -> None:
        """The operation and its codes are said to the trail; what is not told leaves no entry."""
        entries: list[tuple[str, str | None, tuple[str, ...]]] = []

        async def record(_context: dict[str, Any], performed: Performed, codes: Iterable[str]) -> None:
            await asyncio.sleep(0.1)
            entries.append((performed.type, performed.name, tuple(codes)))

        with endpoint(record=record) as address:
            async with socket_client(address) as client:
                await client.begin()
                await client.subscribe("subscription Odd { odd(to: 3) }")
                for count in (1, 2):
                    assert (await client.hear())["type"] == "next"
                    assert len(entries) >= count
                assert (await client.hear())["type"] == "complete"
                await client.subscribe("subscription { refused }")
                assert (await client.hear())["type"] == "error"
        assert entries == [
            ("subscription", "Odd", ()),
            ("subscription", "Odd", ()),
            ("subscription", None, ("FORBIDDEN",)),
        ]

    async def test_without_an_entry_nothing_is_sent(self) -> None:
        """The subscription ends instead."""

        async def record(_context: dict[str, Any], _performed: Performed, _codes: Iterable[str]) -> None:
            raise TrailUnavailableError

        with endpoint(record=record) as address:
            async with socket_client(address) as client:
                await client.begin()
                await client.subscribe("subscription { count }")
                answer = await client.hear()
                assert answer["type"] == "error"
                assert answer["payload"][0]["extensions"]["code"] == "TRAIL_UNAVAILABLE"


class TestWatching:
    async def test_the_end_of_a_token_ends_the_socket(self, client: SocketClient) -> None:
        """Every subscription is told why, then the socket is closed."""
        await client.begin({"authorization": "Bearer late"})
        await client.subscribe("subscription { silence }", "1")
        await client.subscribe("subscription { silence }", "2")
        await client.say(type="ping")
        await client.hear()
        LATE.append(True)
        try:
            told = [await client.hear(), await client.hear()]
            assert {message["id"] for message in told} == {"1", "2"}
            assert {message["payload"][0]["extensions"]["code"] for message in told} == {"INVALID_TOKEN"}
            assert await client.closed() == (4403, "Forbidden")
        finally:
            LATE.clear()

    async def test_the_end_of_a_right_ends_the_subscription_alone(self, client: SocketClient) -> None:
        """The socket goes on."""
        await client.begin()
        await client.subscribe("subscription { checked }")
        await client.say(type="ping")
        await client.hear()
        Events.checks_refused = True
        try:
            told = await client.hear()
        finally:
            Events.checks_refused = False
        assert told["type"] == "error"
        assert told["payload"][0]["extensions"]["code"] == "FORBIDDEN"
        await client.say(type="ping")
        assert await client.hear() == {"type": "pong"}
