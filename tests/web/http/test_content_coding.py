"""Compression: which coding a client gets, what stays plain, and that the coded body is the body."""

from __future__ import annotations

import asyncio
import gzip
import threading
import zlib
from typing import Any, NamedTuple
from unittest.mock import patch

import brotli
import httpx
import pytest
import zstandard
from starlette.applications import Starlette
from starlette.routing import Route

from tests.web.small_schema import small_client
from web.graphql.schema_document import SchemaDocument
from web.http import content_coding
from web.http.content_coding import (
    CODINGS,
    LARGE,
    SMALL,
    Coding,
    accepted_codings,
    compress,
    compress_small,
    compressed,
)
from web.ide import FILES, GraphQLIDE

DECODE: dict[str, Any] = {"gzip": gzip.decompress, "br": brotli.decompress, "zstd": zstandard.decompress}
PAGE = "query { rows(first: 100) { name } }"
TEXT = b"".join(b"row %d of many, " % number for number in range(20_000))


class Raw(NamedTuple):
    """An answer as it came, before any decoding."""

    status: int
    headers: httpx.Headers
    body: bytes


async def raw(query: str, accept_encoding: str | None) -> Raw:
    """The answer to one POST."""
    async with small_client() as client:
        headers = {"accept-encoding": accept_encoding} if accept_encoding is not None else {}
        request = client.build_request("POST", "/graphql", json={"query": query}, headers=headers)
        if accept_encoding is None:
            del request.headers["accept-encoding"]
        answer = await client.send(request, stream=True)
        body = b"".join([chunk async for chunk in answer.aiter_raw()])
    return Raw(answer.status_code, answer.headers, body)


def coding_of(answer: Raw) -> str | None:
    """Its content coding; the length is checked on the way."""
    assert int(answer.headers["content-length"]) == len(answer.body)
    found: str | None = answer.headers.get("content-encoding")
    return found


class TestNegotiation:
    """RFC 9110 section 12.5.3."""

    @pytest.mark.parametrize(
        ("accept_encoding", "coding"),
        [
            (None, None),
            ("", None),
            ("gzip", "gzip"),
            ("x-gzip", "gzip"),
            ("GZIP", "gzip"),
            ("br", "br"),
            ("zstd", "zstd"),
            ("gzip, deflate, br, zstd", "zstd"),
            ("gzip, deflate, br", "br"),
            ("gzip;q=1.0, br;q=0.5, zstd;q=0", "gzip"),
            ("zstd;q=0.2 , br ; q=0.3", "br"),
            ("*", "zstd"),
            ("*;q=0.5, zstd;q=0", "br"),
            ("gzip;q=0", None),
            ("gzip;q=2", None),
            ("deflate", None),
            ("identity", None),
            ("identity;q=0.5, gzip;q=0.1", None),
            ("identity;q=0.5, gzip;q=0.5", "gzip"),
            ("identity;q=0, gzip;q=0.1", "gzip"),
            ("*;q=0, gzip", "gzip"),
        ],
    )
    async def test_the_best_liked_coding_is_used(self, accept_encoding: str | None, coding: str | None) -> None:
        """Of those equally liked the fastest; without a wish nothing is compressed."""
        answer = await raw(PAGE, accept_encoding)
        assert coding_of(answer) == coding
        assert answer.headers["vary"] == "Accept, Accept-Encoding, Accept-Language"

    @pytest.mark.parametrize("accept_encoding", ["identity;q=0", "*;q=0", "deflate, *;q=0", "identity;q=0, gzip;q=0"])
    async def test_a_client_that_takes_nothing_of_ours_is_told(self, accept_encoding: str) -> None:
        """406, before anything is executed."""
        answer = await raw("mutation { touch }", accept_encoding)
        assert answer.status == 406
        assert b"NOT_ACCEPTABLE" in answer.body

    async def test_a_small_answer_is_compressed_only_for_who_refuses_it_plain(self) -> None:
        """Below the threshold compressing saves no packet."""
        assert coding_of(await raw("{hello}", "gzip, br, zstd")) is None
        assert coding_of(await raw("{hello}", "gzip, identity;q=0")) == "gzip"

    def test_the_threshold_is_exact(self) -> None:
        """From so many bytes on."""
        codings = accepted_codings("br")
        assert (codings.for_size(SMALL - 1), codings.for_size(SMALL)) == (None, "br")


