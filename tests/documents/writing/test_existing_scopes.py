"""What was stored before rows proved whose they are, bound: whole, once, and from wherever it was ended."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId
from pymongo.asynchronous.database import AsyncDatabase

from documents.declaring.record import CustomerRecord
from documents.encryption.ciphertext import KeyScope
from documents.encryption.key_providers import LocalKeyProvider
from documents.encryption.key_scopes import scope_digest, stored_scope
from documents.encryption.keyring import Keyring
from documents.encryption.row_bindings import BINDING
from documents.errors import DecryptionError
from documents.registry import RECORD_CLASSES
from documents.storing.layout import is_scoped
from documents.writing import existing_scopes
from documents.writing.existing_scopes import bind_existing
from tests.api import Api, demo

SCOPED = [record for record in RECORD_CLASSES if is_scoped(record)]
COLLECTIONS = sorted({"customer_history", *(record.collection for record in SCOPED)})
Database = AsyncDatabase[dict[str, Any]]
Stored = dict[str, list[dict[str, Any]]]


@pytest.fixture
async def api(mongodb_uri: str, tmp_path: Path) -> AsyncIterator[Api]:
    async with demo(mongodb_uri, tmp_path, customers=60) as api:
        yield api


async def rows_of(database: Database) -> Stored:
    return {name: await database[name].find().sort("_id", 1).to_list() for name in COLLECTIONS}


async def unbind(database: Database, keyring: Keyring) -> None:
    """Makes of the database what an earlier version would have left."""
    vault = keyring.vault
    async for document in database["data_keys"].find():
        digest = scope_digest(*stored_scope(document))
        changes = {}
        for place, entry in enumerate(document["keys"]):
            secret = vault.unwrap_data_key(document["_id"], entry["id"], digest, entry["wrapped"])
            context = (b"data_key", document["_id"].binary, entry["id"])
            changes[f"keys.{place}.wrapped"] = vault.active_key.wrap(secret, context)
        await database["data_keys"].update_one({"_id": document["_id"]}, {"$set": changes, "$unset": {"scope": ""}})
    for name in COLLECTIONS:
        await database[name].update_many({}, {"$unset": {BINDING: ""}})
    await database["secrets"].delete_one({"_id": "row_bindings"})


async def restarted(database: Database, api: Api) -> Keyring:
    provider = api.services.storage.root_keys
    assert isinstance(provider, LocalKeyProvider)
    keyring = Keyring(database, provider)
    await keyring.open()
    return keyring


class EndedError(Exception):
    """The process was killed."""


async def test_everything_is_bound_from_wherever_it_was_ended(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what was bound is not bound again; a record that kept another owner than its customer's follows it."""
    monkeypatch.setattr(existing_scopes, "BATCH", 7)
    database = api.services.database
    before = await rows_of(database)
    assert {record.collection for record in SCOPED if issubclass(record, CustomerRecord) and before[record.collection]}
    ids = await database["customers"].distinct("_id")
    expected = await api.services.storage.keyring.scopes(ids)
    await unbind(database, api.services.storage.keyring)
    strayed = before["tickets"][0]
    await database["tickets"].update_one({"_id": strayed["_id"]}, {"$set": {"_owner": "nobody"}})
    told: list[tuple[int, int]] = []
    ends = 0

    async def report(done: int, total: int) -> None:
        told.append((done, total))
        if len(told) % 4 == 0:
            raise EndedError

    keyring = await restarted(database, api)
    assert await keyring.scopes(ids) == {}
    while True:
        try:
            await bind_existing(database, keyring, RECORD_CLASSES, report)
        except EndedError:
            ends += 1
        else:
            break
    assert ends > 3
    assert all(0 < done <= total for done, total in told)
    assert await (await restarted(database, api)).scopes(ids) == expected
    after = await rows_of(database)
    names = {name for name, rows in before.items() if rows}
    assert {name for name in names if any(BINDING not in row for row in after[name])} == set()
    for name in names:
        assert [_without_binding(row) for row in after[name]] == [_without_binding(row) for row in before[name]]
    keys = await database["data_keys"].find().sort("_id", 1).to_list()
    await bind_existing(database, keyring, RECORD_CLASSES, report)
    assert await rows_of(database) == after
    assert await database["data_keys"].find().sort("_id", 1).to_list() == keys


async def test_what_no_key_opens_is_left_as_it_is(api: Api) -> None:
    """And so are keys of nobody: they come to open nothing that they did not open before."""
    database, stranger = api.services.database, ObjectId()
    await unbind(database, api.services.storage.keyring)
    spoilt = await database["data_keys"].find_one({})
    assert spoilt is not None
    await database["data_keys"].update_one({"_id": spoilt["_id"]}, {"$set": {"keys.0.wrapped": b"spoilt"}})
    other = await database["data_keys"].find_one({"_id": {"$ne": spoilt["_id"]}})
    assert other is not None
    await database["data_keys"].insert_one({**other, "_id": stranger})

    async def report(_done: int, _total: int) -> None:
        return

    keyring = await restarted(database, api)
    await bind_existing(database, keyring, RECORD_CLASSES, report)
    assert await keyring.scopes([spoilt["_id"], stranger]) == {}
    with pytest.raises(DecryptionError):
        await keyring.data_key(spoilt["_id"])
    assert isinstance((await keyring.scopes([other["_id"]]))[other["_id"]], KeyScope)


def _without_binding(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != BINDING}
