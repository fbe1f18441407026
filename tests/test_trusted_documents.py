"""Trusted documents in the whole product: what the settings turn on, and what a wrong manifest does to a start."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from pymongo import AsyncMongoClient

from settings import Settings
from tests.api import Api, running
from tests.command import environment, run_dossier
from tests.ports import unused_port

WHO = "query Who { viewer { username } }"
LIST = "query List($first: Int) { customers(first: $first) { nodes { id name ... @defer { region } } } }"
BROWSER = {"accept": "text/html,*/*;q=0.8"}


def manifest(directory: Path, texts: dict[str, str]) -> Path:
    """The manifest file of these documents."""
    path = directory / "manifest.json"
    path.write_bytes(orjson.dumps(texts))
    return path


@pytest.fixture
async def closed_api(
    mongodb_uri: str, mongodb_client: AsyncMongoClient[dict[str, Any]], tmp_path: Path
) -> AsyncIterator[Api]:
    """The application in the mode "only these", on an empty database."""
    name = f"test_{uuid.uuid4().hex}"
    trusted = manifest(tmp_path, {"who": WHO, "list": LIST})
    settings = Settings(data_dir=tmp_path, database=name, trusted_documents=trusted, trusted_documents_only=True)
    async with running(settings, mongodb_uri) as api:
        yield api
    await mongodb_client.drop_database(name)


async def test_only_trusted_documents_are_served(closed_api: Api) -> None:
    """Those by id, all others not, introspection among them."""
    trusted = await closed_api.http.post("/graphql", json={"documentId": "who"})
    assert trusted.json() == {"data": {"viewer": None}}
    for query in ("{ viewer { username } }", "{ __schema { queryType { name } } }", "mutation { logout { ok } }"):
        answer = await closed_api.http.post("/graphql", json={"query": query})
        assert answer.json()["errors"][0]["extensions"]["code"] == "DOCUMENT_NOT_TRUSTED"


async def test_what_helps_to_write_other_documents_is_not_served(closed_api: Api) -> None:
    """Neither the IDE nor its files nor the SDL."""
    page = await closed_api.http.get("/graphql", headers=BROWSER)
    assert (page.status_code, page.headers["content-type"]) == (400, "application/json; charset=utf-8")
    for path in ("/ide/page.js", "/schema.graphql"):
        assert (await closed_api.http.get(path)).status_code == 404


@pytest.mark.parametrize(
    ("texts", "named"),
    [
        ({"who": WHO, "broken": "{ viewer { nothing } }"}, ("`broken`", "nothing")),
        ({"deep": "{ " + "a: viewer { username } " * 31 + "}"}, ("`deep`", "aliases")),
    ],
)
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_wrong_manifest_fails_the_start_in_one_sentence(
    texts: dict[str, str], named: tuple[str, ...], workers: str, tmp_path: Path
) -> None:
    """Before a database is started, and once however many workers there are."""
    settings = {"workers": workers, "trusted_documents": manifest(tmp_path, texts)}
    ran = run_dossier(environment(data_dir=tmp_path / "var", port=unused_port(), **settings), "serve")
    assert ran.returncode == 1
    assert ran.stderr.startswith("dossier: DOSSIER_TRUSTED_DOCUMENTS: ")
    assert ran.stderr.count("\n") == 1
    for part in named:
        assert part in ran.stderr
    assert not (tmp_path / "var").exists()
