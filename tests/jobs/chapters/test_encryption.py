"""The job that rewraps keys: killed and begun again, failed and begun again, and what it shows of itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from bson import ObjectId

from documents.chapters.encryption.rotation import INDEXES, CustomerKeys, KeyRotation
from documents.chapters.jobs.kinds import JobRecord, JobState
from documents.encryption.ciphertext import DataKey, FieldContext, KeyScope, decrypt_value, encrypt_value
from documents.encryption.key_providers import LocalKeyProvider
from documents.encryption.keyring import Keyring
from documents.encryption.seals import SECRET_NAME
from documents.storing.indexes import make_indexes
from documents.writing.unit_of_work import UnitOfWork
from jobs.chapters import encryption as keys
from tests.jobs.key_worker import SlowRotation, key_engine, key_process
from tests.jobs.workshop import Database, Workshop
from tests.patience import patience
from tests.units import in_unit

TELEPHONE = FieldContext("customers", "telephone")
SCOPE = KeyScope("individual", "demo.manager", "sales-east")


class Vaults:
    """An installation with customers, whose vault key has just been replaced."""

    def __init__(self, workshop: Workshop, keyring: Keyring, root_key: Path) -> None:
        self.workshop, self.keyring, self.root_key = workshop, keyring, root_key
        self.rotation = KeyRotation(workshop.database, keyring.vault, workshop.units)
        self.keys: dict[ObjectId, DataKey] = {}

    async def begin(self, customers: int) -> str:
        """Rotates; the id of the job."""
        await make_indexes(self.workshop.database, INDEXES)
        self.keys = await self.keyring.create_data_keys({ObjectId(): SCOPE for _ in range(customers)})

        async def rotate(unit: UnitOfWork) -> str:
            await self.rotation.add_vault_key(unit, None)
            return await self.workshop.ledger.enqueue("keys.rewrap", unit=unit)

        job_id = await in_unit(self.workshop.units, rotate)
        await self.rotation.reload()
        return job_id

    async def open_everything(self) -> None:
        """What was sealed before opens with the keys as they are stored now."""
        self.keyring.evict(self.keys)
        stored = await self.keyring.data_keys(self.keys)
        for customer_id, key in self.keys.items():
            assert decrypt_value(stored[customer_id], TELEPHONE, encrypt_value(key, TELEPHONE, "138")) == "138"

    async def job(self, job_id: str) -> JobRecord:
        return await self.workshop.views.get(job_id)


@pytest.fixture
async def vaults(database: Database, tmp_path: Path) -> AsyncIterator[Vaults]:
    keyring = Keyring(database, LocalKeyProvider(tmp_path / "root.key"))
    await keyring.open()
    workshop = Workshop(database, await keyring.secret(SECRET_NAME))
    await workshop.prepare()
    yield Vaults(workshop, keyring, tmp_path / "root.key")
    await workshop.end_orphaned_transactions()


@pytest.mark.slow
async def test_a_rewrap_killed_in_the_middle_goes_on_where_it_stopped(vaults: Vaults, mongodb_uri: str) -> None:
    """`kill -9`: at that moment some keys have the new wrapping and some the old one, and all open."""
    job_id = await vaults.begin(customers=80)
    with key_process(mongodb_uri, vaults.workshop.database.name, vaults.root_key, 5.0) as worker:
        async with patience():
            while (await vaults.job(job_id)).done < 20:  # noqa: ASYNC110 - another process does it
                await asyncio.sleep(0.01)
        worker.kill()
        worker.wait()
    left = await vaults.rotation.left()
    assert 0 < left <= 61, "the worker was killed in the middle"
    await vaults.open_everything()
    await vaults.workshop.end_orphaned_transactions()
    engine, _ = await key_engine(vaults.workshop.database, vaults.root_key, "here", 60, 0)
    async with engine.running():
        record = await vaults.workshop.finished(job_id)
    assert (record.state, record.attempts, record.done, record.total) == (JobState.SUCCEEDED, 2, 81, 81)
    assert await vaults.rotation.left() == 0
    await vaults.open_everything()


async def test_a_rewrap_that_fails_between_two_batches_is_tried_again(
    vaults: Vaults, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The batch that failed left nothing; the progress shows what is done, and in the end all of it."""
    monkeypatch.setattr(keys, "BATCH", 4)
    job_id = await vaults.begin(customers=20)
    engine, rotation = await key_engine(vaults.workshop.database, vaults.root_key, "here", 60, 0)
    batches = _fail_in(rotation, batch=3)
    async with engine.running():
        await vaults.workshop.finished(job_id)
    record = await vaults.job(job_id)
    assert batches[:4] == [20, 16, 12, 12], "the third batch was rolled back and done again"
    assert (record.state, record.attempts, record.done, record.total) == (JobState.SUCCEEDED, 2, 21, 21)
    await vaults.open_everything()