class TestBodies:
    """What arrives."""

    @pytest.mark.parametrize("coding", CODINGS)
    async def test_the_coded_answer_is_the_answer(self, coding: Coding) -> None:
        """Byte for byte, and smaller."""
        plain = (await raw(PAGE, None)).body
        coded = (await raw(PAGE, coding)).body
        assert DECODE[coding](coded) == plain
        assert len(coded) < len(plain) / 3

    @pytest.mark.parametrize("coding", CODINGS)
    @pytest.mark.parametrize("body", [b"", b"x", TEXT], ids=["empty", "short", "long"])
    def test_both_levels_can_be_read(self, coding: Coding, body: bytes) -> None:
        """By a reader that is not ours."""
        assert DECODE[coding](compress(body, coding)) == body
        assert DECODE[coding](compress_small(body, coding)) == body

    @pytest.mark.parametrize("coding", CODINGS)
    async def test_many_threads_compress_at_once(self, coding: Coding) -> None:
        """No state is shared between them."""
        bodies = [TEXT + b"%d" % number for number in range(8)]
        coded = await asyncio.gather(*(asyncio.to_thread(compress, body, coding) for body in bodies))
        assert [DECODE[coding](body) for body in coded] == bodies

    async def test_a_large_body_is_compressed_beside_the_event_loop(self) -> None:
        """And a short one in it: a thread would cost more."""
        threads: list[int] = []

        def noted(body: bytes, _coding: Coding) -> bytes:
            threads.append(threading.get_ident())
            return body

        with patch.object(content_coding, "compress", noted):
            await compressed(b"x" * (LARGE - 1), "gzip")
            await compressed(b"x" * LARGE, "gzip")
        assert threads[0] == threading.get_ident()
        assert threads[1] != threading.get_ident()


class TestExemptions:
    """What is never compressed, as its size would tell of its content."""

    async def test_answers_to_mutations_stay_plain(self) -> None:
        """Tokens are in them (login, refresh)."""
        aliases = " ".join(f"a{number:03}_{'x' * 40}: touch" for number in range(29))
        answer = await raw(f"mutation {{ {aliases} }}", "gzip, br, zstd")
        assert coding_of(answer) is None
        assert len(answer.body) > SMALL

    async def test_refusals_stay_plain(self) -> None:
        """They quote the request."""
        answer = await raw("{ " + " ".join(f"nothing{number}" for number in range(20)) + " }", "gzip")
        assert coding_of(answer) is None
        assert len(answer.body) > SMALL


class TestStaticTexts:
    """The schema and the files of the IDE."""

    @pytest.mark.parametrize("coding", CODINGS)
    async def test_texts_have_a_body_and_a_tag_for_each_coding(self, coding: Coding) -> None:
        """RFC 9110 section 8.8.3.3: a strong tag names bytes."""
        sdl = "type Query { field: Int }\n" * 100
        ide = GraphQLIDE()
        app = Starlette(routes=[Route("/schema.graphql", SchemaDocument(sdl).serve), *ide.routes()])
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            for path in ("/schema.graphql", "/ide/page.js"):
                assert "page.js" in FILES
                plain = await client.get(path, headers={"accept-encoding": "identity"})
                coded = await client.get(path, headers={"accept-encoding": coding})
                again = await client.get(
                    path, headers={"accept-encoding": coding, "if-none-match": coded.headers["etag"]}
                )
                assert coded.headers["content-encoding"] == coding
                assert "content-encoding" not in plain.headers
                assert (coded.content, coded.headers["vary"]) == (plain.content, "Accept-Encoding")
                assert int(coded.headers["content-length"]) < len(plain.content)
                assert coded.headers["etag"] != plain.headers["etag"]
                assert (again.status_code, again.content) == (304, b"")


def test_gzip_has_no_time_in_it() -> None:
    """Equal bodies have equal codings, today and tomorrow (RFC 1952: MTIME 0)."""
    coded = compress(TEXT, "gzip")
    assert coded[4:8] == b"\0\0\0\0"
    assert zlib.decompress(coded, 31) == TEXT
