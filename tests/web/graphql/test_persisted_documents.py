"""Documents by hash and by id: Apollo's protocol, appendix A of GraphQL over HTTP, and the mode "only these"."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import graphql
import httpx
import orjson
import pytest

from tests.web.small_schema import SCHEMA, small_client
from web.graphql import parsed_documents
from web.graphql.limits import Limits
from web.graphql.trusted_documents import TrustedDocuments, TrustedDocumentsError, document_hash, read_manifest
from web.ide import GraphQLIDE

CURRENT = {"accept": "application/graphql-response+json"}
HELLO = 'query Hello($name: String! = "world") { hello(name: $name) }'
CHANGE = "mutation Change { touch }"
BIG = "query Big($first: Int!) { rows(first: $first) { name } }"
MANIFEST = {"hello": HELLO, "change": CHANGE, "big": BIG}


def persisted(sha256: str) -> dict[str, Any]:
    """The extension of Apollo's protocol."""
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": sha256}}}


def code(answer: httpx.Response) -> str:
    """The code of the only error."""
    (error,) = answer.json()["errors"]
    found: str = error["extensions"]["code"]
    return found


async def post(client: httpx.AsyncClient, **parameters: Any) -> httpx.Response:
    """One POST."""
    return await client.post("/graphql", json=parameters, headers=CURRENT)


async def get(client: httpx.AsyncClient, **parameters: Any) -> httpx.Response:
    """One GET, its maps as JSON."""
    encoded = {k: v if isinstance(v, str) else orjson.dumps(v).decode() for k, v in parameters.items()}
    return await client.get("/graphql", params=encoded, headers=CURRENT)


def trusting(texts: dict[str, str] | None = None, **options: Any) -> httpx.AsyncClient:
    """A client of an endpoint that trusts these documents."""
    return small_client(trusted_documents=TrustedDocuments(texts or MANIFEST, SCHEMA, Limits()), **options)


class Work:
    """How often a document was parsed and validated."""

    def __init__(self) -> None:
        self.parsed = 0
        self.validated = 0


@pytest.fixture
def work() -> Iterator[Work]:
    """Counts while a test runs; the work itself is done as ever."""
    counted = Work()

    def counting_parse(*arguments: Any, **options: Any) -> Any:
        counted.parsed += 1
        return graphql.parse(*arguments, **options)

    def counting_validate(*arguments: Any, **options: Any) -> Any:
        counted.validated += 1
        return graphql.validate(*arguments, **options)

    with (
        patch.object(parsed_documents, "parse", counting_parse),
        patch.object(parsed_documents, "validate", counting_validate),
    ):
        yield counted


