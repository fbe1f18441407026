"""`dossier audit` as an operator or an outside auditor runs it: exit codes, findings, and what it needs."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path
from typing import Any

import bson
import pytest
from bson import ObjectId
from bson.raw_bson import RawBSONDocument
from pymongo.asynchronous.database import AsyncDatabase

from documents.audit.blocks import block_collection, ensure_block_indexes
from documents.audit.heads import HeadsFile
from documents.audit.trail import AuditTrail
from tests.command import environment, run_dossier
from tests.documents.audit.trails import KEY, invented, of_format_1, read

Database = AsyncDatabase[dict[str, Any]]


@pytest.fixture
async def environ(mongodb_uri: str, database: Database, tmp_path: Path) -> dict[str, str]:
    """A data directory with key and heads, and a trail of eleven blocks in the database."""
    await ensure_block_indexes(database)
    data_dir = tmp_path / "var"
    data_dir.mkdir()
    (data_dir / "audit-key.pem").write_text(KEY.public_pem(), encoding="ascii")
    heads, generator = HeadsFile(data_dir / "audit-heads.ndjson"), random.Random(5)
    trail = AuditTrail(block_collection(database), KEY, heads.write)
    for _ in range(10):
        await trail.record(invented(generator))
    await trail.record(read("agent.wu", [ObjectId("0" * 23 + "7"), ObjectId("0" * 23 + "8")]))
    heads.close()
    return environment(data_dir=data_dir, mongodb_uri=mongodb_uri, database=database.name)


def run(environ: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """`dossier audit` with these arguments."""
    return run_dossier(environ, "audit", *arguments)


def test_an_untouched_trail_is_said_to_be_whole(environ: dict[str, str]) -> None:
    """One line, exit code 0; neither root key nor server is needed."""
    result = run(environ, "verify")
    assert (result.returncode, result.stdout) == (
        0,
        "11 blocks, 1 heads, 0 rows against 0 change entries: nothing is wrong\n",
    ), result.stderr


async def test_a_changed_block_is_named(environ: dict[str, str], database: Database) -> None:
    """Exit code 1, and a line with time, chain, block and what is wrong."""
    blocks = block_collection(database)
    await blocks.update_one({"body.number": 4}, {"$set": {"body.entries.0.outcome": "ok", "body.entries.0.x": 1}})
    block = await blocks.find_one({"body.number": 4})
    assert block is not None
    result = run(environ, "verify")
    assert result.returncode == 1
    finding, total = result.stdout.splitlines()
    assert f"chain {block['body']['chain'].hex()} block 4 entries 5–5: the block was altered" in finding
    assert finding.startswith(block["body"]["at"].isoformat(timespec="milliseconds"))
    assert total.endswith("1 findings")


async def test_a_trail_cut_short_is_missed_through_the_heads_file(environ: dict[str, str], database: Database) -> None:
    """Also by a copy of the file that somebody else kept; without any, the summary says what was not checked."""
    await block_collection(database).delete_one({"body.number": 10})
    assert "ends before a head that was published" in run(environ, "verify").stdout
    heads = Path(environ["DOSSIER_DATA_DIR"]) / "audit-heads.ndjson"
    copy = heads.rename(heads.with_name("kept elsewhere"))
    without = run(environ, "verify")
    assert (without.returncode, without.stdout) == (
        0,
        (
            "10 blocks, no heads: the end of each chain was not checked, 0 rows against 0 change entries: "
            "nothing is wrong\n"
        ),
    )
    assert run(environ, "verify", "--heads", str(copy)).returncode == 1


def test_the_public_key_is_printed_and_can_be_given(environ: dict[str, str], tmp_path: Path) -> None:
    """What `key` prints is what `verify --key` takes; another key verifies nothing; a file without one is refused."""
    printed = run(environ, "key").stdout
    assert printed.strip() == KEY.public_pem().strip()
    given = tmp_path / "given.pem"
    given.write_text(printed, encoding="ascii")
    assert run(environ, "verify", "--key", str(given)).returncode == 0
    given.write_text("nothing", encoding="ascii")
    refused = run(environ, "verify", "--key", str(given))
    assert refused.returncode == 1
    assert refused.stderr.startswith("dossier: ")
    assert refused.stderr.count("\n") == 1


def test_a_proof_of_a_customer_is_checked_with_nothing_but_the_key(environ: dict[str, str], tmp_path: Path) -> None:
    """No database, no data directory: the file and the public key. A changed file ends with 1 and shows nothing."""
    customer = "0" * 23 + "7"
    proof, key = tmp_path / "proof.json", tmp_path / "key.pem"
    key.write_text(KEY.public_pem(), encoding="ascii")
    made = run(environ, "prove", str(proof), "--customer", f"individual_{customer}", "--since", "2020-01-01T00:00:00Z")
    assert (made.returncode, made.stdout) == (0, f"1 entries of 1 blocks are in {proof}.\n"), made.stderr
    elsewhere = environment(data_dir=tmp_path / "none", mongodb_uri="mongodb://127.0.0.1:1", database="none")
    checked = run(elsewhere, "check-proof", str(proof), "--key", str(key))
    assert checked.returncode == 0, checked.stderr
    line, total = checked.stdout.splitlines()
    assert f"customer {customer} agent.wu customer_service query Page ok: read individual plain name, status" in line
    assert total.endswith("1 of 1 entries of 1 signed blocks are proven; 0 blocks between these are not shown")
    assert not (tmp_path / "none").exists()
    proof.write_text(proof.read_text("utf-8").replace("agent.wu", "agent.li"), "utf-8")
    refused = run(elsewhere, "check-proof", str(proof), "--key", str(key))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "the proof does not hold: entry" in refused.stderr


async def test_a_proof_of_a_period_has_all_of_it_and_older_blocks_are_said_to_be_missing(
    environ: dict[str, str], database: Database, tmp_path: Path
) -> None:
    """Blocks of format 1 prove nothing; an altered block is proven to nobody, and leaves no file."""
    older, _ = of_format_1()
    await block_collection(database).insert_many([RawBSONDocument(block) for block in older])
    proof = tmp_path / "proof.json"
    made = run(environ, "prove", str(proof), "--since", "2020-01-01T00:00:00Z", "--until", "2100-01-01T00:00:00Z")
    assert made.returncode == 0, made.stderr
    assert "11 entries of 11 blocks" in made.stdout
    assert f"{sum(len(bson.decode(block)['body']['entries']) for block in older)} older entries" in made.stderr
    checked = run(environ, "check-proof", str(proof), "--key", str(tmp_path / "var" / "audit-key.pem"))
    assert checked.stdout.splitlines()[-1].endswith(
        "11 of 11 entries of 11 signed blocks are proven; 0 blocks between these are not shown"
    )
    await block_collection(database).update_one({"body.number": 4}, {"$set": {"body.entries.0.username": "nobody"}})
    again = run(environ, "prove", str(tmp_path / "again.json"), "--since", "2020-01-01T00:00:00Z")
    assert again.returncode == 1
    assert "was altered" in again.stderr
    assert not (tmp_path / "again.json").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name a customer"),
        (("--customer", "nobody"), "nobody is no id of a customer"),
        (("--since", "2026-01-01"), "invalid"),
        (("--until", "soon"), "invalid"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(
    environ: dict[str, str], tmp_path: Path, arguments: Any, said: str
) -> None:
    """With one sentence, and without a file."""
    refused = run(environ, "prove", str(tmp_path / "proof.json"), *arguments)
    assert refused.returncode != 0
    assert said in refused.stderr
    assert not (tmp_path / "proof.json").exists()


def test_a_file_that_exists_is_never_written_over(environ: dict[str, str], tmp_path: Path) -> None:
    """Nor removed."""
    (tmp_path / "proof.json").write_text("kept", "utf-8")
    refused = run(environ, "prove", str(tmp_path / "proof.json"), "--since", "2020-01-01T00:00:00Z")
    assert refused.returncode == 1
    assert (tmp_path / "proof.json").read_text("utf-8") == "kept"
