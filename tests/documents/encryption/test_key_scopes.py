"""Whose a customer is, bound to its data key: on a real MongoDB, against whoever can write there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId
from pymongo import AsyncMongoClient

from documents.encryption.ciphertext import KeyScope, encrypt_value
from documents.encryption.keyring import Keyring
from documents.errors import DecryptionError, KeyErasedError
from tests.documents.encryption.keyrings import SCOPE, TELEPHONE, Database, opened, opens, watched
from tests.patience import until

NOBODYS = KeyScope("enterprise", None, None)
Client = AsyncMongoClient[dict[str, Any]]


@pytest.fixture
def root_key(tmp_path: Path) -> Path:
    return tmp_path / "root.key"


@pytest.fixture
async def keyring(database: Database, root_key: Path) -> Keyring:
    return await opened(database, root_key)


class TestScopes:
    """A key knows whose its customer is, and nobody who can write to the database makes it say something else."""

    async def test_every_process_knows_the_scope(self, database: Database, keyring: Keyring, root_key: Path) -> None:
        """Of a new customer, and of one that was handed over; also where nobody has it."""
        scopes = {ObjectId(): SCOPE, ObjectId(): NOBODYS}
        await keyring.create_data_keys(scopes)
        assert keyring.scopes_at_hand(scopes) == list(scopes.values())
        there = await opened(database, root_key)
        assert there.scopes_at_hand(scopes) is None
        assert await there.scopes(scopes) == scopes
        assert there.scopes_at_hand(scopes) == list(scopes.values())

    @pytest.mark.parametrize(
        "edit",
        [
            {"$set": {"scope.owner": "mallory"}},
            {"$set": {"scope.owner": None}},
            {"$set": {"scope.owner": ""}},
            {"$set": {"scope.department": "sales-west"}},
            {"$set": {"scope.kind": "enterprise"}},
            {"$set": {"scope.owner": "sales-east", "scope.department": "demo.manager"}},
            {"$set": {"scope.version": 2}},
            {"$set": {"scope.version": 1.0}},
            {"$set": {"scope.version": -1}},
            {"$set": {"scope.version": "1"}},
            {"$set": {"scope": "demo.manager"}},
            {"$unset": {"scope": ""}},
            {"$unset": {"scope.version": ""}},
            {"$set": {"keys": []}},
            {"$set": {"keys": "none"}},
            {"$unset": {"keys.0.id": ""}},
        ],
        ids=str,
    )
    async def test_an_edited_scope_does_not_open(
        self, database: Database, keyring: Keyring, root_key: Path, edit: dict[str, Any]
    ) -> None:
        """It is a fault, not an erasure; the neighbour's key opens, and who watches forgets what it had."""
        customer_id, other = ObjectId(), ObjectId()
        await keyring.create_data_keys(dict.fromkeys([customer_id, other], SCOPE))
        async with watched(keyring):
            await keyring.scopes([customer_id])
            assert (await database["data_keys"].update_one({"_id": customer_id}, edit)).modified_count == 1
            for ring in (keyring, await opened(database, root_key)):
                await until(lambda ring=ring: ring.scopes_at_hand([customer_id]) is None)
                assert await ring.scopes([customer_id, other]) == {other: SCOPE}
                with pytest.raises(DecryptionError):
                    await ring.data_key(customer_id)
                with pytest.raises(DecryptionError):
                    await ring.data_keys([customer_id, other])

    async def test_a_scope_moved_to_another_customer_does_not_open(self, database: Database, keyring: Keyring) -> None:
        """Neither with its key nor without."""
        mine, theirs = ObjectId(), ObjectId()
        await keyring.create_data_keys({mine: SCOPE, theirs: SCOPE._replace(owner="another")})
        stored = await database["data_keys"].find_one({"_id": mine})
        assert stored is not None
        keyring.evict([theirs])
        for part in ({"scope": stored["scope"]}, {"scope": stored["scope"], "keys": stored["keys"]}):
            await database["data_keys"].update_one({"_id": theirs}, {"$set": part})
            assert await keyring.scopes([theirs]) == {}

    async def test_who_hands_over_binds_the_key_anew(
        self, mongodb_client: Client, database: Database, keyring: Keyring, root_key: Path
    ) -> None:
        """It seals as before; elsewhere it counts as soon as the change is seen there, and not before it stands."""
        customer_id, handed_over = ObjectId(), SCOPE._replace(owner="another", department=None)
        sealed = encrypt_value(await keyring.create_data_key(customer_id, SCOPE), TELEPHONE, "138")
        there = await opened(database, root_key)
        async with watched(there):
            await there.scopes([customer_id])
            async with mongodb_client.start_session() as session, await session.start_transaction():
                await keyring.bind(customer_id, handed_over, session)
                assert await keyring.scopes_within([customer_id], session) == {customer_id: handed_over}
                assert await there.scopes([customer_id]) == {customer_id: SCOPE}
            await until(lambda: there.scopes_at_hand([customer_id]) is None)
            assert await there.scopes([customer_id]) == {customer_id: handed_over}
            assert opens(await there.data_key(customer_id), sealed)
        stored = await database["data_keys"].find_one({"_id": customer_id})
        assert stored is not None
        assert stored["scope"] == {**handed_over._asdict(), "version": 2}

    async def test_an_aborted_change_of_hands_leaves_no_trace(self, mongodb_client: Client, keyring: Keyring) -> None:
        """Neither in the database nor in what was seen."""
        customer_id = ObjectId()
        await keyring.create_data_key(customer_id, SCOPE)
        async with mongodb_client.start_session() as session, await session.start_transaction():
            await keyring.bind(customer_id, NOBODYS, session)
            await keyring.scopes_within([customer_id], session)
            await session.abort_transaction()
        keyring.evict([customer_id])
        assert await keyring.scopes([customer_id]) == {customer_id: SCOPE}

    async def test_an_older_scope_put_back_does_not_open_where_the_newer_was_seen(
        self, mongodb_client: Client, database: Database, keyring: Keyring
    ) -> None:
        """The whole document, exactly as it was."""
        customer_id = ObjectId()
        await keyring.create_data_key(customer_id, SCOPE)
        before = await database["data_keys"].find_one({"_id": customer_id})
        assert before is not None
        async with mongodb_client.start_session() as session, await session.start_transaction():
            await keyring.bind(customer_id, NOBODYS, session)
        keyring.evict([customer_id])
        assert await keyring.scopes([customer_id]) == {customer_id: NOBODYS}
        await database["data_keys"].replace_one({"_id": customer_id}, before)
        keyring.evict([customer_id])
        assert await keyring.scopes([customer_id]) == {}
        async with mongodb_client.start_session(snapshot=True) as session:
            assert await keyring.scopes_within([customer_id], session) == {}

    async def test_what_was_seen_is_remembered_within_bounds(
        self, mongodb_client: Client, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Of those who changed hands alone."""
        monkeypatch.setattr("documents.encryption.keyring.REMEMBERED", 3)
        ids = [ObjectId() for _ in range(5)]
        await keyring.create_data_keys(dict.fromkeys(ids, SCOPE))
        await keyring.scopes(ids)
        assert len(keyring._newest) == 0
        for customer_id in ids:
            async with mongodb_client.start_session() as session, await session.start_transaction():
                await keyring.bind(customer_id, NOBODYS, session)
        keyring.evict(ids)
        assert await keyring.scopes(ids) == dict.fromkeys(ids, NOBODYS)
        assert len(keyring._newest) == 3

    async def test_an_erased_or_forged_key_is_bound_to_nothing(
        self, mongodb_client: Client, database: Database, keyring: Keyring
    ) -> None:
        """What nobody could open before must not come to open by it."""
        forged, erased = ObjectId(), ObjectId()
        await keyring.create_data_key(forged, SCOPE)
        await database["data_keys"].update_one({"_id": forged}, {"$set": {"scope.owner": "mallory"}})
        async with mongodb_client.start_session() as session, await session.start_transaction():
            with pytest.raises(DecryptionError):
                await keyring.bind(forged, NOBODYS, session)
            with pytest.raises(KeyErasedError):
                await keyring.bind(erased, NOBODYS, session)