class TestAutomaticPersistedQueries:
    """Apollo's protocol: ask by hash, be told that it is unknown, send both, ask by hash."""

    @pytest.mark.parametrize("ask", [post, get])
    async def test_a_registered_hash_is_served_without_parsing_or_validating(self, ask: Any, work: Work) -> None:
        """By POST and by GET, variables included."""
        by_hash = persisted(document_hash(HELLO))
        async with small_client() as client:
            unknown = await ask(client, **by_hash)
            registered = await ask(client, query=HELLO, **by_hash)
            assert (work.parsed, work.validated) == (1, 1)
            served = [await ask(client, variables={"name": "名"}, **by_hash) for _ in range(3)]
        assert (unknown.status_code, code(unknown)) == (400, "PERSISTED_QUERY_NOT_FOUND")
        assert unknown.json()["errors"][0]["message"] == "PersistedQueryNotFound"
        assert registered.json() == {"data": {"hello": "hello world"}}
        assert [answer.json() for answer in served] == [{"data": {"hello": "hello 名"}}] * 3
        assert (work.parsed, work.validated) == (1, 1)

    async def test_a_legacy_client_is_told_with_200(self) -> None:
        """As Apollo Server does; the text is not translated, because clients compare it."""
        headers = {"accept": "*/*", "accept-language": "zh-CN"}
        async with small_client() as client:
            answer = await client.post("/graphql", json=persisted(document_hash(HELLO)), headers=headers)
        assert (answer.status_code, answer.json()["errors"][0]["message"]) == (200, "PersistedQueryNotFound")

    async def test_a_hash_never_stands_for_another_text(self) -> None:
        """Neither answered nor remembered."""
        by_hash = persisted(document_hash(HELLO))
        async with small_client() as client:
            mismatch = await post(client, query="{ row { name } }", **by_hash)
            after = await post(client, **by_hash)
        assert (mismatch.status_code, code(mismatch)) == (400, "PERSISTED_QUERY_MISMATCH")
        assert code(after) == "PERSISTED_QUERY_NOT_FOUND"

    @pytest.mark.parametrize("query", ["{", "{ nothing }", "{ " + "a: hello " * 31 + "}"])
    async def test_a_refused_document_is_not_registered(self, query: str) -> None:
        """Not parsable, not valid, beyond a limit."""
        by_hash = persisted(document_hash(query))
        async with small_client() as client:
            refused = await post(client, query=query, **by_hash)
            after = await post(client, **by_hash)
        assert refused.status_code == 400
        assert code(after) == "PERSISTED_QUERY_NOT_FOUND"

    async def test_a_mutation_by_hash_needs_post(self) -> None:
        """A GET changes nothing, whichever way its document is named."""
        by_hash = persisted(document_hash(CHANGE))
        async with small_client() as client:
            await post(client, query=CHANGE, **by_hash)
            refused, done = await get(client, **by_hash), await post(client, **by_hash)
        assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
        assert done.json() == {"data": {"touch": 1}}

    async def test_the_limits_hold_for_a_registered_document(self) -> None:
        """The cost depends on the variables of each request."""
        by_hash = persisted(document_hash(BIG))
        async with small_client(limits=Limits(cost=100)) as client:
            await post(client, query=BIG, variables={"first": 1}, **by_hash)
            refused = await post(client, variables={"first": 1000}, **by_hash)
        assert (refused.status_code, code(refused)) == (400, "COST_LIMIT")

    async def test_registered_documents_are_bounded_and_go_with_their_hashes(self) -> None:
        """What fell out of the memory is registered anew by the client."""
        with patch.object(parsed_documents, "MAX_DOCUMENTS", 5):
            documents = parsed_documents.ParsedDocuments(SCHEMA, Limits())
            texts = [f"query Q{number} {{hello}}" for number in range(20)]
            for text in texts:
                await documents.get(text)
                documents.register(document_hash(text), text)
        known = [documents.registered(document_hash(text)) is not None for text in texts]
        assert known == [False] * 15 + [True] * 5
        assert (len(documents), len(documents._texts), len(documents._hashes)) == (5, 5, 5)

    @pytest.mark.parametrize(
        "extension",
        [
            *("x", [], {}, {"version": 1}, {"version": 2, "sha256Hash": "0" * 64}, {"version": True}),
            *({"version": 1, "sha256Hash": found} for found in (None, 7, "", "0" * 63, "A" * 64, "0" * 64 + "\n")),
        ],
    )
    async def test_a_malformed_extension_is_400(self, extension: Any) -> None:
        """Before any look at a document."""
        async with small_client() as client:
            answer = await post(client, query=HELLO, extensions={"persistedQuery": extension})
        assert (answer.status_code, code(answer)) == (400, "BAD_REQUEST")


