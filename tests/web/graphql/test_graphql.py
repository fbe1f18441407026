"""The endpoint, request by request: what it accepts, what it refuses and how, and that no fault shows its text."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import httpx
import pytest

from tests.patience import PATIENCE_SECONDS
from tests.web.server import serving
from tests.web.small_schema import SECRET, small_client, small_endpoint
from web.graphql.limits import Limits

CURRENT = {"accept": "application/graphql-response+json"}
LEGACY = {"accept": "application/json"}


def code(answer: httpx.Response) -> str:
    """The code of the first error."""
    value: str = answer.json()["errors"][0]["extensions"]["code"]
    return value


async def post(query: Any, headers: dict[str, str] | None = None, **parameters: Any) -> httpx.Response:
    """One POST to a new endpoint."""
    async with small_client() as client:
        return await client.post("/graphql", json={"query": query, **parameters}, headers=headers or CURRENT)


class TestNegotiation:
    """Which media type answers."""

    @pytest.mark.parametrize(
        ("accept", "answered"),
        [
            ("application/graphql-response+json", "application/graphql-response+json"),
            ("application/json", "application/json"),
            ("*/*", "application/json"),
            ("", "application/json"),
            ("application/*", "application/json"),
            ("application/json, text/plain, */*", "application/json"),
            ("application/graphql-response+json, application/json;q=0.9", "application/graphql-response+json"),
            ("application/json, application/graphql-response+json", "application/graphql-response+json"),
            ("application/graphql-response+json;q=0.5, application/json", "application/json"),
            ("application/json;q=0, */*", "application/graphql-response+json"),
            ("APPLICATION/JSON;charset=utf-8", "application/json"),
        ],
    )
    async def test_the_best_liked_type_is_answered(self, accept: str, answered: str) -> None:
        """RFC 9110 section 12.4.2, with the legacy type for clients that do not name the current one."""
        answer = await post("{hello}", {"accept": accept})
        assert (answer.status_code, answer.headers["content-type"]) == (200, f"{answered}; charset=utf-8")

    @pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", "application/json;q=x", "image/*"])
    async def test_nothing_acceptable_is_406(self, accept: str) -> None:
        """Nothing is executed for a client that cannot read the answer."""
        answer = await post("{hello}", {"accept": accept})
        assert (answer.status_code, code(answer)) == (406, "NOT_ACCEPTABLE")


class TestRequests:
    """What is a well-formed request."""

    @pytest.mark.parametrize(
        ("content_type", "status"),
        [
            ("application/json", 200),
            ("application/json; charset=UTF-8", 200),
            ('application/json;charset="utf-8"', 200),
            ("application/json; charset=utf-16", 415),
            ("application/graphql", 415),
            ("text/plain", 415),
            ("application/x-www-form-urlencoded", 415),
            ("multipart/form-data; boundary=x", 415),
            ("", 415),
        ],
    )
    async def test_a_body_must_be_json_in_utf_8(self, content_type: str, status: int) -> None:
        """What a form of another site can send (CSRF) is never accepted."""
        async with small_client() as client:
            answer = await client.post(
                "/graphql", content=b'{"query":"{hello}"}', headers={"content-type": content_type}
            )
        assert answer.status_code == status

    async def test_a_compressed_body_is_refused(self) -> None:
        """The size limit holds for what is parsed, so nothing is unpacked."""
        headers = {"content-type": "application/json", "content-encoding": "gzip"}
        async with small_client() as client:
            answer = await client.post("/graphql", content=b"x", headers=headers)
        assert answer.status_code == 415

    @pytest.mark.parametrize(
        "body",
        [
            *(b"", b"NONSENSE", b"[]", b'[{"query":"{hello}"}]', b'"x"', b"null", b"{}", b"[" * 5000),
            *(b'{"query":null}', b'{"query":""}', b'{"query":7}', b'{"query":"\xff"}', b'{"query":"\\ud800"}'),
            *(b'{"query":"{hello}","variables":[]}', b'{"query":"{hello}","extensions":"x"}'),
            b'{"query":"{hello}","operationName":1}',
        ],
    )
    @pytest.mark.parametrize("accept", [CURRENT, LEGACY])
    async def test_a_malformed_body_is_400(self, body: bytes, accept: dict[str, str]) -> None:
        """Batches too; the answer is a GraphQL error without data."""
        async with small_client() as client:
            answer = await client.post("/graphql", content=body, headers={"content-type": "application/json", **accept})
        assert (answer.status_code, code(answer)) == (400, "BAD_REQUEST")
        assert "data" not in answer.json()

    async def test_unknown_parameters_are_ignored(self) -> None:
        """Section JSON Encoding."""
        assert (await post("{hello}", unknown=[1])).json() == {"data": {"hello": "hello world"}}

    async def test_get_takes_its_parameters_from_the_url(self) -> None:
        """Section GET: JSON in `variables`, and empty parameters count as absent."""
        query = "query A($n: String!) { hello(name: $n) } query B { hello }"
        parameters = {"query": query, "variables": '{"n": "名"}', "operationName": "A", "extensions": ""}
        async with small_client() as client:
            answer = await client.get("/graphql", params=parameters, headers=CURRENT)
        assert answer.json() == {"data": {"hello": "hello 名"}}

    @pytest.mark.parametrize(
        "url",
        ["", "?query=", "?query={hello}&variables=x", "?query={hello}&variables=[]", "?query={hello}&query={row}"],
    )
    async def test_a_malformed_url_is_400(self, url: str) -> None:
        """A parameter given twice too: two readers could take different ones."""
        async with small_client() as client:
            answer = await client.get(f"/graphql{url}", headers=CURRENT)
        assert (answer.status_code, code(answer)) == (400, "BAD_REQUEST")

    async def test_mutations_by_get_are_405_with_allow(self) -> None:
        """A GET changes nothing, whichever operation of the document is named."""
        query = "query A { hello } mutation B { touch }"
        async with small_client() as client:
            answer = await client.get("/graphql", params={"query": query, "operationName": "B"}, headers=CURRENT)
            harmless = await client.get("/graphql", params={"query": query, "operationName": "A"}, headers=CURRENT)
        assert (answer.status_code, answer.headers["allow"], code(answer)) == (405, "POST", "METHOD_NOT_ALLOWED")
        assert harmless.status_code == 200

    @pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "QUERY"])
    async def test_other_methods_are_405_with_allow(self, method: str) -> None:
        """RFC 9110 section 15.5.6."""
        async with small_client() as client:
            answer = await client.request(method, "/graphql")
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")


class TestAnswers:
    """Status codes and bodies of well-formed requests."""

    @pytest.mark.parametrize(
        ("query", "variables", "expected"),
        [
            ("{", {}, "GRAPHQL_PARSE_FAILED"),
            ("{nothing}", {}, "GRAPHQL_VALIDATION_FAILED"),
            ("query($n: String!) { hello(name: $n) }", {"n": 7}, "BAD_USER_INPUT"),
            ("query($n: String!) { hello(name: $n) }", {}, "BAD_USER_INPUT"),
            ("query A {hello} query B {hello}", {}, "OPERATION_RESOLUTION_FAILURE"),
            ("fragment F on Query {hello}", {}, "GRAPHQL_VALIDATION_FAILED"),
            ("subscription { ticks }", {}, "SUBSCRIPTION_NOT_SUPPORTED"),
        ],
    )
    async def test_request_errors_have_no_data(self, query: str, variables: dict[str, Any], expected: str) -> None:
        """400 in the current media type, 200 for legacy clients, the same body in both."""
        current = await post(query, CURRENT, variables=variables)
        legacy = await post(query, LEGACY, variables=variables)
        assert (current.status_code, legacy.status_code) == (400, 200)
        assert current.json() == legacy.json()
        assert code(current) == expected
        assert "data" not in current.json()

    async def test_an_unknown_operation_name_is_refused(self) -> None:
        """Also when the document has one operation only."""
        answer = await post("query A {hello}", operationName="B")
        assert (answer.status_code, code(answer)) == (400, "OPERATION_RESOLUTION_FAILURE")

    async def test_partial_success_is_294_for_current_clients_and_200_for_legacy_ones(self) -> None:
        """Section Partial success; siblings of a failed field stay."""
        current, legacy = await post("{hello fault}"), await post("{hello fault}", LEGACY)
        assert (current.status_code, legacy.status_code) == (294, 200)
        assert current.json()["data"] == {"hello": "hello world", "fault": None}

    async def test_an_execution_that_leaves_no_data_has_data_null(self) -> None:
        """An execution error is no request error: `data` is there, and null."""
        answer = await post("{requiredFault}")
        assert answer.status_code == 294
        assert answer.json()["data"] is None

    async def test_times_are_answered_in_utc(self) -> None:
        """RFC 3339 with the offset; straight from `datetime`."""
        assert (await post("{moment now}")).json()["data"] == {
            "moment": "2026-01-02T11:04:05.000678+08:00",
            "now": "2026-01-02T03:04:05+00:00",
        }

    async def test_answers_are_never_stored(self) -> None:
        """No cache keeps what a caller saw."""
        answer = await post("{hello}")
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["vary"] == "Accept, Accept-Encoding, Accept-Language"

    async def test_extensions_come_from_the_context(self) -> None:
        """And are absent when there are none."""
        async with small_client(extensions=lambda context: {"seen": context["token"]}) as client:
            answer = await client.post("/graphql", json={"query": "{hello}"}, headers={"authorization": "Bearer t"})
        assert answer.json()["extensions"] == {"seen": "Bearer t"}
        assert "extensions" not in (await post("{hello}")).json()

    async def test_a_refused_context_refuses_the_request(self) -> None:
        """With the status, code and headers of the refusal, for legacy clients too."""
        for accept in (CURRENT, LEGACY):
            answer = await post("{hello}", {"authorization": "Bearer forged", **accept})
            assert (answer.status_code, code(answer)) == (401, "UNAUTHENTICATED")
            assert answer.headers["www-authenticate"] == "Bearer"

    async def test_the_context_comes_before_the_document(self) -> None:
        """Whoever may not ask learns nothing about what could be asked."""
        answer = await post("{nothing}", {"authorization": "Bearer forged", **CURRENT})
        assert code(answer) == "UNAUTHENTICATED"


class TestFaults:
    """Our own faults, seen from outside and in the log."""

    @pytest.mark.parametrize("query", ["{fault}", "{unserialisable}", "{requiredFault}"])
    async def test_a_fault_shows_a_fixed_text_and_an_error_id(
        self, query: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Neither the answer nor the log has the exception's text, which holds a stored value."""
        with caplog.at_level(logging.DEBUG):
            answer = await post(query)
        [error] = answer.json()["errors"]
        assert error["message"] == "an unexpected error occurred"
        assert error["extensions"]["code"] == "INTERNAL_ERROR"
        assert error["path"] == [query.strip("{}")]
        assert error["locations"] == [{"line": 1, "column": 2}]
        assert error["extensions"]["errorId"] in caplog.text
        assert SECRET not in answer.text + caplog.text

    async def test_a_fault_outside_execution_is_500(self, caplog: pytest.LogCaptureFixture) -> None:
        """The context's own fault is masked like any other."""
        with caplog.at_level(logging.DEBUG):
            answer = await post("{hello}", {"authorization": "Bearer broken", **CURRENT})
        assert (answer.status_code, code(answer)) == (500, "INTERNAL_ERROR")
        assert SECRET not in answer.text + caplog.text

    async def test_a_value_that_json_cannot_hold_is_500(self) -> None:
        """The answer is still a well-formed GraphQL answer."""
        async with small_client(extensions=lambda _: {"x": object()}) as client:
            answer = await client.post("/graphql", json={"query": "{hello}"})
        assert (answer.status_code, code(answer)) == (500, "INTERNAL_ERROR")

    async def test_errors_of_ours_are_formatted_by_the_application(self) -> None:
        """With path and locations added."""
        [error] = (await post("{refusal}")).json()["errors"]
        assert error == {
            "message": "refused",
            "extensions": {"code": "FORBIDDEN"},
            "locations": [{"line": 1, "column": 2}],
            "path": ["refusal"],
        }

    async def test_an_argument_that_a_variable_made_invalid_is_the_clients(self) -> None:
        """Found during execution only, and still told in clear."""
        answer = await post("query($l: Int) { chosen(choice: {left: $l}) }", variables={"l": None})
        assert code(answer) == "BAD_USER_INPUT"

    async def test_values_that_the_client_sent_are_not_logged(self, caplog: pytest.LogCaptureFixture) -> None:
        """A coercion error quotes the value to its sender, and to nobody else."""
        with caplog.at_level(logging.DEBUG, logger="dossier"):
            answer = await post("query($n: Int!) { rows(first: $n) { name } }", variables={"n": SECRET})
        assert SECRET in answer.text
        assert SECRET not in caplog.text