def _fail_in(rotation: SlowRotation, batch: int) -> list[int]:
    """Lets the worker fail at the end of one batch; grows by what was left before each."""
    left: list[int] = []
    rewrap = rotation.rewrap

    async def failing(unit: UnitOfWork, customers: Sequence[CustomerKeys]) -> None:
        left.append(await rotation.left() - 1)
        await rewrap(unit, customers)
        if len(left) == batch:
            raise RuntimeError("wrapped: 0101")

    rotation.rewrap = failing  # type: ignore[method-assign]
    return left


async def test_a_key_that_does_not_open_is_reported_without_naming_it(
    vaults: Vaults, caplog: pytest.LogCaptureFixture
) -> None:
    """The others are done; the job fails with a code, and neither the log nor the ledger says whose key it is."""
    job_id = await vaults.begin(customers=6)
    spoilt = sorted(vaults.keys)[2]
    entries = vaults.workshop.database["data_keys"]
    stored = await entries.find_one({"_id": spoilt})
    assert stored is not None
    wrapped = bytes(stored["keys"][0]["wrapped"])[:-1] + b"?"
    await entries.update_one({"_id": spoilt}, {"$set": {"keys.0.wrapped": wrapped}})
    engine, _ = await key_engine(vaults.workshop.database, vaults.root_key, "here", 60, 0)
    with caplog.at_level(logging.DEBUG, logger="jobs"):
        async with engine.running(), patience():
            while (await vaults.job(job_id)).error is None:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    record = await vaults.job(job_id)
    assert record.error is not None
    assert (record.error.code, record.error.type) == ("KEYS_LEFT", "KeysLeftError")
    assert await vaults.rotation.left() == 1
    del vaults.keys[spoilt]
    await vaults.open_everything()
    entry = stored["keys"][0]
    secrets = {str(spoilt), *(bytes(entry[name]).hex() for name in ("id", "vault_key", "wrapped"))}
    assert not any(secret in text for secret in secrets for text in (caplog.text, repr(record.error)))


async def test_the_daily_pass_brings_in_what_a_restored_backup_brought_back(vaults: Vaults) -> None:
    """An old copy of a data key, wrapped by a vault key that was replaced, is rewrapped without another rotation."""
    job_id = await vaults.begin(customers=3)
    backup = await vaults.workshop.database["data_keys"].find().to_list()
    engine, _ = await key_engine(vaults.workshop.database, vaults.root_key, "here", 60, 0)
    async with engine.running():
        await vaults.workshop.finished(job_id)
        assert await vaults.rotation.left() == 0
        await vaults.workshop.database["data_keys"].delete_many({})
        await vaults.workshop.database["data_keys"].insert_many(backup)
        await vaults.open_everything()
        again = await vaults.workshop.ledger.enqueue("keys.rewrap")
        assert (await vaults.workshop.finished(again)).done == 3
    assert await vaults.rotation.left() == 0
    await vaults.open_everything()
