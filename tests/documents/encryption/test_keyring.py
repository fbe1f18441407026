"""The keyring on a real MongoDB: agreement at the start, one query per page, and erasure everywhere."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pymongo
import pytest
from bson import ObjectId
from pymongo import AsyncMongoClient, monitoring
from pymongo.errors import PyMongoError

from documents.encryption.ciphertext import DataKey, encrypt_value
from documents.encryption.key_providers import LocalKeyProvider
from documents.encryption.keyring import Keyring
from documents.errors import DecryptionError, EncryptionError, KeyErasedError, RootKeyError
from tests.documents.encryption.keyrings import SCOPE, TELEPHONE, Database, opened, opens, watched
from tests.patience import PATIENCE_SECONDS, until


@pytest.fixture
def root_key(tmp_path: Path) -> Path:
    return tmp_path / "root.key"


@pytest.fixture
async def keyring(database: Database, root_key: Path) -> Keyring:
    return await opened(database, root_key)


class TestOpening:
    """The vault keys at the start."""

    async def test_keyrings_that_open_an_empty_database_together_agree(
        self, database: Database, root_key: Path
    ) -> None:
        """One vault key comes of it, and each opens what the others sealed."""
        keyrings = await asyncio.gather(*(opened(database, root_key) for _ in range(4)))
        assert await database["vault_keys"].count_documents({}) == 1
        sealed = [await keyring.seal_secret("name", b"secret") for keyring in keyrings]
        assert {await keyring.open_secret("name", each) for keyring in keyrings for each in sealed} == {b"secret"}

    async def test_a_wrong_root_key_is_named_and_nothing_is_written(
        self, database: Database, keyring: Keyring, tmp_path: Path
    ) -> None:
        """The database keeps its one vault key."""
        other = tmp_path / "other.key"
        LocalKeyProvider(other).wrap(b"", (b"",))
        with pytest.raises(RootKeyError, match="not the one that this database was encrypted with") as caught:
            await opened(database, other)
        assert str(other) in str(caught.value)
        assert await database["vault_keys"].count_documents({}) == 1

    async def test_a_lost_root_key_is_not_replaced(self, database: Database, keyring: Keyring, root_key: Path) -> None:
        """A new one would only hide the loss."""
        root_key.unlink()  # noqa: ASYNC240  # one system call
        with pytest.raises(RootKeyError, match="missing"):
            await opened(database, root_key)
        assert not root_key.exists()  # noqa: ASYNC240

    async def test_lost_vault_keys_are_not_replaced(self, database: Database, keyring: Keyring, root_key: Path) -> None:
        """Data keys without the keys that wrapped them mean a broken restore, not a new database."""
        await keyring.create_data_key(ObjectId(), SCOPE)
        await database["vault_keys"].delete_many({})
        with pytest.raises(RootKeyError, match="restore"):
            await opened(database, root_key)
        assert await database["vault_keys"].count_documents({}) == 0

    async def test_a_vault_key_put_under_another_id_does_not_open(
        self, database: Database, keyring: Keyring, root_key: Path
    ) -> None:
        """The root key wrapped it for its own id."""
        stored = await database["vault_keys"].find_one_and_delete({})
        assert stored is not None
        await database["vault_keys"].insert_one({**stored, "_id": b"another1"})
        with pytest.raises(RootKeyError):
            await opened(database, root_key)

    async def test_a_keyring_that_is_not_open_makes_no_keys(self, database: Database, root_key: Path) -> None:
        """Rather than any under no vault key."""
        with pytest.raises(RuntimeError):
            await Keyring(database, LocalKeyProvider(root_key)).create_data_key(ObjectId(), SCOPE)


class TestDataKeys:
    """Making and fetching."""

    async def test_another_process_opens_what_was_sealed(
        self, database: Database, keyring: Keyring, root_key: Path
    ) -> None:
        """Through the database alone."""
        ids = [ObjectId() for _ in range(3)]
        keys = await keyring.create_data_keys(dict.fromkeys(ids, SCOPE))
        fetched = await (await opened(database, root_key)).data_keys(ids)
        assert list(keys) == ids
        assert set(fetched) == set(ids)
        for customer_id, key in keys.items():
            assert opens(fetched[customer_id], encrypt_value(key, TELEPHONE, "138"))

    async def test_no_secret_is_stored_in_the_clear_or_shared(
        self, database: Database, keyring: Keyring, root_key: Path
    ) -> None:
        """Every customer has another key."""
        first, second = (await keyring.create_data_keys(dict.fromkeys([ObjectId(), ObjectId()], SCOPE))).values()
        assert not opens(second, encrypt_value(first, TELEPHONE, "138"))
        stored = await database["data_keys"].find().to_list()
        assert {frozenset(entry) for document in stored for entry in document["keys"]} == {
            frozenset({"id", "vault_key", "wrapped", "created_at"})
        }
        assert len({document["keys"][0]["id"] for document in stored}) == 2

    async def test_a_data_key_moved_to_another_customer_does_not_open(
        self, database: Database, keyring: Keyring, root_key: Path
    ) -> None:
        """The vault key wrapped it for its own customer."""
        customer_id, other = ObjectId(), ObjectId()
        await keyring.create_data_key(customer_id, SCOPE)
        stored = await database["data_keys"].find_one({"_id": customer_id})
        assert stored is not None
        await database["data_keys"].insert_one({**stored, "_id": other})
        with pytest.raises(DecryptionError):
            await (await opened(database, root_key)).data_key(other)

    async def test_a_customer_never_gets_a_second_first_key(self, keyring: Keyring) -> None:
        """The error names neither customer nor key, and the first key stays in use."""
        customer_id = ObjectId()
        key = await keyring.create_data_key(customer_id, SCOPE)
        with pytest.raises(EncryptionError) as caught:
            await keyring.create_data_key(customer_id, SCOPE)
        assert str(customer_id) not in str(caught.value)
        assert caught.value.__cause__ is None
        assert await keyring.data_key(customer_id) is key

    async def test_a_page_costs_one_query_and_the_next_none(
        self, database: Database, mongodb_uri: str, keyring: Keyring, root_key: Path
    ) -> None:
        """Seen in the commands that reach MongoDB."""
        ids = [ObjectId() for _ in range(50)]
        await keyring.create_data_keys(dict.fromkeys(ids, SCOPE))
        commands = Commands()
        client: AsyncMongoClient[dict[str, Any]]
        async with AsyncMongoClient(mongodb_uri, event_listeners=[commands]) as client:
            fresh = await opened(client[database.name], root_key)
            commands.names.clear()
            assert fresh.cached(ids) is None
            assert set(await fresh.data_keys(ids)) == set(ids)
            assert commands.names == ["find"]
            assert set(await fresh.data_keys(ids)) == set(ids)
            assert [key.customer_id for key in fresh.cached(ids) or ()] == ids
            assert commands.names == ["find"]

    async def test_what_concurrent_callers_miss_is_one_query(
        self, database: Database, mongodb_uri: str, keyring: Keyring, root_key: Path
    ) -> None:
        """Each gets the keys that it asked for and no other; an erased one is absent for whoever asked for it."""
        ids = [ObjectId() for _ in range(200)]
        await keyring.create_data_keys(dict.fromkeys(ids, SCOPE))
        absent = ObjectId()
        commands = Commands()
        client: AsyncMongoClient[dict[str, Any]]
        async with AsyncMongoClient(mongodb_uri, event_listeners=[commands]) as client:
            fresh = await opened(client[database.name], root_key, cache_size=1000)
            commands.names.clear()
            asked = [[each] for each in ids] + [ids[:50], [absent, ids[7]], [absent]]
            answers = await asyncio.gather(*(fresh.data_keys(each) for each in asked))
            assert [set(answer) for answer in answers] == [set(each) - {absent} for each in asked]
            assert all(key.customer_id == each for answer in answers for each, key in answer.items())
            assert commands.names == ["find"]

    async def test_a_query_that_was_sent_is_not_joined(
        self, database: Database, mongodb_uri: str, keyring: Keyring, root_key: Path
    ) -> None:
        """Whoever asks after an erasure must not be given what a query before it brings."""
        customer_id = ObjectId()
        await keyring.create_data_key(customer_id, SCOPE)
        commands = Commands()
        client: AsyncMongoClient[dict[str, Any]]
        async with AsyncMongoClient(mongodb_uri, event_listeners=[commands]) as client:
            fresh = await opened(client[database.name], root_key)
            commands.names.clear()
            sent = asyncio.create_task(fresh.data_keys([customer_id]))
            while not commands.names:  # noqa: ASYNC110  # what is waited for is another task's doing
                await asyncio.sleep(0)
            assert not sent.done()
            assert set(await fresh.data_keys([customer_id])) == {customer_id}
            assert commands.names == ["find", "find"]
            await sent

    async def test_a_key_on_its_way_when_keys_are_evicted_is_not_kept(
        self, database: Database, mongodb_uri: str, keyring: Keyring, root_key: Path
    ) -> None:
        """It may be the erased one."""
        customer_id = ObjectId()
        await keyring.create_data_key(customer_id, SCOPE)
        commands = Commands()
        client: AsyncMongoClient[dict[str, Any]]
        async with AsyncMongoClient(mongodb_uri, event_listeners=[commands]) as client:
            fresh = await opened(client[database.name], root_key)
            commands.names.clear()
            sent = asyncio.create_task(fresh.data_keys([customer_id]))
            while not commands.names:  # noqa: ASYNC110  # what is waited for is another task's doing
                await asyncio.sleep(0)
            fresh.evict([customer_id])
            assert set(await sent) == {customer_id}
            assert fresh.cached([customer_id]) is None

    async def test_a_caller_that_goes_leaves_the_others_their_keys(
        self, database: Database, keyring: Keyring, root_key: Path
    ) -> None:
        """Also when it was the first to ask."""
        first, second = ObjectId(), ObjectId()
        await keyring.create_data_keys(dict.fromkeys([first, second], SCOPE))
        fresh = await opened(database, root_key)
        leaving, staying = (asyncio.create_task(fresh.data_key(each)) for each in (first, second))
        await asyncio.sleep(0)
        leaving.cancel()
        assert (await staying).customer_id == second
        with pytest.raises(asyncio.CancelledError):
            await leaving

    async def test_a_key_that_does_not_open_fails_nobody_else(
        self, database: Database, keyring: Keyring, root_key: Path
    ) -> None:
        """Also where both were asked for in the same moment."""
        good, spoilt = ObjectId(), ObjectId()
        await keyring.create_data_keys(dict.fromkeys([good, spoilt], SCOPE))
        await database["data_keys"].update_one({"_id": spoilt}, {"$set": {"keys.0.wrapped": b"spoilt"}})
        fresh = await opened(database, root_key)
        asked = (fresh.data_key(spoilt), fresh.data_key(good))
        refused, key = await asyncio.gather(*asked, return_exceptions=True)
        assert isinstance(refused, DecryptionError)
        assert isinstance(key, DataKey)

    async def test_a_query_that_fails_is_not_joined_later(
        self, database: Database, keyring: Keyring, root_key: Path
    ) -> None:
        """All who waited for it hear of it; whoever asks afterwards asks anew."""
        ids = [ObjectId(), ObjectId()]
        await keyring.create_data_keys(dict.fromkeys(ids, SCOPE))
        fresh = await opened(database, root_key)
        with pymongo.timeout(1e-6):
            answers = await asyncio.gather(*(fresh.data_key(each) for each in ids), return_exceptions=True)
        assert all(isinstance(answer, PyMongoError) for answer in answers)
        assert set(await fresh.data_keys(ids)) == set(ids)

    async def test_the_cache_is_bounded_and_its_misses_are_served(
        self, database: Database, keyring: Keyring, root_key: Path
    ) -> None:
        """A page larger than the cache is whole all the same."""
        ids = [ObjectId() for _ in range(10)]
        await keyring.create_data_keys(dict.fromkeys(ids, SCOPE))
        small = await opened(database, root_key, cache_size=3)
        assert set(await small.data_keys(ids)) == set(ids)
        assert sum(small.cached([customer_id]) is not None for customer_id in ids) == 3
        assert set(await small.data_keys(ids)) == set(ids)

    async def test_nothing_asked_is_nothing_made(self, database: Database, keyring: Keyring) -> None:
        """No empty command is sent."""
        assert await keyring.create_data_keys({}) == {}
        assert await keyring.data_keys([]) == {}
        assert keyring.cached([]) == []

    async def test_keys_of_an_aborted_transaction_are_not_kept(
        self, mongodb_client: AsyncMongoClient[dict[str, Any]], keyring: Keyring
    ) -> None:
        """Neither in the database nor at hand."""
        customer_id = ObjectId()
        async with mongodb_client.start_session() as session, await session.start_transaction():
            await keyring.create_data_key(customer_id, SCOPE, session)
            await session.abort_transaction()
        assert await keyring.data_keys([customer_id]) == {}

    async def test_keys_of_a_committed_transaction_are_there(
        self, mongodb_client: AsyncMongoClient[dict[str, Any]], keyring: Keyring
    ) -> None:
        """As the record that they belong to."""
        customer_id = ObjectId()
        async with mongodb_client.start_session() as session, await session.start_transaction():
            key = await keyring.create_data_key(customer_id, SCOPE, session)
        assert opens(await keyring.data_key(customer_id), encrypt_value(key, TELEPHONE, "138"))


class TestErasure:
    """A key that is erased is gone, for everybody."""

    async def test_an_erased_key_is_gone_at_once_here(self, keyring: Keyring) -> None:
        """Absent from a page, an error by itself; others stay."""
        erased, kept = ObjectId(), ObjectId()
        await keyring.create_data_keys(dict.fromkeys([erased, kept], SCOPE))
        assert await keyring.erase(erased) is True
        assert set(await keyring.data_keys([erased, kept])) == {kept}
        with pytest.raises(KeyErasedError):
            await keyring.data_key(erased)
        assert await keyring.erase(erased) is False

    async def test_other_processes_forget_an_erased_key(
        self, database: Database, keyring: Keyring, root_key: Path
    ) -> None:
        """As soon as they see the deletion; not the keys of others."""
        erased, kept = ObjectId(), ObjectId()
        await keyring.create_data_keys(dict.fromkeys([erased, kept], SCOPE))
        other = await opened(database, root_key)
        async with watched(other):
            await other.data_keys([erased, kept])
            assert other.cached([erased, kept]) is not None
            await keyring.erase(erased)
            await until(lambda: other.cached([erased]) is None)
            assert other.cached([kept]) is not None
            with pytest.raises(KeyErasedError):
                await other.data_key(erased)

    async def test_an_erasure_in_a_transaction_counts_when_it_commits(
        self, mongodb_client: AsyncMongoClient[dict[str, Any]], keyring: Keyring
    ) -> None:
        """A read before the commit may bring the key back; the watch takes it away."""
        customer_id = ObjectId()
        await keyring.create_data_key(customer_id, SCOPE)
        async with watched(keyring):
            async with mongodb_client.start_session() as session, await session.start_transaction():
                await keyring.erase(customer_id, session)
                assert set(await keyring.data_keys([customer_id])) == {customer_id}
            await until(lambda: keyring.cached([customer_id]) is None)
            assert await keyring.data_keys([customer_id]) == {}

    async def test_whatever_was_at_hand_before_watching_is_forgotten(
        self, database: Database, keyring: Keyring, root_key: Path
    ) -> None:
        """It may have been erased before the stream opened."""
        customer_id = ObjectId()
        await keyring.create_data_key(customer_id, SCOPE)
        other = await opened(database, root_key)
        await other.data_keys([customer_id])
        await keyring.erase(customer_id)
        async with watched(other):
            assert other.cached([customer_id]) is None

    async def test_a_watch_that_ends_forgets_everything_and_begins_again(
        self, database: Database, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The stream ends for good when its collection is dropped."""
        monkeypatch.setattr("documents.encryption.keyring.REOPEN_SECONDS", 0.01)
        async with watched(keyring):
            first, second = ObjectId(), ObjectId()
            await keyring.create_data_key(first, SCOPE)
            await database["data_keys"].drop()
            await until(lambda: keyring.cached([first]) is None)
            await asyncio.wait_for(keyring.watching.wait(), PATIENCE_SECONDS)
            await keyring.create_data_key(second, SCOPE)
            await keyring.data_key(second)
            await database["data_keys"].delete_one({"_id": second})
            await until(lambda: keyring.cached([second]) is None)

    async def test_a_cancelled_watch_stops_and_says_so(self, keyring: Keyring) -> None:
        """Nothing is held on to that nobody watches any more."""
        customer_id = ObjectId()
        async with watched(keyring):
            await keyring.create_data_key(customer_id, SCOPE)
        assert not keyring.watching.is_set()
        assert keyring.cached([customer_id]) is None


