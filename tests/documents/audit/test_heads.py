"""Heads outside the database: the file, and the witnesses over HTTP."""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from documents.audit.chain import Chain, Head
from documents.audit.heads import LINE_BYTES, HeadsFile, head_json, parse_head, read_heads
from documents.audit.witness import Witnesses
from documents.chapters.audit.verification import is_signed
from tests.documents.audit.trails import KEY, KEYS, read, some_id
from tests.patience import until


def heads(count: int, chain_id: bytes = bytes(16)) -> list[Head]:
    """The heads of a chain's first blocks."""
    chain, found = Chain(chain_id, KEY), []
    for _ in range(count):
        block = chain.seal([read("agent.zhao", [some_id()])], datetime.now(UTC))
        chain.advance(block)
        found.append(block.head)
    return found


def test_a_line_is_the_head_and_its_signature_holds() -> None:
    """What is written reads back equal, and any other number in it is not what was signed."""
    (head,) = heads(1)
    back = parse_head(head_json(head))
    assert back == head
    assert is_signed(head, KEYS)
    assert not is_signed(head._replace(last=head.last + 1), KEYS)
    assert not is_signed(head._replace(at=head.at + timedelta(milliseconds=1)), KEYS)


@pytest.mark.parametrize("line", ["", "{}", "null", "[1]", '{"chain": 1}', "x" * 100])
def test_a_line_that_is_no_head_is_none(line: str) -> None:
    """And does not stop the reading of the others."""
    assert parse_head(line) is None


def test_the_file_holds_the_newest_head_of_every_chain_and_stays_small(tmp_path: Path) -> None:
    """Two processes that write to one file, in turn: a line for each, of the newest."""
    path = tmp_path / "heads.ndjson"
    one, other = HeadsFile(path), HeadsFile(path)
    for mine, theirs in zip(heads(50), heads(50, b"b" * 16), strict=True):
        one.write(mine)
        other.write(theirs)
    one.close()
    other.close()
    found = [head for _, head in read_heads(path)]
    assert [(head.chain, head.number) for head in found if head is not None] == [(bytes(16), 49), (b"b" * 16, 49)]
    assert path.stat().st_size == 2 * LINE_BYTES
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_new_process_leaves_the_lines_of_others_alone(tmp_path: Path) -> None:
    """After a restart the file goes on."""
    path = tmp_path / "heads.ndjson"
    for chain_id in (b"a" * 16, b"b" * 16):
        file = HeadsFile(path)
        file.write(heads(1, chain_id)[0])
        file.close()
    assert [head.chain for _, head in read_heads(path) if head is not None] == [b"a" * 16, b"b" * 16]


async def test_witnesses_get_the_newest_head_and_one_that_is_away_is_only_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A good one and a failing one: the good one has the newest head, as signed; the log names no address."""
    received: list[Head | None] = []

    async def witness(request: Request) -> Response:
        received.append(parse_head(json.dumps(await request.json())))
        return Response(status_code=204)

    async def refuse(_request: Request) -> Response:
        return Response(status_code=500)

    application = Starlette(routes=[Route("/w", witness, methods=["POST"]), Route("/r", refuse, methods=["POST"])])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application)) as client:
        witnesses = Witnesses(["http://secret:word@w.test/w", "http://secret:word@w.test/r"], client, interval=0.01)
        running = asyncio.create_task(witnesses.run())
        chain = heads(20)
        with caplog.at_level(logging.WARNING):
            for head in chain:
                witnesses.tell(head)
            await until(lambda: bool(received) and "witness 2" in caplog.text)
            await witnesses.deliver()
        running.cancel()
    assert received == [chain[-1]]
    assert "witness 2" in caplog.text
    assert "secret" not in caplog.text
