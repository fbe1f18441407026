"""`dossier policy` as an operator meets it: files, exit codes and sentences."""

from __future__ import annotations

import asyncio
import subprocess
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo import AsyncMongoClient, MongoClient

from documents.registry import FULL_CATALOGUE
from policies.changing.casbin_files import MODEL, POLICY, TESTS, PolicyFilesError, read_files, write_files
from policies.changing.policy_tests import default_tests
from tests.accounts import change_accounts, opened_accounts
from tests.command import environment, run_dossier
from tests.policies.rule_sets import default_rules

WIDER = "p, archivist, all, *, telephone, read, archive_keeping, allow\n"


@pytest.fixture(scope="module")
def environ(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """An installation on an empty database, with two accounts that may write rules and one that may not."""
    name = f"test_{uuid.uuid4().hex}"
    environ = environment(data_dir=tmp_path_factory.mktemp("var"), mongodb_uri=mongodb_uri, database=name)
    for username, role in (("tang", "policy_administrator"), ("xu", "policy_administrator"), ("lin", "archivist")):
        arguments = ["account", "add", username, "--role", role, "--purpose", "supervision"]
        added = run_dossier(environ, *arguments, stdin="correct horse battery\n")
        assert added.returncode == 0, added.stderr
    client: MongoClient[dict[str, Any]]
    with MongoClient(mongodb_uri) as client:
        asyncio.run(_clear_all(mongodb_uri, name, Path(environ["DOSSIER_DATA_DIR"])))
        yield environ
        client.drop_database(name)


async def _clear_all(uri: str, name: str, data_dir: Path) -> None:
    client: AsyncMongoClient[dict[str, Any]]
    async with AsyncMongoClient(uri, tz_aware=True) as client:
        accounts = await opened_accounts(client[name], data_dir)
        await change_accounts(accounts, {}, cleared_until=datetime.now(UTC) + timedelta(days=10))


def policy(environ: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return run_dossier(environ, "policy", *arguments)


def test_files_are_read_back_as_they_were_written(tmp_path: Path) -> None:
    """Rules, roles and tests; the model that Casbin reads is beside them."""
    rules, tests = default_rules(), default_tests()
    write_files(tmp_path / "out", rules, tests)
    assert read_files(tmp_path / "out", FULL_CATALOGUE) == (rules, tests)
    assert read_files(tmp_path / "out" / POLICY, FULL_CATALOGUE) == (rules, None)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {MODEL, POLICY, TESTS}


def test_another_model_and_every_bad_line_are_refused(tmp_path: Path) -> None:
    """Comments and spaces of a model do not matter; its meaning does."""
    write_files(tmp_path, default_rules(), ())
    model = tmp_path / MODEL
    model.write_text("# ours\n" + model.read_text().replace("&&", " && "))
    read_files(tmp_path, FULL_CATALOGUE)
    model.write_text(model.read_text().replace("!some(where (p.eft == deny))", "true"))
    with pytest.raises(PolicyFilesError):
        read_files(tmp_path, FULL_CATALOGUE)
    csv = tmp_path / "bad.csv"
    csv.write_text(
        "g, clerk, everyone\np, clark, all, *, name, read, *, allow\np, clerk, al, *, name, read, *, allow\n"
    )
    with pytest.raises(PolicyFilesError) as refused:
        read_files(csv, FULL_CATALOGUE)
    assert [reason.split(", ", 1)[1] for reason in refused.value.reasons] == [
        "line 2: unknown role `clark`; did you mean `clerk`?",
        "line 3: unknown scope `al`; did you mean `all`?",
    ]


def test_what_is_exported_is_imported_as_a_draft(environ: dict[str, str], tmp_path: Path) -> None:
    """Under the rights of the account that is named; nothing is in force by that."""
    exported = policy(environ, "export", str(tmp_path))
    assert exported.returncode == 0, exported.stderr
    assert read_files(tmp_path, FULL_CATALOGUE) == (default_rules(), default_tests())
    made = policy(environ, "import", str(tmp_path), "--as", "tang", "--why", "a copy")
    assert made.returncode == 0, made.stderr
    assert "is to be submitted and approved" in made.stdout
    for username, reason in (("lin", "may not write drafts"), ("nobody", "there is no account")):
        refused = policy(environ, "import", str(tmp_path), "--as", username, "--why", "x")
        assert refused.returncode == 1
        assert reason in refused.stderr
    restored = policy(environ, "import", str(tmp_path), "--restore", "--why", "x")
    assert restored.returncode == 1
    assert "somebody can change the rules" in restored.stderr
    shown = policy(environ, "history")
    assert shown.stdout.count("\n") == 2
    assert "in force" in shown.stdout


def test_failing_tests_are_an_exit_code_and_a_readable_cell(environ: dict[str, str], tmp_path: Path) -> None:
    """Those in force hold; a wider file fails by the rule that is named."""
    held = policy(environ, "test")
    assert (held.returncode, held.stdout) == (0, f"{len(default_tests())} tests: all hold\n"), held.stderr
    wider = tmp_path / POLICY
    wider.write_text(default_rules().to_csv() + WIDER)
    failed = policy(environ, "test", str(wider))
    assert failed.returncode == 1
    assert failed.stdout.splitlines()[:3] == [
        "FAILED  archivist never sees *.@contact",
        "        archivist: individual.telephone for archive_keeping, in all",
        f"        by {WIDER.strip()}",
    ]
    shown = policy(environ, "diff", str(wider))
    assert shown.returncode == 0
    assert "gains" in shown.stdout
    assert "loses" not in shown.stdout


def test_who_reaches_a_field_is_printed_with_the_rule(environ: dict[str, str], tmp_path: Path) -> None:
    """By the rules in force or of a file; unknown names are refused with the nearest one."""
    in_force = policy(environ, "reach", "individual.id_number")
    assert in_force.returncode == 0, in_force.stderr
    assert not [line for line in in_force.stdout.splitlines() if line.startswith("service_agent")]
    read = next(line.split() for line in in_force.stdout.splitlines() if line.startswith("credit_officer"))
    assert read[:5] == ["credit_officer", "read", "plain", "all", "risk_assessment"]
    file = tmp_path / POLICY
    file.write_text("g, clerk, everyone\np, clerk, own, *, @identity, read, *, allow\n")
    of_file = policy(environ, "reach", "individual.id_number", "--rules", str(file))
    assert [line.split() for line in of_file.stdout.splitlines()[1:]] == [
        ["clerk", "read", "plain", "own", "*", "p,", "clerk,", "own,", "*,", "@identity,", "read,", "*,", "allow"]
    ]
    nobody = policy(environ, "reach", "ticket.subject", "--rules", str(file))
    assert nobody.stdout == "Nobody reaches ticket.subject.\n"
    for name, nearest in (
        ("individal.name", "unknown kind `individal`; did you mean `individual`?"),
        ("individual.id_numbr", "unknown field of individual `id_numbr`; did you mean `id_number`?"),
        ("individual", "`individual` names no field: write KIND.FIELD, as in `individual.id_number`"),
    ):
        refused = policy(environ, "reach", name, "--rules", str(file))
        assert (refused.returncode, refused.stderr) == (1, f"dossier: {nearest}\n")


def test_rules_that_nobody_can_change_are_restored(environ: dict[str, str], mongodb_uri: str, tmp_path: Path) -> None:
    """The way back where a database was tampered with: and only by rules that somebody can change."""
    client: MongoClient[dict[str, Any]]
    with MongoClient(mongodb_uri) as client:
        client[environ["DOSSIER_DATABASE"]]["rule_sets"].update_one({"_id": 1}, {"$set": {"rules": []}})
    locked = tmp_path / "locked.csv"
    locked.write_text("g, archivist, everyone\np, archivist, all, *, name, read, archive_keeping, allow\n")
    refused = policy(environ, "import", str(locked), "--restore", "--why", "x")
    assert refused.returncode == 1
    write_files(tmp_path / "good", default_rules(), default_tests())
    restored = policy(environ, "import", str(tmp_path / "good"), "--restore", "--why", "the way back")
    assert (restored.returncode, restored.stdout) == (0, "Version 2 is in force.\n"), restored.stderr
