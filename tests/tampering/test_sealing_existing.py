"""What was stored before there were seals is sealed once and goes on; later an unsealed row is a forgery."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

from documents.migrating.seals import seal_existing, seal_records
from documents.migrating.step import Checkpoint
from documents.registry import RECORD_CLASSES
from settings import Settings
from tests.api import demo, running
from tests.tampering.changes import Database

SEALED = ("accounts", "rule_sets", "rule_set_state", "jobs")
_MINUTE = timedelta(minutes=1)
QUERY = "{ viewer { username roles } }"


async def test_a_database_without_seals_is_sealed_once(mongodb_uri: str, mongodb_client: Any, tmp_path: Path) -> None:
    """Sessions go on, rules are in force, a job that waits is run; and what is put in later is not sealed with it."""
    async with demo(mongodb_uri, tmp_path, 5) as api:
        database, storage = mongodb_client[api.services.database.name], api.services.storage
        job_id = await api.services.ledger.enqueue("test.none")
        first = await api.ask("demo.agent", QUERY)
        counted = await _unseal(database)
        assert counted["rule_set_state"] == counted["jobs"] == 1
        assert await api.services.accounts.list_accounts() == []
        done = await asyncio.gather(*(seal_existing(database, storage.keyring) for _ in range(3)))
        assert sum(done) == sum(counted.values())
        assert await seal_existing(database, storage.keyring) == 0
        settings = Settings(data_dir=tmp_path, database=database.name, jobs="worker")
        async with running(settings, mongodb_uri) as again:
            assert again.services.store.is_sound
            again.tokens |= api.tokens
            assert await again.ask("demo.agent", QUERY) == first
            assert await again.services.ledger.hand_out(["test.none"], _MINUTE) == job_id
            assert await again.services.ledger.take(job_id, "somewhere:1", _MINUTE) is not None


class _Told:
    """How far a step says that it is; nothing is kept, as if each run were killed before."""

    checkpoint: Checkpoint | None = None

    def __init__(self) -> None:
        self.shares: list[tuple[int, int]] = []

    async def keep(self, _: Checkpoint, done: int, total: int) -> None:
        self.shares.append((done, total))


async def test_records_that_decide_access_are_sealed_as_they_are(
    mongodb_uri: str, mongodb_client: Any, tmp_path: Path
) -> None:
    """By several runs at once; each row has the seal then that the product would have given it, and is believed."""
    async with demo(mongodb_uri, tmp_path, 5) as api:
        database, storage = mongodb_client[api.services.database.name], api.services.storage
        believed = [record for record in RECORD_CLASSES if record.believed]
        before = {record: await database[record.collection].find(sort={"_id": 1}).to_list() for record in believed}
        assert sum(map(bool, before.values())) > 4
        for record, rows in before.items():
            await database[record.collection].update_many({}, {"$unset": {"_seal": ""}})
            judged = storage.readers[record.kind].store.believed
            assert judged is not None
            unsealed = await storage.database[record.collection].find().to_list()
            assert (len(unsealed), await judged.standing(unsealed)) == (len(rows), [])
        told, again = [_Told() for _ in range(3)], _Told()
        await asyncio.gather(*(seal_records(database, storage.keyring, RECORD_CLASSES, one) for one in told))
        await seal_records(database, storage.keyring, RECORD_CLASSES, again)
        assert any(one.shares for one in told)
        assert again.shares == []
        for record, rows in before.items():
            assert await database[record.collection].find(sort={"_id": 1}).to_list() == rows
            judged = storage.readers[record.kind].store.believed
            assert judged is not None
            sealed = await storage.database[record.collection].find().to_list()
            assert await judged.standing(sealed) == sealed


async def _unseal(database: Database) -> dict[str, int]:
    """As before there were seals: nor did the trail tell of the versions that they count."""
    await database["audit_blocks"].delete_many({})
    counted = {}
    for name in SEALED:
        counted[name] = (await database[name].update_many({}, {"$unset": {"_seal": "", "_reached": ""}})).modified_count
    return counted
