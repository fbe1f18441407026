"""Rotation on a real MongoDB: what was sealed opens before, during and after; what was erased stays erased."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import pytest
from bson import ObjectId

from documents.chapters.encryption import rotation as rotation_module
from documents.chapters.encryption.kinds import VaultKeyState
from documents.chapters.encryption.rotation import INDEXES, KeyRotation, fingerprint
from documents.encryption import vault as vault_module
from documents.encryption.ciphertext import FieldContext, KeyScope, decrypt_value, encrypt_value
from documents.encryption.key_providers import LocalKeyProvider
from documents.encryption.keyring import Keyring
from documents.encryption.token_keys import TokenKeyRepository
from documents.errors import RootKeyError, RuleBrokenError
from documents.storing.indexes import make_indexes
from documents.writing.unit_of_work import UnitOfWork
from tests.documents.encryption.keyrings import Database, opened, watched
from tests.patience import until
from tests.units import AUTHOR, in_unit, units_of

TELEPHONE = FieldContext("customers", "telephone")
SCOPE = KeyScope("individual", "demo.manager", "sales-east")
Sealed = dict[ObjectId, bytes]


class Installation:
    """One process: its keyring and what rotates."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self.database = database
        self.keyring = keyring
        self.units = units_of(database)
        self.rotation = KeyRotation(database, keyring.vault, self.units)

    async def seal(self, count: int) -> Sealed:
        keys = await self.keyring.create_data_keys({ObjectId(): SCOPE for _ in range(count)})
        return {customer_id: encrypt_value(key, TELEPHONE, "138") for customer_id, key in keys.items()}

    async def opens(self, sealed: Sealed) -> bool:
        """Whether each value opens, with keys fresh from the database."""
        self.keyring.evict(sealed)
        keys = await self.keyring.data_keys(sealed)
        return [decrypt_value(keys[each], TELEPHONE, sealed[each]) for each in sealed] == ["138"] * len(sealed)

    async def rotate(self, replaced: str | None = None) -> None:
        await self.in_transaction(lambda unit: self.rotation.add_vault_key(unit, replaced))
        await self.rotation.reload()

    async def exchange_root_key(self, root_key: Path) -> Path:
        return await self.rotation.exchange_root_key(LocalKeyProvider(root_key), AUTHOR)

    async def in_transaction(self, work: Callable[[UnitOfWork], Awaitable[None]]) -> None:
        await in_unit(self.units, work)

    async def rewrap(self, size: int = 3) -> None:
        """All that is left, as the job does."""
        after = None
        while page := await self.rotation.page(after, size):
            after = page[-1].customer_id
            await self.in_transaction(partial(self.rotation.rewrap, customers=page))
        await self.in_transaction(self.rotation.rewrap_secrets)


@pytest.fixture
def root_key(tmp_path: Path) -> Path:
    return tmp_path / "root.key"


@pytest.fixture
async def here(database: Database, root_key: Path) -> Installation:
    installation = Installation(database, await opened(database, root_key))
    await make_indexes(database, INDEXES)
    return installation


@pytest.fixture
async def there(here: Installation, root_key: Path) -> Installation:
    """Another process on the same database."""
    return Installation(here.database, await opened(here.database, root_key))


async def active(database: Database) -> bytes:
    found = await database["vault_keys"].find({"active": True}).to_list()
    assert len(found) == 1
    return bytes(found[0]["_id"])


async def wrapping(database: Database) -> set[bytes]:
    """The ids of the vault keys that wrap data keys, by their entries and by the bytes themselves."""
    entries = [entry for each in await database["data_keys"].find().to_list() for entry in each["keys"]]
    by_bytes = {bytes(entry["wrapped"][2:10]) for entry in entries}
    assert {bytes(entry["vault_key"]) for entry in entries} == by_bytes
    return by_bytes