class TestBounds:
    """Size and time."""

    async def test_a_body_that_says_it_is_too_large_is_413(self) -> None:
        """Without reading it."""
        async with small_client(limits=Limits(body_bytes=100)) as client:
            answer = await client.post("/graphql", json={"query": "{hello}" + " " * 100})
        assert (answer.status_code, code(answer)) == (413, "BODY_TOO_LARGE")
        assert answer.json()["errors"][0]["extensions"]["limit"] == 100

    async def test_a_body_of_unstated_length_is_413_when_it_grows_too_large(self) -> None:
        """Over a socket, in chunks; the connection is not used again."""

        async def chunks() -> Any:
            for _ in range(50):
                yield b" " * 10

        with serving(small_endpoint(limits=Limits(body_bytes=100))) as address:
            async with httpx.AsyncClient(timeout=PATIENCE_SECONDS) as client:
                answer = await client.post(address, content=chunks(), headers={"content-type": "application/json"})
        assert (answer.status_code, answer.headers["connection"]) == (413, "close")

    async def test_a_long_url_is_414(self) -> None:
        """The limit of a body holds for a URL too."""
        async with small_client(limits=Limits(body_bytes=100)) as client:
            answer = await client.get("/graphql", params={"query": "{hello}" + " " * 100})
        assert (answer.status_code, code(answer)) == (414, "URI_TOO_LONG")

    async def test_a_slow_execution_ends_with_timeout(self) -> None:
        """And says that a change may have been made."""
        async with small_client(limits=Limits(seconds=0.5)) as client:
            answer = await client.post("/graphql", json={"query": "{slow}"})
        assert (answer.status_code, code(answer)) == (503, "TIMEOUT")

    async def test_a_slow_request_ends_with_408(self) -> None:
        """A client that trickles its body holds a connection for that long and no longer."""
        with serving(small_endpoint(limits=Limits(seconds=0.5))) as address:
            host, port = address.removeprefix("http://").split(":")
            reader, writer = await asyncio.open_connection(host, int(port))
            head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"
            writer.write(head.encode())
            answer = await asyncio.wait_for(reader.read(), PATIENCE_SECONDS)
            writer.close()
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"REQUEST_TIMEOUT" in answer


