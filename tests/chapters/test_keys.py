"""The keys over GraphQL and on the command line: the security officer sees and rotates them, and nobody else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

import app
from demo.accounts import DEMO_ACCOUNTS
from documents.chapters.encryption import rotation
from settings import Settings
from tests.api import Api, demo
from tests.command import environment, run_dossier
from tests.patience import patience

OFFICER = "demo.security"
KEYS = """{ keys { rootKeyProvider dataKeys oldestDataKeyAt trailKey
    vaultKeys { fingerprint state madeAt dataKeys secrets } } }"""
ROTATE = """mutation($i: RotateVaultKeyInput!) { rotateVaultKey(input: $i) {
    job { id name state done total } userErrors { code rule message field } } }"""
READ = "{ customers(first: 50) { nodes { id name ... on Individual { idNumber } } } }"
CUSTOMERS = 12


@pytest.fixture
async def api(mongodb_uri: str, tmp_path: Path) -> AsyncIterator[Api]:
    async with demo(mongodb_uri, tmp_path, customers=CUSTOMERS) as api:
        yield api


async def keys(api: Api) -> dict[str, Any]:
    answer = await api.ask(OFFICER, KEYS)
    assert "errors" not in answer
    return dict(answer["data"]["keys"])


async def test_the_officer_rotates_the_vault_key_and_follows_the_job_to_its_end(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Active and being replaced, then active and retired; every customer reads the same before and after."""
    monkeypatch.setattr(rotation, "SETTLING_SECONDS", 0.0)
    before, read = await keys(api), await api.ask("demo.credit", READ)
    assert [key["state"] for key in before["vaultKeys"]] == ["ACTIVE"]
    assert (before["rootKeyProvider"], before["dataKeys"]) == ("local_file", CUSTOMERS)
    replaced = before["vaultKeys"][0]
    assert replaced["dataKeys"] == CUSTOMERS
    answer = await api.ask(OFFICER, ROTATE, {"i": {"replaces": replaced["fingerprint"]}}, key="once")
    payload = answer["data"]["rotateVaultKey"]
    assert payload["userErrors"] == []
    assert (payload["job"]["name"], payload["job"]["state"]) == ("keys.rewrap", "QUEUED")
    assert [key["state"] for key in (await keys(api))["vaultKeys"]] == ["ACTIVE", "RETIRING"]
    again = await api.ask(OFFICER, ROTATE, {"i": {"replaces": replaced["fingerprint"]}}, key="once")
    assert again["data"]["rotateVaultKey"]["job"]["id"] == payload["job"]["id"]
    assert await api.ask("demo.credit", READ) == read
    job = await _done(api, tmp_path, payload["job"]["id"])
    assert (job["state"], job["done"]) == ("SUCCEEDED", job["total"])
    assert job["total"] == CUSTOMERS + replaced["secrets"]
    after = await keys(api)
    assert [(key["state"], key["dataKeys"], key["secrets"]) for key in after["vaultKeys"]] == [
        ("ACTIVE", CUSTOMERS, replaced["secrets"]),
        ("RETIRED", 0, 0),
    ]
    assert after["vaultKeys"][1]["fingerprint"] == replaced["fingerprint"]
    api.services.storage.keyring.evict(
        [row["_id"] async for row in api.services.database["data_keys"].find({}, {"_id": 1})]
    )
    assert await api.ask("demo.credit", READ) == read


async def _done(api: Api, data_dir: Path, job_id: str) -> dict[str, Any]:
    settings = Settings(data_dir=data_dir, database=api.services.database.name, jobs="worker")
    query = f'{{ job(id: "{job_id}") {{ state done total }} }}'
    async with app.job_engine(settings, api.services).running(), patience():
        while True:
            job = (await api.ask(OFFICER, query))["data"]["job"]
            if job["state"] in {"SUCCEEDED", "DEAD"}:
                return dict(job)
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("language", ["en", "zh-CN"])
async def test_who_replaces_a_key_that_is_replaced_already_is_told_so(api: Api, language: str) -> None:
    """In both languages, and nothing happens: a rotation is asked for with the key that was seen."""
    refused = await api.ask(OFFICER, ROTATE, {"i": {"replaces": "00000000"}}, language=language)
    [error] = refused["data"]["rotateVaultKey"]["userErrors"]
    assert (error["code"], error["rule"]) == ("RULE_BROKEN", "key.replaced_already")
    assert ("密钥" in error["message"]) is (language == "zh-CN")
    assert len((await keys(api))["vaultKeys"]) == 1


