"""The endpoint against npm's `graphql-http` audits of the GraphQL over HTTP specification, over a real socket."""

from __future__ import annotations

import json
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import strawberry
from starlette.applications import Starlette
from starlette.routing import Route
from strawberry.asgi import GraphQL

import app
from settings import Settings
from tests.patience import PROCESS_SECONDS
from tests.web.server import serving
from tests.web.small_schema import Query, small_endpoint

AUDIT = Path(__file__).parent / "audit"


def installed_audit() -> Path:
    """The audit script with its packages installed from the lock file; fails in plain words without Node.js."""
    npm = shutil.which("npm")
    if shutil.which("node") is None or npm is None:
        pytest.fail("this test needs Node.js 20 or newer with npm: it runs the audits of the npm package graphql-http")
    if not (AUDIT / "node_modules" / "graphql-http").is_dir():
        subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=AUDIT, check=True, capture_output=True, timeout=300)
    return AUDIT / "audit.mjs"


def audit_results(url: str, headers: dict[str, str] | None = None) -> list[dict[str, str | None]]:
    """What each audit says of the server at `url`: `id`, `name`, `reason`, and `status` (ok, notice, warn, error)."""
    script = installed_audit()
    ran = subprocess.run(
        ["node", script, url, json.dumps(headers or {})],
        cwd=AUDIT,
        check=True,
        capture_output=True,
        timeout=PROCESS_SECONDS,
    )
    results: list[dict[str, str | None]] = json.loads(ran.stdout)
    return results


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The address of a small schema behind the real endpoint on a real server."""
    with serving(Starlette(routes=[Route("/graphql", small_endpoint())])) as address:
        yield f"{address}/graphql"


def test_graphql_http_audits_pass_without_error_warning_or_notice(url: str) -> None:
    """Every audit is "ok", which is stricter than no error and no warning."""
    results = audit_results(url)
    assert len(results) > 50
    assert [result for result in results if result["status"] != "ok"] == []


def test_the_product_itself_passes_the_audits(mongodb_uri: str, tmp_path: Path) -> None:
    """The whole application on its database, asked by nobody who has logged in."""
    application = app.create_app(Settings(data_dir=tmp_path, database=f"test_{uuid.uuid4().hex}"), mongodb_uri)
    with serving(application, lifespan="on") as address:
        results = audit_results(f"{address}/graphql")
    assert len(results) > 50
    assert [result for result in results if result["status"] != "ok"] == []


def test_audits_find_a_server_that_breaks_the_specification() -> None:
    """The audits can fail: Strawberry's own endpoint does not meet them all."""
    with serving(Starlette(routes=[Route("/graphql", GraphQL(strawberry.Schema(Query)))])) as address:
        results = audit_results(f"{address}/graphql")
    assert [result for result in results if result["status"] in ("warn", "error")]
