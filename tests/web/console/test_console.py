"""How the console's files are served: only its own, under a strict policy, and never one above its folder."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from httpx import ASGITransport, AsyncClient
from starlette.applications import Starlette

from policies.default import role_labels
from policies.rules.matching import EVERYONE
from tests.policies.rule_sets import default_rules
from web.console import CONTENT_SECURITY_POLICY, DIRECTORY, Console
from web.http.security_headers import SecurityHeaders


def client_of(directory: Path = DIRECTORY) -> AsyncClient:
    application = Starlette(routes=Console(directory).routes())
    application.add_middleware(SecurityHeaders)
    return AsyncClient(transport=ASGITransport(application), base_url="http://console.test")


@pytest.fixture
def client() -> AsyncClient:
    return client_of()


class TestPage:
    @pytest.mark.parametrize("path", ["/console/", "/console/customers", "/console/customers/individual_1/history"])
    async def test_every_path_that_is_no_file_is_the_page(self, client: AsyncClient, path: str) -> None:
        """The screen is found by the path, in the browser."""
        answer = await client.get(path)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/html")
        assert "<console-frame>" in answer.text

    async def test_without_a_slash_it_redirects(self, client: AsyncClient) -> None:
        """So that there is one address of the start."""
        assert (await client.get("/console")).headers["location"] == "/console/"

    async def test_its_policy_allows_nothing_inline_and_no_other_host(self, client: AsyncClient) -> None:
        """Neither script nor style nor frame."""
        policy = (await client.get("/console/")).headers["content-security-policy"]
        assert policy == CONTENT_SECURITY_POLICY
        assert "unsafe" not in policy
        assert "http" not in policy
        assert "frame-ancestors 'none'" in policy
        assert "require-trusted-types-for 'script'" in policy

    def test_it_holds_no_inline_script_or_style(self) -> None:
        """The policy would stop it; it must not be there either."""
        page = (DIRECTORY / "index.html").read_text()
        assert page.count("<script") == page.count('<script type="module" src="')
        assert "<style" not in page
        assert "style=" not in page

    async def test_without_its_package_it_says_how_to_install_it(self, tmp_path: Path) -> None:
        """In both languages, with the command."""
        for name in ("index.html", "not_installed.html"):
            (tmp_path / name).write_bytes((DIRECTORY / name).read_bytes())
        text = (await client_of(tmp_path).get("/console/")).text
        assert "npm ci --prefix web/console" in text
        assert "尚未安装控制台" in text


class TestRoles:
    def test_every_role_of_the_default_rules_has_both_labels(self) -> None:
        """And nothing else has: a label of no role would be of one that was renamed."""
        labels = role_labels()
        assert set(labels) == default_rules().roles | {EVERYONE}
        assert (
            len({label.en for label in labels.values()}) == len({label.zh for label in labels.values()}) == len(labels)
        )
        assert all(re.search("[A-Za-z]", label.en) and re.search("[一-鿿]", label.zh) for label in labels.values())

    async def test_the_console_is_given_them(self, client: AsyncClient) -> None:
        """As a module that its words and names import."""
        answer = await client.get("/console/policies/role_words.js")
        assert answer.headers["content-type"].startswith("text/javascript")
        roles, words = (json.loads(line.split(" = ", 1)[1].rstrip(";")) for line in answer.text.splitlines())
        assert roles == list(role_labels())
        assert words == {f"role.{role}": [label.en, label.zh] for role, label in role_labels().items()}


class TestFiles:
    async def test_modules_are_modules(self, client: AsyncClient) -> None:
        """With a type that browsers run, and asked for each time."""
        answer = await client.get("/console/main.js")
        assert answer.headers["content-type"].startswith("text/javascript")
        assert answer.headers["cache-control"] == "no-cache"

    async def test_an_unchanged_one_is_not_sent_again(self, client: AsyncClient) -> None:
        """304, by its entity tag."""
        tag = (await client.get("/console/main.js")).headers["etag"]
        assert (await client.get("/console/main.js", headers={"if-none-match": tag})).status_code == 304

    @pytest.mark.parametrize(
        "path",
        [
            "/console/nothing.js",
            "/console/%2e%2e/ide/page.js",
            "/console/core/%2e%2e/%2e%2e/ide/page.js",
            "/console/node_modules/@types/trusted-types/index.js",
            "/console/node_modules/lit-html/%2e%2e/other/x.js",
        ],
    )
    async def test_no_other_file_is_served(self, client: AsyncClient, path: str) -> None:
        """Not above the folder, and of packages the one that pages load."""
        assert (await client.get(path)).status_code == 404

    @pytest.mark.parametrize("name", ["package.json", "package-lock.json", "__init__.py"])
    async def test_what_no_page_loads_is_the_page(self, client: AsyncClient, name: str) -> None:
        """Only scripts, styles and pictures are files."""
        assert "<console-frame>" in (await client.get(f"/console/{name}")).text

    @pytest.mark.parametrize("path", sorted(DIRECTORY.glob("*/*.css")), ids=lambda path: path.name)
    def test_every_style_sheet_is_in_the_page(self, path: Path) -> None:
        """One that is not would never be loaded."""
        assert f'href="/console/{path.relative_to(DIRECTORY).as_posix()}"' in (DIRECTORY / "index.html").read_text()