class TestSecrets:
    """The small secrets of the installation."""

    async def test_every_process_gets_the_same_secret(self, database: Database, root_key: Path) -> None:
        """Also when all ask for the first time at once."""
        keyrings = await asyncio.gather(*(opened(database, root_key) for _ in range(4)))
        found = await asyncio.gather(*(keyring.secret("blind_index") for keyring in keyrings))
        assert len(set(found)) == 1
        assert len(found[0]) == 32
        assert await keyrings[0].secret("blind_index") == found[0]

    async def test_secrets_differ_by_name_and_have_the_length_asked_for(self, keyring: Keyring) -> None:
        """They are random."""
        assert await keyring.secret("one") != await keyring.secret("two")
        assert len(await keyring.secret("three", 64)) == 64

    async def test_a_secret_is_not_stored_in_the_clear(self, database: Database, keyring: Keyring) -> None:
        """Only sealed."""
        secret = await keyring.secret("blind_index")
        stored = await database["secrets"].find_one({"_id": "blind_index"})
        assert stored is not None
        assert secret not in stored["sealed"]

    async def test_a_sealed_secret_opens_under_its_own_name_only(self, keyring: Keyring) -> None:
        """A cursor key is no signing key."""
        sealed = await keyring.seal_secret("signing", b"secret")
        assert await keyring.open_secret("signing", sealed) == b"secret"
        for name, value in (("cursors", sealed), ("signing", sealed[:-1]), ("signing", b"")):
            with pytest.raises(DecryptionError):
                await keyring.open_secret(name, value)


class Commands(monitoring.CommandListener):
    """The names of the commands that a client sent."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        self.names.append(event.command_name)

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        pass

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        pass
