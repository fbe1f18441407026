"""`@defer` and `@stream` in the whole product: the same values and the same refusals as in one piece."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from schema.execution import executor
from tests.api import Api

PARTS = "multipart/mixed; incrementalSpec=v0.2"

WHOLE = """{ customers(first: 5, kinds: [INDIVIDUAL]) { totalCount nodes {
    id name ... on Individual { telephone idNumber annualIncome } } } }"""
DEFERRED = """{ customers(first: 5, kinds: [INDIVIDUAL]) { totalCount nodes {
    id name ... on Individual @defer { telephone idNumber annualIncome } } } }"""
STREAMED = WHOLE.replace("nodes {", "nodes @stream(initialCount: 2) {")
ROOT = """{ viewer { username } ... @defer { customers(first: 5, kinds: [INDIVIDUAL]) { totalCount nodes {
    id name ... on Individual { telephone idNumber annualIncome } } } } }"""


async def payloads(api: Api, username: str | None, query: str, purpose: str) -> list[dict[str, Any]]:
    """The payloads of an answer in parts."""
    headers = {"accept": PARTS, "dossier-purpose": purpose}
    if username is not None:
        headers["authorization"] = f"Bearer {await api.login(username)}"
    answer = await api.http.post("/graphql", json={"query": query}, headers=headers)
    assert answer.headers["content-type"].startswith("multipart/mixed"), answer.text
    parts = answer.content.removesuffix(b"\r\n-----\r\n").split(b"\r\n---")[1:]
    return [orjson.loads(part.split(b"\r\n\r\n")[1]) for part in parts]


def merged(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """The answer that a client puts together."""
    data, paths, extensions = parts[0]["data"], {}, {}
    for payload in parts:
        assert "errors" not in payload
        extensions.update(payload.get("extensions", {}))
        paths.update({pending["id"]: pending["path"] for pending in payload.get("pending", ())})
        for part in payload.get("incremental", ()):
            assert "errors" not in part
            target = data
            for key in [*paths[part["id"]], *part.get("subPath", ())]:
                target = target[key]
            target.extend(part["items"]) if "items" in part else target.update(part["data"])
    return {"data": data, "extensions": extensions}


@pytest.mark.parametrize("query", [DEFERRED, STREAMED, ROOT], ids=["deferred", "streamed", "deferred root"])
@pytest.mark.parametrize(
    ("username", "purpose"), [("demo.agent", "customer_service"), ("demo.credit", "risk_assessment")]
)
async def test_parts_say_what_the_whole_says(demo_api: Api, query: str, username: str, purpose: str) -> None:
    """Values, masks, nulls, and `extensions.access` with not one entry more."""
    whole = await demo_api.ask(username, WHOLE, purpose=purpose)
    parts = await payloads(demo_api, username, query, purpose)
    together = merged(parts)
    assert len(parts) > 1
    together["data"].pop("viewer", None)
    assert together["data"] == whole["data"]
    assert together["extensions"] == whole["extensions"]
    assert whole["extensions"]["access"]
    assert len(whole["data"]["customers"]["nodes"]) == 5


async def test_a_part_tells_of_no_access_before_it_was_judged(demo_api: Api) -> None:
    """A deferred root field is judged when it runs; nothing of it is in the first part."""
    first, *rest = await payloads(demo_api, "demo.agent", ROOT, "customer_service")
    assert "extensions" not in first
    assert any("access" in payload.get("extensions", {}) for payload in rest)


async def test_without_a_login_parts_give_nothing_either(demo_api: Api) -> None:
    """The refusal is the one of an answer in one piece."""
    whole = await demo_api.ask(None, WHOLE, purpose="customer_service")
    parts = await payloads(demo_api, None, ROOT, "customer_service")
    errors = [error for payload in parts for part in payload.get("incremental", ()) for error in part["errors"]]
    assert [error["extensions"] for error in errors] == [error["extensions"] for error in whole["errors"]]
    assert not any("access" in payload.get("extensions", {}) for payload in parts)


async def test_records_in_parts_take_the_ordinary_path(demo_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """No builder completes a row that is deferred or streamed; the same page in one piece is built."""
    built: list[Any] = []

    def counted(*arguments: Any) -> Any:
        rows, whole = build_rows(*arguments)
        built.extend(rows if whole else [row for row in rows if type(row) is executor._Built])
        return rows, whole

    build_rows = executor._build_rows
    monkeypatch.setattr(executor, "_build_rows", counted)
    await payloads(demo_api, "demo.agent", DEFERRED, "customer_service")
    await payloads(demo_api, "demo.agent", STREAMED, "customer_service")
    assert built == []
    await demo_api.ask("demo.agent", WHOLE, purpose="customer_service")
    assert len(built) == 5
