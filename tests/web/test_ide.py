"""The GraphQL IDE: who gets it, what it may load, and that it needs nothing from elsewhere."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route

from tests.patience import PROCESS_SECONDS
from tests.web.small_schema import small_endpoint
from web.http.security_headers import SecurityHeaders
from web.ide import DIRECTORY, FILES, GraphQLIDE

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"}

PARTS_OF_AN_ANSWER = ['{"data":{"名":"---"},"hasNext":true}', '{"incremental":[],"hasNext":false}']


def client_of(ide: GraphQLIDE) -> httpx.AsyncClient:
    """A client of an application with `ide` at its endpoint."""
    routes = [Route("/graphql", small_endpoint(ide=ide)), *ide.routes()]
    app = Starlette(routes=routes, middleware=[Middleware(SecurityHeaders)])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


@pytest.fixture
def installed(tmp_path: Path) -> GraphQLIDE:
    """An IDE whose files are all there."""
    for path in FILES.values():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("/* file */")
    (tmp_path / "node_modules" / "secret.js").write_text("secret")
    return GraphQLIDE(tmp_path)


async def test_a_browser_gets_the_page_and_a_client_an_answer(installed: GraphQLIDE) -> None:
    """By what they accept, at one address; also when the browser comes by a link from another site."""
    async with client_of(installed) as client:
        page = await client.get("/graphql", headers={**BROWSER, "sec-fetch-site": "cross-site"})
        answer = await client.get("/graphql", params={"query": "{hello}"})
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.json() == {"data": {"hello": "hello world"}}


async def test_a_browser_cannot_post_for_a_page(installed: GraphQLIDE) -> None:
    """Only GET has the page."""
    async with client_of(installed) as client:
        assert (
            await client.post("/graphql", json={"query": "{hello}"}, headers={"accept": "text/html"})
        ).status_code == 406


async def test_the_page_runs_under_a_strict_policy(installed: GraphQLIDE) -> None:
    """No inline script or style, nothing from another origin, no frame."""
    async with client_of(installed) as client:
        page = await client.get("/graphql", headers=BROWSER)
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=", page.text)


async def test_all_that_the_page_refers_to_is_served(installed: GraphQLIDE) -> None:
    """From this server, and by the names in the list."""
    async with client_of(installed) as client:
        page = await client.get("/graphql", headers=BROWSER)
        references = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        for reference in references:
            if reference != "data:,":
                assert (await client.get(f"/{reference}")).status_code == 200, reference
    assert len(references) > 5


@pytest.mark.parametrize(
    "path",
    [
        "secret.js",
        "page.html",
        "__init__.py",
        "package.json",
        "../__init__.py",
        "%2e%2e%2f__init__.py",
        "node_modules/secret.js",
    ],
)
async def test_nothing_else_is_served(installed: GraphQLIDE, path: str) -> None:
    """Names that are not in the list are not found, wherever they point."""
    async with client_of(installed) as client:
        assert (await client.get(f"/ide/{path}")).status_code == 404


async def test_without_graphiql_the_page_says_how_to_install_it(tmp_path: Path) -> None:
    """In both languages, without saying where the files are."""
    async with client_of(GraphQLIDE(tmp_path)) as client:
        page = await client.get("/graphql", headers=BROWSER)
    assert "npm ci --prefix web/ide" in page.text
    assert "尚未安装" in page.text
    assert str(tmp_path) not in page.text


def test_the_script_keeps_nothing_in_the_browser() -> None:
    """The token and the queries live in memory only."""
    script = (DIRECTORY / "page.js").read_text()
    assert not re.search(r"localStorage|sessionStorage|document\.cookie|indexedDB", script)
    assert re.search(r"^\s+storage,$", script, re.MULTILINE)


def test_the_page_reads_an_answer_in_parts_however_it_is_cut() -> None:
    """The script's own function, run by Node.js on a body that comes byte by byte, and all at once."""
    node = shutil.which("node")
    if node is None:
        pytest.fail("this test needs Node.js 20 or newer: it runs a function of the page")
    script = (DIRECTORY / "page.js").read_text()
    function = script[script.index("async function* partsOf") :].split("\n}\n")[0] + "\n}\n"
    body = "\r\n---" + "".join(
        f"\r\nContent-Type: application/json; charset=utf-8\r\n\r\n{part}\r\n---" for part in PARTS_OF_AN_ANSWER
    )
    program = f"""{function}
        for (const size of [1, 7, 100000]) {{
            const bytes = new TextEncoder().encode({json.dumps(body + "--" + chr(13) + chr(10))});
            const pieces = [];
            for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.slice(at, at + size));
            const parts = [];
            const answer = new Response(ReadableStream.from(pieces));
            for await (const part of partsOf(answer)) parts.push(JSON.stringify(part));
            console.log(JSON.stringify(parts));
        }}"""
    ran = subprocess.run(
        [node, "--input-type=module", "-e", program],
        check=True,
        capture_output=True,
        text=True,
        timeout=PROCESS_SECONDS,
    )
    assert [json.loads(line) for line in ran.stdout.splitlines()] == [PARTS_OF_AN_ANSWER] * 3


def test_both_languages_have_every_text() -> None:
    """Each key of one is a key of the other, and all that the page shows is among them."""
    script = (DIRECTORY / "page.js").read_text()
    en, zh = re.findall(r"^  (?:en|zh): \{\n(.*?)\n  \},", script, re.MULTILINE | re.DOTALL)
    keys = [set(re.findall(r"(?:^|\s)(\w+): '", part)) for part in (en, zh)]
    shown = set(re.findall(r'data-text="(\w+)"', (DIRECTORY / "page.html").read_text()))
    assert keys[0] == keys[1]
    assert shown <= keys[0]
    assert len(shown) > 8


def test_lock_files_name_no_registry() -> None:
    """Installation works with whichever registry the machine uses, and checks integrity."""
    root = Path(__file__).parents[2]
    for folder in ("web/ide", "web/console", "tests/audit", "tests/console"):
        text = (root / folder / "package-lock.json").read_text()
        assert '"resolved"' not in text
        assert '"integrity"' in text