class TestVaultKeys:
    """A new vault key, and everything that the one before wrapped."""

    async def test_everything_is_wrapped_by_the_new_key_and_nothing_is_sealed_anew(self, here: Installation) -> None:
        """Data keys, secrets and the keys of access tokens; the old key is kept and wraps nothing."""
        sealed, secret = await here.seal(10), await here.keyring.secret("blind_index")
        tokens = await TokenKeyRepository(here.database, here.keyring).load()
        before = await active(here.database)
        await here.rotate()
        assert await here.rotation.left() == 12
        assert await here.opens(sealed)
        await here.rewrap()
        assert await here.rotation.left() == 0
        assert await wrapping(here.database) == {await active(here.database)} != {before}
        assert await here.opens(sealed)
        assert await here.keyring.secret("blind_index") == secret
        again = await TokenKeyRepository(here.database, here.keyring).load()
        assert again.signing_key_id == tokens.signing_key_id
        assert await here.database["vault_keys"].count_documents({}) == 2

    async def test_a_process_that_knew_the_old_key_opens_what_the_new_one_wraps(
        self, here: Installation, there: Installation
    ) -> None:
        """On first sight of it, without a restart: data keys and secrets."""
        sealed, secret = await here.seal(4), await here.keyring.secret("blind_index")
        await here.rotate()
        await here.rewrap()
        sealed |= await here.seal(2)
        assert await there.opens(sealed)
        assert await there.keyring.secret("blind_index") == secret
        fresh = await here.keyring.seal_secret("signing", b"secret")
        assert await there.keyring.open_secret("signing", fresh) == b"secret"

    async def test_a_process_stops_wrapping_with_the_old_key_by_itself(
        self, here: Installation, there: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What it wraps until then is found by the next pass, and opens all along."""
        await here.rotate()
        sealed = await there.seal(2)
        assert await here.rotation.left() == 2
        assert await here.opens(sealed)
        await here.rewrap()
        assert await here.rotation.left() == 0
        monkeypatch.setattr(vault_module, "ACTIVE_SECONDS", 0.0)
        await there.seal(2)
        assert await here.rotation.left() == 0

    async def test_processes_that_rotate_at_once_leave_one_active_key(
        self, here: Installation, there: Installation
    ) -> None:
        """Of two who replace the same key one is told so; whatever was sealed opens."""
        sealed = await here.seal(5)
        seen = fingerprint(await active(here.database))
        outcomes = await asyncio.gather(here.rotate(seen), there.rotate(seen), return_exceptions=True)
        refused = [each for each in outcomes if each is not None]
        assert [each.rule for each in refused if isinstance(each, RuleBrokenError)] == ["key.replaced_already"]
        assert len(refused) == 1
        await asyncio.gather(here.rotate(), there.rotate())
        await asyncio.gather(here.rewrap(), there.rewrap())
        assert await wrapping(here.database) == {await active(here.database)}
        assert await here.opens(sealed)
        assert await there.opens(sealed)

    async def test_a_rotation_between_two_batches_goes_on_to_the_newest_key(self, here: Installation) -> None:
        """The pages of both are rewrapped by the newest."""
        sealed = await here.seal(6)
        await here.rotate()
        page = await here.rotation.page(None, 3)
        await here.in_transaction(lambda unit: here.rotation.rewrap(unit, page))
        await here.rotate()
        assert await here.rotation.left() == 6
        await here.in_transaction(lambda unit: here.rotation.rewrap(unit, page))  # read before: changes nothing
        await here.rewrap()
        assert await wrapping(here.database) == {await active(here.database)}
        assert await here.opens(sealed)

    async def test_an_erased_key_does_not_come_back(self, here: Installation) -> None:
        """Erased after its page was read."""
        sealed = await here.seal(3)
        erased = next(iter(sealed))
        await here.rotate()
        page = await here.rotation.page(None, 10)
        await here.keyring.erase(erased)
        await here.in_transaction(lambda unit: here.rotation.rewrap(unit, page))
        assert {each["_id"] for each in await here.database["data_keys"].find().to_list()} == sealed.keys() - {erased}
        assert await here.rotation.left() == 0

    async def test_a_customer_handed_over_meanwhile_stays_so(self, here: Installation) -> None:
        """After its page was read; and every key says whose its customer is, as before."""
        sealed = await here.seal(3)
        handed_over, new = next(iter(sealed)), SCOPE._replace(owner="another", department=None)
        await here.rotate()
        page = await here.rotation.page(None, 10)
        await here.in_transaction(lambda unit: here.keyring.bind(handed_over, new, unit.session))
        await here.in_transaction(lambda unit: here.rotation.rewrap(unit, page))
        assert await here.rotation.left() == 0
        assert await here.opens(sealed)
        assert await here.keyring.scopes(sealed) == dict.fromkeys(sealed, SCOPE) | {handed_over: new}

    async def test_what_does_not_open_is_left_and_counted(self, here: Installation) -> None:
        """And stands in nobody's way; its bytes stay as they are."""
        sealed = await here.seal(5)
        spoilt = sorted(sealed)[1]
        stored = await here.database["data_keys"].find_one({"_id": spoilt})
        assert stored is not None
        wrapped = bytes(stored["keys"][0]["wrapped"])[:-1] + b"?"
        await here.database["data_keys"].update_one({"_id": spoilt}, {"$set": {"keys.0.wrapped": wrapped}})
        await here.rotate()
        await here.rewrap(size=2)
        assert await here.rotation.left() == 1
        kept = await here.database["data_keys"].find_one({"_id": spoilt})
        assert kept is not None
        assert kept["keys"][0]["wrapped"] == wrapped
        del sealed[spoilt]
        assert await here.opens(sealed)

    async def test_an_aborted_batch_leaves_every_key_as_it_was(self, here: Installation) -> None:
        """As when the process is killed in the middle of it."""
        sealed = await here.seal(4)
        await here.rotate()
        before = await here.database["data_keys"].find().sort("_id").to_list()

        async def killed(unit: UnitOfWork) -> None:
            await here.rotation.rewrap(unit, await here.rotation.page(None, 10))
            await here.rotation.rewrap_secrets(unit)
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            await here.in_transaction(killed)
        assert await here.database["data_keys"].find().sort("_id").to_list() == before
        assert await here.opens(sealed)

    async def test_reads_and_writes_go_on_while_keys_are_rewrapped(
        self, here: Installation, there: Installation, root_key: Path
    ) -> None:
        """Two processes read and create while a third rotates twice: no read fails, the newest key wraps all."""
        third = Installation(here.database, await opened(here.database, root_key))
        sealed = await here.seal(60)
        is_done = False

        async def use(process: Installation) -> int:
            rounds = 0
            while not is_done or rounds < 3:
                sealed.update(await process.seal(3))
                assert await process.opens(dict(sealed))
                rounds += 1
            return rounds

        async def rotate_twice() -> None:
            nonlocal is_done
            for _ in range(2):
                await third.rotate()
                await third.rewrap(size=7)
            is_done = True

        async with watched(here.keyring), watched(there.keyring):
            await asyncio.gather(use(here), use(there), rotate_twice())
        await third.rewrap()  # what the others wrapped in their last seconds with a key before
        assert await wrapping(here.database) == {await active(here.database)}
        for process in (here, there, third):
            assert await process.opens(sealed)

    async def test_keys_at_hand_stay_when_they_are_rewrapped_and_go_when_erased(
        self, here: Installation, there: Installation
    ) -> None:
        """A rotation does not empty the caches of a million customers; an erasure is still seen."""
        sealed = await here.seal(4)
        kept, erased = sorted(sealed)[:2]
        async with watched(there.keyring):
            await there.keyring.data_keys(sealed)
            await here.rotate()
            await here.rewrap()
            await here.keyring.erase(erased)
            await until(lambda: there.keyring.cached([erased]) is None)
            assert there.keyring.cached([kept]) is not None  # its event came before that of the erasure

    async def test_no_key_ciphertext_or_id_is_in_what_is_shown(self, here: Installation) -> None:
        """Facts hold counts, times and fingerprints; a refusal nothing but its rule."""
        await here.seal(2)
        await here.keyring.secret("blind_index")
        old = await active(here.database)
        await here.rotate()
        facts = await here.rotation.facts()
        assert [key.state for key in facts.vault_keys] == [VaultKeyState.ACTIVE, VaultKeyState.RETIRING]
        assert [(key.data_keys, key.secrets) for key in facts.vault_keys] == [(0, 0), (2, 1)]
        assert (facts.data_keys, facts.root_key_provider) == (2, "local_file")
        assert facts.oldest_data_key_at is not None
        await here.rewrap()
        after = await here.rotation.facts()
        assert [key.state for key in after.vault_keys] == [VaultKeyState.ACTIVE, VaultKeyState.RETIRED]
        with pytest.raises(RuleBrokenError) as caught:
            await here.rotate(fingerprint(old))
        for shown in (repr(facts), repr(after), str(caught.value)):
            assert old.hex() not in shown
            assert repr(old)[2:-1] not in shown

    async def test_others_are_waited_for_only_after_a_rotation(self, here: Installation) -> None:
        """Not for longer than they need; with the first key of all there is nobody to wait for."""
        assert await here.rotation.unsettled_seconds() == 0
        await here.rotate()
        assert 0 < await here.rotation.unsettled_seconds() <= rotation_module.SETTLING_SECONDS
        vault_keys = here.database["vault_keys"]
        await vault_keys.update_many({}, [{"$set": {"created_at": {"$subtract": ["$created_at", 60_000]}}}])
        assert await here.rotation.unsettled_seconds() == 0


class TestRootKey:
    """A new local root key."""

    async def test_the_new_file_opens_the_vault_and_the_old_one_is_kept(
        self, here: Installation, root_key: Path
    ) -> None:
        """All vault keys, those replaced too; the old file opens nothing that is stored now."""
        sealed = await here.seal(3)
        await here.rotate()
        before = root_key.read_bytes()  # noqa: ASYNC240 - one system call
        kept = await here.exchange_root_key(root_key)
        assert kept.read_bytes() == before != root_key.read_bytes()  # noqa: ASYNC240
        assert sorted(root_key.parent.iterdir()) == sorted([kept, root_key])
        fresh = Installation(here.database, await opened(here.database, root_key))
        assert await fresh.opens(sealed)
        with pytest.raises(RootKeyError):
            await opened(here.database, kept)

    async def test_a_process_that_runs_meanwhile_goes_on_and_learns_of_later_keys(
        self, here: Installation, there: Installation, root_key: Path
    ) -> None:
        """It reads and creates; it rotates the vault key itself, and opens what another rotation made."""
        sealed = await here.seal(3)
        await here.exchange_root_key(root_key)
        sealed |= await there.seal(1)
        await there.rotate()
        await there.rewrap()
        assert await here.opens(sealed)
        assert await Installation(here.database, await opened(here.database, root_key)).opens(sealed)

    @pytest.mark.parametrize("step", ["prepare_next", "wrap_next", "take_next"])
    async def test_killed_at_any_step_everything_opens_and_the_exchange_goes_on(
        self, here: Installation, root_key: Path, step: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Before, between and after the database and the file; no root key file is lost."""
        sealed = await here.seal(3)
        before = root_key.read_bytes()  # noqa: ASYNC240
        with monkeypatch.context() as patched:
            patched.setattr(LocalKeyProvider, step, _killed)
            with pytest.raises(SystemError):
                await here.exchange_root_key(root_key)
        assert root_key.read_bytes() == before  # noqa: ASYNC240
        assert await Installation(here.database, await opened(here.database, root_key)).opens(sealed)
        kept = await here.exchange_root_key(root_key)
        assert kept.read_bytes() == before != root_key.read_bytes()  # noqa: ASYNC240
        assert await Installation(here.database, await opened(here.database, root_key)).opens(sealed)

    async def test_no_vault_key_is_made_under_the_root_key_that_goes(
        self, here: Installation, root_key: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Between the database and the file it would be wrapped by the old one: refused, until the exchange is done."""
        with monkeypatch.context() as patched:
            patched.setattr(LocalKeyProvider, "take_next", _killed)
            with pytest.raises(SystemError):
                await here.exchange_root_key(root_key)
        with pytest.raises(RuleBrokenError) as caught:
            await here.rotate()
        assert caught.value.rule == "key.root_key_exchanged"
        await here.exchange_root_key(root_key)
        await here.rotate()

    async def test_a_lost_root_key_is_not_exchanged(self, here: Installation, root_key: Path) -> None:
        """Nothing is written."""
        root_key.unlink()  # noqa: ASYNC240
        with pytest.raises(RootKeyError, match="missing"):
            await here.exchange_root_key(root_key)
        assert list(root_key.parent.iterdir()) == []


def _killed(*_: object) -> None:
    raise SystemError
