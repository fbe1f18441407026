"""docs/audit.md is enough: its script verifies a trail of the product, and stumbles over one that was changed."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from documents.audit.blocks import block_collection, ensure_block_indexes
from documents.audit.heads import HeadsFile
from documents.audit.trail import AuditTrail
from tests.documents.audit.trails import KEY, invented
from tests.patience import PROCESS_SECONDS

PAGE = Path(__file__).resolve().parents[3] / "docs" / "audit.md"


def by_hand(uri: str, database: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs the script of the page in a process of its own."""
    script = folder / "by_hand.py"
    script.write_text(
        PAGE.read_text(encoding="utf-8").partition("```python\n")[2].partition("```")[0], encoding="utf-8"
    )
    command = [sys.executable, str(script), uri, database, str(folder / "key.pem"), str(folder / "heads.ndjson")]
    return subprocess.run(command, capture_output=True, text=True, timeout=PROCESS_SECONDS, check=False, cwd=folder)


async def test_the_script_of_the_page_verifies_the_trail(
    mongodb_uri: str, database: AsyncDatabase[dict[str, Any]], tmp_path: Path
) -> None:
    """Two chains with their links and heads; then one field is changed in the database."""
    await ensure_block_indexes(database)
    heads, generator = HeadsFile(tmp_path / "heads.ndjson"), random.Random(3)
    (tmp_path / "key.pem").write_text(KEY.public_pem(), encoding="ascii")
    for _ in range(2):
        trail = AuditTrail(block_collection(database), KEY, heads.write)
        for _ in range(4):
            await trail.record(invented(generator))
    heads.close()
    untouched = by_hand(mongodb_uri, database.name, tmp_path)
    assert untouched.returncode == 0, untouched.stderr
    assert untouched.stdout == "8 blocks are as they were written\n"
    change = {"$set": {"body.entries.0.username": "somebody.else"}}
    await block_collection(database).update_one({"body.number": 2}, change)
    touched = by_hand(mongodb_uri, database.name, tmp_path)
    assert touched.returncode != 0
    assert "AssertionError" in touched.stderr