class TestOtherSites:
    """Requests that a page of another site makes."""

    async def test_they_are_refused(self) -> None:
        """By GET and by POST, whatever they ask."""
        headers = {"sec-fetch-site": "cross-site", "origin": "https://elsewhere.example"}
        async with small_client() as client:
            for answer in (
                await client.post("/graphql", json={"query": "{hello}"}, headers=headers),
                await client.get("/graphql", params={"query": "{hello}"}, headers=headers),
            ):
                assert (answer.status_code, code(answer)) == (403, "CROSS_SITE_REQUEST")
                assert "access-control-allow-origin" not in answer.headers

    async def test_configured_origins_may(self) -> None:
        """Named one by one."""
        headers = {"sec-fetch-site": "cross-site", "origin": "https://ours.example"}
        async with small_client(allowed_origins=frozenset({"https://ours.example"})) as client:
            answer = await client.post("/graphql", json={"query": "{hello}"}, headers=headers)
        assert answer.status_code == 200

    @pytest.mark.parametrize("site", ["same-origin", "same-site", "none"])
    async def test_our_own_pages_may(self, site: str) -> None:
        """And tools, which send no such header."""
        assert (await post("{hello}", {"sec-fetch-site": site, **CURRENT})).status_code == 200


class TestLanguage:
    """Refusals in the client's language."""

    async def test_refusals_speak_chinese_to_whom_prefers_it(self) -> None:
        """By Accept-Language."""
        answer = await post("{fault}", {"accept-language": "zh-CN,zh;q=0.9,en;q=0.8", **CURRENT})
        assert answer.json()["errors"][0]["message"] == "发生了意外错误"
