"""`dossier audit` as an operator or an outside auditor runs it: exit codes, findings, and what it needs."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path
from typing import Any

import pytest
from pymongo.asynchronous.database import AsyncDatabase

from documents.audit.blocks import block_collection, ensure_block_indexes
from documents.audit.heads import HeadsFile
from documents.audit.trail import AuditTrail
from tests.command import environment, run_dossier
from tests.documents.audit.trails import KEY, invented

Database = AsyncDatabase[dict[str, Any]]


@pytest.fixture
async def environ(mongodb_uri: str, database: Database, tmp_path: Path) -> dict[str, str]:
    """A data directory with key and heads, and a trail of ten blocks in the database."""
    await ensure_block_indexes(database)
    data_dir = tmp_path / "var"
    data_dir.mkdir()
    (data_dir / "audit-key.pem").write_text(KEY.public_pem(), encoding="ascii")
    heads, generator = HeadsFile(data_dir / "audit-heads.ndjson"), random.Random(5)
    trail = AuditTrail(block_collection(database), KEY, heads.write)
    for _ in range(10):
        await trail.record(invented(generator))
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
        "10 blocks, 1 heads, 0 rows against 0 change entries: nothing is wrong\n",
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
    await block_collection(database).delete_one({"body.number": 9})
    assert "ends before a head that was published" in run(environ, "verify").stdout
    heads = Path(environ["DOSSIER_DATA_DIR"]) / "audit-heads.ndjson"
    copy = heads.rename(heads.with_name("kept elsewhere"))
    without = run(environ, "verify")
    assert (without.returncode, without.stdout) == (
        0,
        "9 blocks, no heads: the end of each chain was not checked, 0 rows against 0 change entries: "
        "nothing is wrong\n",
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