async def test_nobody_else_learns_of_the_keys_or_rotates_them(demo_api: Api) -> None:
    """Every other demo login, under each of its purposes, and who is not logged in."""
    before = await demo_api.services.database["vault_keys"].find().to_list()
    jobs = await demo_api.services.database["jobs"].count_documents({"name": "keys.rewrap"})
    fingerprint = rotation.fingerprint(before[0]["_id"])
    asking = [(None, None), *((one.username, purpose) for one in DEMO_ACCOUNTS for purpose in one.purposes)]
    for username, purpose in asking:
        if username == OFFICER:
            continue
        stated = purpose.value if purpose is not None else None
        seen = await demo_api.ask(username, KEYS, purpose=stated)
        assert seen["data"]["keys"] is None, username
        assert seen["errors"], username
        tried = await demo_api.ask(username, ROTATE, {"i": {"replaces": fingerprint}}, purpose=stated)
        assert _is_refused(tried), username
        assert fingerprint not in json.dumps([seen, tried])
    assert await demo_api.services.database["vault_keys"].find().to_list() == before
    assert await demo_api.services.database["jobs"].count_documents({"name": "keys.rewrap"}) == jobs


def _is_refused(answer: dict[str, Any]) -> bool:
    """Before there was a plan, or by it."""
    payload = (answer["data"] or {}).get("rotateVaultKey")
    if payload is None:
        return bool(answer["errors"])
    return payload["job"] is None and {error["code"] for error in payload["userErrors"]} == {"ACCESS_DENIED"}


async def test_no_key_and_no_id_of_one_leaves(api: Api) -> None:
    """Neither from the query nor from the mutation, allowed or refused; the trail has who looked."""
    stored = await api.services.database["vault_keys"].find().to_list()
    shown = [
        await keys(api),
        await api.ask(OFFICER, ROTATE, {"i": {"replaces": "?"}}),
        await api.ask(OFFICER, "{ keys }"),
    ]
    text = json.dumps(shown).lower()
    for each in stored:
        assert bytes(each["_id"]).hex() not in text
        assert bytes(each["wrapped"]).hex()[20:40] not in text
    entries = await api.ask(OFFICER, '{ auditTrail(field: "fingerprint", first: 5) { nodes { username } } }')
    assert {"username": OFFICER} in entries["data"]["auditTrail"]["nodes"]


async def test_the_operator_sees_and_rotates_the_keys_beside_running_servers(
    api: Api, mongodb_uri: str, tmp_path: Path
) -> None:
    """`dossier keys`, `keys rotate`, `keys rotate-root`: the server goes on, and the next process has the new file."""
    read = await api.ask("demo.credit", READ)
    listed = await _run(api, mongodb_uri, tmp_path, "keys")
    assert f"{CUSTOMERS} data keys" in listed
    assert "active" in listed
    rotated = await _run(api, mongodb_uri, tmp_path, "keys rotate")
    job_id = rotated.strip().rpartition(" ")[2]
    assert (await api.ask(OFFICER, f'{{ job(id: "job_{job_id}") {{ name }} }}'))["data"]["job"]["name"] == "keys.rewrap"
    before = (tmp_path / "root.key").read_bytes()
    exchanged = await _run(api, mongodb_uri, tmp_path, "keys rotate-root")
    assert (tmp_path / "root.key").read_bytes() != before
    [kept] = tmp_path.glob("root.key.*.old")  # noqa: ASYNC240 - one system call
    assert str(kept) in exchanged
    assert kept.read_bytes() == before
    assert await api.ask("demo.credit", READ) == read
    assert "retiring" in await _run(api, mongodb_uri, tmp_path, "keys")


async def _run(api: Api, uri: str, data_dir: Path, arguments: str) -> str:
    environ = environment(data_dir=data_dir, mongodb_uri=uri, database=api.services.database.name)
    result = await asyncio.to_thread(run_dossier, environ, *arguments.split())
    assert result.returncode == 0, result.stderr
    return result.stdout
