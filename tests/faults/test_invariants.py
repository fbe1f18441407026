"""What a killed process could leave behind is found, each kind of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId

from tests.api import Api, demo
from tests.chapters.credit.credit import attached
from tests.faults.invariants import difference, faults_of, shape_of

Rows = Any
Spoil = Callable[[Rows], Awaitable[object]]


def _removed(rows: Rows) -> Awaitable[object]:
    return rows.delete_one({})  # type: ignore[no-any-return]


def _more(**values: Any) -> Spoil:
    """One row more, like another but for an id of its own and these values."""

    async def spoil(rows: Rows) -> None:
        await rows.insert_one({**(await rows.find_one({}) or {}), "_id": ObjectId(), **values})

    return spoil


def _other(**values: Any) -> Spoil:
    return lambda rows: rows.update_one({}, {"$set": values})  # type: ignore[no-any-return]


SPOILT: tuple[tuple[str, Spoil, str], ...] = (
    ("data_keys", _removed, "customers without data key"),
    ("data_keys", _more(), "customers without data key"),
    ("data_keys", _other(keys=[{"vault_key": b"another"}]), "wrapped by a vault key that is not there"),
    ("identifiers", _other(customer_id=ObjectId()), "the identifier"),
    ("identifiers", _other(contested_by=[ObjectId()]), "the identifier"),
    ("customer_history", _more(customer_id=ObjectId(), version=1), "history of a change"),
    ("tickets", _other(customer_id=ObjectId()), "is of a customer who is not there"),
    ("consents", _other(_owner="somebody"), "did not follow"),
    ("attachments", _removed, "files without record"),
    ("attachments.files", _removed, "files without record"),
    ("attachments.chunks", _removed, "is not whole"),
    ("attachments.chunks", _other(files_id=ObjectId()), "which nobody will sweep"),
    ("vault_keys", _other(active=False), "not one active vault key"),
    ("idempotency_keys", _other(entry=ObjectId()), "without outcome or entry"),
    ("idempotency_keys", _other(outcome=""), "without outcome or entry"),
    ("sessions", _more(ended_at=None), "sessions that no account has"),
    ("sessions", _removed, "sessions that no account has"),
    ("rule_sets", _more(_id=99), "another rule set is in force"),
    ("handling_changes", _other(number=99), "the numbers of handling_changes"),
    ("receivables", _other(version=99), "the row is not as the change entry tells"),
    ("customers", _removed, "no change entry tells of its deletion"),
    ("audit_blocks", _removed, "missing"),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("invariants")


@pytest.fixture(scope="module")
async def api(mongodb_uri: str, folder: Path) -> AsyncIterator[Api]:
    async with demo(mongodb_uri, folder, 24) as api:
        customer = await api.services.database["customers"].find_one({"kind": "enterprise"})
        assert customer is not None
        await attached(api, f"enterprise_{customer['_id']}", "credit")
        yield api


async def test_nothing_is_wrong_with_the_demo(api: Api, folder: Path) -> None:
    """And an operation of nobody is no difference."""
    database = api.services.database
    assert await faults_of(database, folder) == []
    assert difference(await shape_of(database), await shape_of(database)) == {}


@pytest.mark.parametrize(("collection", "spoil", "told"), SPOILT)
async def test_whatever_is_left_behind_is_found(
    api: Api, folder: Path, collection: str, spoil: Spoil, told: str
) -> None:
    """A row that lacks what it belongs to, or is not what it was."""
    rows = api.services.database[collection]
    before = await rows.find().to_list()
    try:
        await spoil(rows)
        assert any(told in fault for fault in await faults_of(api.services.database, folder))
    finally:
        await rows.delete_many({})
        await rows.insert_many(before) if before else None