class TestTrustedDocuments:
    """Documents of a manifest, by `documentId`."""

    @pytest.mark.parametrize("ask", [post, get])
    @pytest.mark.parametrize(
        "named",
        [
            {"documentId": "hello"},
            {"documentId": f"sha256:{document_hash(HELLO)}"},
            {"query": HELLO},
            persisted(document_hash(HELLO)),
        ],
        ids=["id", "sha256 id", "text", "hash"],
    )
    @pytest.mark.parametrize("only", [False, True])
    async def test_a_trusted_document_is_served_without_parsing_or_validating(
        self, ask: Any, named: dict[str, Any], only: bool, work: Work
    ) -> None:
        """Whichever way it is named: all that was done at the start."""
        async with trusting(trusted_documents_only=only) as client:
            assert (work.parsed, work.validated) == (3, 3)
            answer = await ask(client, variables={"name": "名"}, operationName="Hello", **named)
        assert answer.json() == {"data": {"hello": "hello 名"}}
        assert (work.parsed, work.validated) == (3, 3)

    async def test_the_id_of_a_manifest_serves_apollos_protocol_too(self) -> None:
        """Apollo Client sends the ids of its manifest as hashes."""
        async with trusting({"ab" * 32: HELLO}, trusted_documents_only=True) as client:
            answer = await post(client, **persisted("ab" * 32))
        assert answer.json() == {"data": {"hello": "hello world"}}

    @pytest.mark.parametrize(
        "parameters",
        [
            {"documentId": "hello", "query": HELLO},
            {"documentId": "hello", **persisted(document_hash(HELLO))},
            {"documentId": f"sha256:{'0' * 64}", **persisted(document_hash(HELLO))},
            {"documentId": 7},
            {"documentId": "sha256:ABC"},
            {"documentId": ""},
        ],
    )
    async def test_a_document_is_named_once_and_well(self, parameters: dict[str, Any]) -> None:
        """Two readers could take different ones."""
        async with trusting() as client:
            answer = await post(client, **parameters)
        assert (answer.status_code, code(answer)) == (400, "BAD_REQUEST")

    async def test_a_trusted_mutation_needs_post(self) -> None:
        """Section GET of the appendix."""
        async with trusting(trusted_documents_only=True) as client:
            refused = await get(client, documentId="change")
            done = await post(client, documentId="change")
        assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
        assert done.json() == {"data": {"touch": 1}}

    async def test_the_limits_hold_for_trusted_documents(self) -> None:
        """Trust in a text is none in the variables that come with it."""
        async with trusting(trusted_documents_only=True, limits=Limits(cost=100)) as client:
            refused = await post(client, documentId="big", variables={"first": 1000})
        assert (refused.status_code, code(refused)) == (400, "COST_LIMIT")

    async def test_an_unknown_id_is_one_error(self) -> None:
        """Of the code that means "not here" as long as other documents are served."""
        async with trusting() as client:
            for name in ("nothing", f"sha256:{'0' * 64}", "x-other:7"):
                answer = await post(client, documentId=name)
                assert (answer.status_code, code(answer)) == (400, "PERSISTED_QUERY_NOT_FOUND")

    async def test_a_sha256_id_registers_and_finds_as_apollos_protocol_does(self) -> None:
        """Appendix A, the note on automatic persisted queries."""
        name = f"sha256:{document_hash('{ row { name } }')}"
        async with small_client() as client:
            await post(client, documentId=name, query="{ row { name } }")
            answer = await post(client, documentId=name)
        assert answer.json() == {"data": {"row": {"name": "row"}}}

    async def test_other_documents_are_served_beside_trusted_ones(self) -> None:
        """Unless the operator says "only these"."""
        async with trusting() as client:
            assert (await post(client, query="{ row { name } }")).json() == {"data": {"row": {"name": "row"}}}


