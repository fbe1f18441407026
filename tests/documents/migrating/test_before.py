"""What was stored before there were layouts is migrated by the command, and then read as it was."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from documents.database.embedded import EmbeddedMongoDB
from documents.migrating.known import FILE_NAME, KnownLayouts
from documents.migrating.registry import this_layout
from settings import Settings
from tests.api import running
from tests.command import DOSSIER, ROOT, environment, run_dossier, run_dossier_process
from tests.documents.migrating.dump import answers, collections, restore
from tests.ports import unused_port

Database = AsyncDatabase[dict[str, Any]]


@pytest.fixture
async def environ(database: Database, mongodb_uri: str, tmp_path: Path) -> dict[str, str]:
    """The environment of an operator who has just installed this version."""
    await restore(database, tmp_path)
    return environment(data_dir=tmp_path, mongodb_uri=mongodb_uri, database=database.name)


def _run(environ: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return run_dossier(environ, *arguments)


def _refusal(database: Database) -> str:
    return (
        f"dossier: the database `{database.name}` was last used by an older version of Dossier: "
        "stop every process that uses it, make a backup, and run `dossier migrate`\n"
    )


async def _documents(database: Database) -> dict[str, list[dict[str, Any]]]:
    names = [name for name in await database.list_collection_names() if name != "layout"]
    return {name: await database[name].find(sort={"_id": 1}).to_list() for name in names}


async def test_after_the_migration_everything_is_read_as_before(
    environ: dict[str, str], database: Database, mongodb_uri: str, tmp_path: Path
) -> None:
    """Refused by every command until then; then each request has the answer that it had, encrypted fields among them,
    the trail is whole, and goes on."""
    kept = await _documents(database)
    for command in ("serve", "demo", "jobs", "keys", "account list", "policy history"):
        refused = _run(environ | {"DOSSIER_PORT": str(unused_port())}, *command.split())
        assert (refused.returncode, refused.stdout, refused.stderr) == (1, "", _refusal(database)), command
    assert await _documents(database) == kept, "who is refused changes nothing"
    migrated = _run(environ, "migrate")
    assert migrated.returncode == 0, migrated.stderr
    assert migrated.stdout.endswith("The database has the layout of this version now.\n")
    settings = Settings(data_dir=tmp_path, database=database.name, jobs="worker")
    async with running(settings, mongodb_uri) as api:
        for asked in answers():
            answer = await api.ask(asked["username"], asked["query"], purpose=asked["purpose"])
            assert answer["data"] == asked["data"], asked["query"]
    verified = _run(environ, "audit", "verify")
    assert verified.stdout.endswith("nothing is wrong\n"), verified.stdout


async def test_a_second_migration_does_nothing(environ: dict[str, str], database: Database) -> None:
    """It may be run whenever one is not sure."""
    assert _run(environ, "migrate").returncode == 0
    stored = await _documents(database)
    again = _run(environ, "migrate")
    assert (again.returncode, again.stdout) == (0, "There is nothing to migrate.\n")
    assert await _documents(database) == stored


async def test_a_layout_that_was_put_back_is_not_migrated_again(
    environ: dict[str, str], database: Database, tmp_path: Path
) -> None:
    """Whoever can write to the database alone could have old rows believed: they have no way to the file beside it."""
    KnownLayouts(tmp_path).keep(database.name, 1)
    stored = await _documents(database)
    refused = _run(environ, "migrate")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert f"`{database.name}` says that it has layout 0, but had layout 1 before" in refused.stderr
    assert await _documents(database) == stored
    (tmp_path / FILE_NAME).unlink()
    assert _run(environ, "migrate").returncode == 0


async def test_an_empty_database_needs_no_migration(database: Database, mongodb_uri: str, tmp_path: Path) -> None:
    """Whoever opens it first makes it, the command too."""
    environ = environment(data_dir=tmp_path / "var", mongodb_uri=mongodb_uri, database=database.name)
    assert _run(environ, "migrate").stdout == "There is nothing to migrate.\n"
    assert _run(environ, "jobs").returncode == 0


@pytest.mark.slow
async def test_a_demo_on_its_own_machine_migrates_itself(tmp_path: Path) -> None:
    """A newcomer who pulls a new version and runs it again has the customers of before; nobody else is asked to."""
    client: AsyncMongoClient[dict[str, Any]]
    with EmbeddedMongoDB(tmp_path, cache_gigabytes=0.25) as uri:
        async with AsyncMongoClient(uri, tz_aware=True) as client:
            await restore(client["dossier"], tmp_path)
    environ = environment(data_dir=tmp_path, port=unused_port())
    for command in ("jobs", "serve"):
        assert "run `dossier migrate`" in run_dossier_process(environ, command).stderr
    with subprocess.Popen(  # noqa: ASYNC220 - the loop has nothing else to do
        [*DOSSIER, "demo"], cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as demo:
        assert demo.stdout is not None
        said = []
        for line in demo.stdout:
            said.append(line)
            if "Dossier is ready" in line:
                demo.terminate()
        assert "Dossier is ready" in "".join(said)
        assert "Making demo customers" not in "".join(said)
    assert run_dossier_process(environ, "jobs").returncode == 0


def test_every_index_of_then_is_still_declared() -> None:
    """Or a list that it served would be slow; one that is not wanted any more is taken off here on purpose."""
    declared = {
        (collection, model.document["name"]) for collection, models in this_layout().indexes.items() for model in models
    }
    made = {(dumped["collection"], index["name"]) for dumped in collections() for index in dumped["indexes"]}
    assert made - declared == set()
