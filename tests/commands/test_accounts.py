"""`dossier account` as the administrators learn of it: a record of each change, and an entry in the trail."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.api import Api, demo
from tests.command import environment, run_dossier

PASSWORD = "correct horse battery"
CHANGES = """{ accountChanges(first: 9) { nodes {
    act state reason roles purposes department { code } createdBy { username displayName } staff { username } } } }"""


@pytest.fixture(scope="module")
async def api(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    async with demo(mongodb_uri, tmp_path_factory.mktemp("accounts"), 5) as api:
        yield api


@pytest.fixture(scope="module")
def environ(api: Api, mongodb_uri: str) -> dict[str, str]:
    place = api.services.storage.trail.heads_path.parent
    return environment(data_dir=place, mongodb_uri=mongodb_uri, database=api.services.database.name)


async def told(api: Api) -> list[dict[str, Any]]:
    answer = await api.ask("demo.policy", CHANGES, purpose="supervision")
    return list(answer["data"]["accountChanges"]["nodes"])


async def entries(api: Api, command: str) -> list[dict[str, Any]]:
    """Those of the trail about a command."""
    blocks = api.services.database["audit_blocks"].find({"body.entries.operation.name": command})
    found = [entry async for block in blocks for entry in block["body"]["entries"]]
    return [entry for entry in found if entry["operation"].get("name") == command]


async def test_an_account_added_on_the_host_is_told_to_the_administrators(api: Api, environ: dict[str, str]) -> None:
    """With what it has, why, and by whom; the trail names the record and the account. It can log in."""
    given = ["--role", "auditor", "--purpose", "supervision", "--department", "credit", "--why", "the audit begins"]
    added = run_dossier(environ, "account", "add", "ann", *given, stdin=f"{PASSWORD}\n")
    assert added.returncode == 0, added.stderr
    [change] = await told(api)
    assert change == {
        "act": "ADDED",
        "state": "DONE",
        "reason": "the audit begins",
        "roles": ["auditor"],
        "purposes": ["SUPERVISION"],
        "department": {"code": "credit"},
        "createdBy": {"username": "operator", "displayName": "Host operator · 主机运维"},
        "staff": {"username": "ann"},
    }
    [entry] = [
        entry
        for entry in await entries(api, "account add")
        if any(touch.get("names") == ["ann"] for touch in entry["touches"])
    ]
    assert (entry["username"], entry["roles"], entry["operation"]["type"]) == ("operator", [], "command")
    stored = await api.services.database["account_changes"].find_one({})
    assert stored is not None
    by_kind = {touch["kind"]: touch for touch in entry["touches"]}
    assert by_kind["account_change"]["records"] == [stored["_id"]]
    assert (by_kind["account"]["act"], by_kind["account"]["names"]) == ("create", ["ann"])
    assert PASSWORD not in str(entry)
    account = await api.services.accounts.get("ann")
    assert account is not None
    assert not account.disabled


async def test_an_account_disabled_on_the_host_is_told(api: Api, environ: dict[str, str]) -> None:
    """Of nobody there is nothing to tell."""
    before = len(await told(api))
    assert run_dossier(environ, "account", "disable", "demo.agent").returncode == 0
    assert run_dossier(environ, "account", "disable", "nobody").returncode == 1
    changes = await told(api)
    assert len(changes) == before + 1
    [change] = [change for change in changes if change["act"] == "DISABLED"]
    assert (change["staff"]["username"], change["createdBy"]["username"]) == ("demo.agent", "operator")
    assert len(await entries(api, "account disable")) == 1


async def test_an_account_is_told_of_though_the_trail_takes_nothing_now(api: Api, environ: dict[str, str]) -> None:
    """The command says so; its entry lies with the account and is in the trail as soon as that is written again."""
    database, given = api.services.database, ["--role", "auditor", "--purpose", "supervision"]
    await database.command("collMod", "audit_blocks", validator={"never": True})
    try:
        added = run_dossier(environ, "account", "add", "bob", *given, stdin=f"{PASSWORD}\n")
    finally:
        await database.command("collMod", "audit_blocks", validator={})
    assert added.returncode == 1
    assert "the audit trail cannot be written" in added.stderr
    assert "bob" in {change["staff"]["username"] for change in await told(api)}
    await api.services.storage.trail.takeover.sweep(timedelta(days=-1))
    told_of = [touch.get("names") for entry in await entries(api, "account add") for touch in entry["touches"]]
    assert ["bob"] in told_of


async def test_rules_that_are_restored_on_the_host_leave_an_entry(
    api: Api, environ: dict[str, str], tmp_path: Path
) -> None:
    """They are put in force only where nobody can change those that are."""
    assert run_dossier(environ, "policy", "export", str(tmp_path)).returncode == 0
    changed = await api.services.database["rule_set_state"].update_one({}, {"$set": {"activated_by": "somebody"}})
    assert changed.modified_count == 1
    restored = run_dossier(environ, "policy", "import", str(tmp_path), "--restore", "--why", "a forged pointer")
    assert restored.returncode == 0, restored.stderr
    [entry] = [entry for entry in await entries(api, "policy activate") if entry["username"] == "operator"]
    assert [touch["kind"] for touch in entry["touches"]] == ["rule_set", "rules_in_force"]