class TestOnlyTrusted:
    """The mode in which there are no other documents."""

    @pytest.mark.parametrize("ask", [post, get])
    @pytest.mark.parametrize(
        "parameters",
        [
            {"query": "{ hello }"},
            {"query": HELLO + " "},
            {"query": "{ __schema { types { name } } }"},
            {"query": "{ __typename }"},
            {"query": "{"},
            {"query": "{ hello }", **persisted(document_hash("{ hello }"))},
            {"documentId": "nothing"},
            {"documentId": f"sha256:{document_hash('{ hello }')}", "query": "{ hello }"},
        ],
    )
    async def test_any_other_document_is_refused_unread(self, ask: Any, parameters: dict[str, Any], work: Work) -> None:
        """Introspection too, and what differs by a blank; nothing of it is parsed."""
        async with trusting(trusted_documents_only=True) as client:
            answer = await ask(client, **parameters)
        assert (answer.status_code, code(answer)) == (400, "DOCUMENT_NOT_TRUSTED")
        assert work.parsed == len(MANIFEST)

    async def test_automatic_registration_is_not_supported(self) -> None:
        """The client is told to send the text, which is then judged as any."""
        by_hash = persisted(document_hash("{ hello }"))
        async with trusting(trusted_documents_only=True) as client:
            answer = await post(client, **by_hash)
            await post(client, query="{ hello }", **by_hash)
            after = await post(client, **by_hash)
        assert code(answer) == code(after) == "PERSISTED_QUERY_NOT_SUPPORTED"
        assert answer.json()["errors"][0]["message"] == "PersistedQueryNotSupported"

    async def test_a_browser_gets_no_page_without_an_ide(self) -> None:
        """The application gives this endpoint none in this mode."""
        async with trusting(trusted_documents_only=True) as client:
            assert (await client.get("/graphql", headers={"accept": "text/html"})).status_code == 406
        async with trusting(ide=GraphQLIDE()) as client:
            assert (await client.get("/graphql", headers={"accept": "text/html"})).status_code == 200

    def test_the_mode_needs_documents(self) -> None:
        """An endpoint that serves nothing is a mistake."""
        with pytest.raises(ValueError, match="no trusted documents"):
            small_client(trusted_documents_only=True)


class TestManifest:
    """The file, and what is wrong with it in one sentence."""

    def test_both_formats_are_read(self, tmp_path: Path) -> None:
        """Relay's and GraphQL Code Generator's map, and Apollo's list."""
        apollo = {
            "format": "apollo-persisted-query-manifest",
            "version": 1,
            "operations": [{"id": "hello", "name": "Hello", "type": "query", "body": HELLO}],
        }
        for content in ({"hello": HELLO}, apollo):
            path = tmp_path / "manifest.json"
            path.write_bytes(orjson.dumps(content))
            assert read_manifest(path) == {"hello": HELLO}

    @pytest.mark.parametrize(
        "content",
        [
            b"[]",
            b'"x"',
            b'{"a": 1}',
            b'{"a": ""}',
            b'{"": "{hello}"}',
            b'{"format": "apollo-persisted-query-manifest", "version": 2, "operations": []}',
            b'{"format": "apollo-persisted-query-manifest", "version": 1}',
            b'{"format": "apollo-persisted-query-manifest", "version": 1, "operations": [1]}',
            b'{"format": "apollo-persisted-query-manifest", "version": 1, "operations": [{"id": "a"}]}',
        ],
    )
    def test_another_shape_is_refused(self, content: bytes, tmp_path: Path) -> None:
        """With the file's name."""
        path = tmp_path / "manifest.json"
        path.write_bytes(content)
        with pytest.raises(TrustedDocumentsError, match=r"manifest\.json is no manifest"):
            read_manifest(path)

    def test_what_is_no_json_is_refused_with_its_place(self, tmp_path: Path) -> None:
        """Line and column."""
        path = tmp_path / "manifest.json"
        path.write_text('{"a":\n  nonsense}')
        with pytest.raises(TrustedDocumentsError, match=r"not JSON \(line 2, column \d+\)"):
            read_manifest(path)
        with pytest.raises(TrustedDocumentsError, match="cannot be read"):
            read_manifest(tmp_path / "nothing")

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("{", "Syntax Error"),
            ("{ nothing }", "Cannot query field 'nothing'"),
            ("{ " + "a: hello " * 31 + "}", "too many aliases"),
            ("{ hello " + " " * 70_000 + "}", "too long"),
            ("query A { hello } query B { rows(first: 10000) { name rows { name } } }", "too much at once"),
        ],
    )
    def test_an_unacceptable_document_is_named(self, text: str, reason: str) -> None:
        """By its id, with what is wrong."""
        with pytest.raises(TrustedDocumentsError, match=f"`wrong` is not valid: .*{reason}"):
            TrustedDocuments({**MANIFEST, "wrong": text}, SCHEMA, Limits())
