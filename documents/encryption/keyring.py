"""The keyring: one data key per customer, made, fetched, kept at hand and erased.

Guaranteed: data keys are stored wrapped by a vault key and bound to their customer and to its scope (`key_scopes`), so
that a key says truly whose its customer is, and one older than this process has seen does not open; erasing one makes
everything that it sealed unreadable, in the database and in every backup of the data (crypto-shredding), and processes
that `watch` forget it as soon as the deletion is majority-committed.
Not guaranteed: a backup of `data_keys` made before the erasure still holds the wrapped key, so that it must be kept
apart from, and shorter than, backups of the data; what was decrypted before is not called back; blind indexes are not
made with data keys and are removed with the record, not with the key.

    data_keys  {_id: customer id, keys: [{id: 8 bytes, vault_key: 8 bytes, wrapped: bytes, created_at: date}], scope}
               the last of `keys` seals; a customer has one until keys rotate
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from os import urandom
from typing import Any, Final

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError, PyMongoError
from pymongo.read_concern import ReadConcern

from documents.encryption.ciphertext import KEY_ID_LENGTH, SECRET_LENGTH, DataKey, KeyScope
from documents.encryption.key_cache import DataKeyCache
from documents.encryption.key_providers import KeyProvider
from documents.encryption.key_scopes import FIRST_VERSION, scope_digest, scope_document, stored_scope
from documents.encryption.vault import StoredDocument, Vault, key_collection
from documents.errors import DecryptionError, EncryptionError, KeyErasedError

DUPLICATE_KEY = 11000  # MongoDB's error code
REOPEN_SECONDS = 1.0
REMEMBERED: Final = 100_000
"""Of how many customers who changed hands the newest scope's version is remembered, at about 150 bytes each."""
REWRAPPED = (".vault_key", ".wrapped")  # what changes of an entry of `keys` when another vault key wraps it

Fetched = tuple[int, dict[ObjectId, StoredDocument]]
"""The cache's count of evictions when a query was sent, and what it brought."""

log = logging.getLogger(__name__)


class Keyring:
    """Opened once per process, before anything is read or written. `watching` is set while `watch` sees erasures.

    `vault` is what wraps the keys, for their rotation."""

    def __init__(
        self,
        database: AsyncDatabase[Any],
        provider: KeyProvider,
        cache_size: int = 400_000,
    ) -> None:
        self.vault = Vault(database, provider)
        self._data_keys = key_collection(database, "data_keys")
        # What is at hand, and which version of a scope was seen, must not be rolled back.
        self._committed = self._data_keys.with_options(read_concern=ReadConcern("majority"))
        self._cache = DataKeyCache(cache_size)
        self._newest: dict[bytes, int] = {}  # scope versions above the first, the one remembered longest first
        self._wanted: set[ObjectId] = set()
        self._fetching: asyncio.Task[Fetched] | None = None
        self.watching = asyncio.Event()

    async def open(self) -> None:
        """Loads the vault keys, or makes the first one on an empty database. RootKeyError says what to put right."""
        await self.vault.open()

    async def create_data_keys(
        self, scopes: Mapping[ObjectId, KeyScope], session: AsyncClientSession | None = None
    ) -> dict[ObjectId, DataKey]:
        """New data keys for new customers of these scopes, stored. EncryptionError if one of them has a key already.

        Within a transaction they are not kept at hand: it may be aborted.
        """
        await self.vault.confirm()
        keys, documents = {}, []
        for customer_id, scope in scopes.items():
            keys[customer_id], document = self._new_data_key(customer_id, scope)
            documents.append(document)
        if not documents:
            return keys
        evictions = self._cache.evictions
        try:
            await self._data_keys.insert_many(documents, session=session)
        except BulkWriteError as error:
            if any(failure.get("code") == DUPLICATE_KEY for failure in error.details.get("writeErrors", ())):
                # The driver's message repeats the document.
                raise EncryptionError("a customer has a data key already") from None
            raise
        if session is None:
            self._cache.store(keys.values(), evictions)
        return keys

    async def create_data_key(
        self, customer_id: ObjectId, scope: KeyScope, session: AsyncClientSession | None = None
    ) -> DataKey:
        """A new data key for one new customer; see `create_data_keys`."""
        return (await self.create_data_keys({customer_id: scope}, session))[customer_id]

    def _new_data_key(self, customer_id: ObjectId, scope: KeyScope) -> tuple[DataKey, StoredDocument]:
        key_id, secret, digest = urandom(KEY_ID_LENGTH), urandom(SECRET_LENGTH), scope_digest(scope, FIRST_VERSION)
        entry = {
            "id": key_id,
            "vault_key": self.vault.active_key.key_id,
            "wrapped": self.vault.wrap_data_key(customer_id, key_id, digest, secret),
            "created_at": datetime.now(UTC),
        }
        document = {"_id": customer_id, "keys": [entry], "scope": scope_document(scope, FIRST_VERSION)}
        return DataKey.of(customer_id, key_id, secret, scope), document

    def cached(self, customer_ids: Iterable[ObjectId]) -> list[DataKey] | None:
        """The data keys of these customers, in their order, if all are at hand, else None: `data_keys` fetches."""
        return self._cache.find_all(customer_ids)

    async def data_keys(self, customer_ids: Iterable[ObjectId]) -> dict[ObjectId, DataKey]:
        """The data keys of these customers, in at most one query. Customers whose key was erased are absent.

        DecryptionError where a key does not open. What concurrent callers miss is fetched in one query per turn of the
        event loop."""
        found, refused = await self._opened(customer_ids)
        if refused:
            raise DecryptionError
        return found

    def scopes_at_hand(self, customer_ids: Iterable[ObjectId]) -> list[KeyScope | None] | None:
        """Whose each of these customers is, in their order, if all their keys are at hand, else None."""
        return self._cache.scopes(customer_ids)

    async def scopes(self, customer_ids: Collection[ObjectId]) -> dict[ObjectId, KeyScope | None]:
        """Whose these customers are, in at most one query. Those are absent who have no key, or none that opens."""
        found, _ = await self._opened(customer_ids)
        return {customer_id: key.scope for customer_id, key in found.items()}

    async def scopes_within(
        self, customer_ids: Collection[ObjectId], session: AsyncClientSession
    ) -> dict[ObjectId, KeyScope | None]:
        """The same as `session` sees it; nothing of it is kept."""
        stored = await self._data_keys.find({"_id": {"$in": list(customer_ids)}}, session=session).to_list()
        await self.vault.learn(map(_wrapped, stored))
        opened = (self._opened_or_none(document, final=False) for document in stored)
        return {key.customer_id: key.scope for key in opened if key is not None}

    async def _opened(self, customer_ids: Iterable[ObjectId]) -> tuple[dict[ObjectId, DataKey], bool]:
        """The keys that open, and whether there are some that do not."""
        found, missing = self._cache.find(customer_ids)
        refused = False
        if missing:
            evictions, stored = await self._fetch(missing)
            await self.vault.learn(map(_wrapped, stored.values()))
            # Each caller opens what it asked for: a key that does not open is nobody else's failure.
            opened = [self._opened_or_none(stored[each]) for each in missing if each in stored]
            keys = [key for key in opened if key is not None]
            refused = len(keys) < len(opened)
            self._cache.store(keys, evictions)
            found.update((key.customer_id, key) for key in keys)
        return found, refused

    async def _fetch(self, missing: list[ObjectId]) -> Fetched:
        if self._fetching is None:  # begins when the loop has run everything that is ready now
            self._fetching = asyncio.get_running_loop().create_task(self._fetch_wanted())
        self._wanted.update(missing)
        return await asyncio.shield(self._fetching)  # a caller that goes takes nobody with it

    async def _fetch_wanted(self) -> Fetched:
        # INVARIANT: nobody joins a query that was sent: a caller never gets a key that was erased before it asked.
        wanted, self._wanted, self._fetching = self._wanted, set(), None
        evictions = self._cache.evictions
        # In one batch, however many there are.
        stored = await self._committed.find({"_id": {"$in": list(wanted)}}, batch_size=len(wanted) + 1).to_list()
        return evictions, {document["_id"]: document for document in stored}

    async def data_key(self, customer_id: ObjectId) -> DataKey:
        """One customer's data key. KeyErasedError if there is none."""
        key = (await self.data_keys([customer_id])).get(customer_id)
        if key is None:
            raise KeyErasedError
        return key

    def _opened_or_none(self, document: StoredDocument, *, final: bool = True) -> DataKey | None:
        """The customer's key; None where it does not open. `final`: what is stored will not be rolled back."""
        try:
            key, version = self._open_data_key(document)
        except DecryptionError:
            return None
        newest = self._newest.get(key.customer_id.binary, FIRST_VERSION)
        if version < newest:  # an older state was put back
            return None
        if final and version > newest:
            self._remember(key.customer_id, version)
        return key

    def _open_data_key(self, document: StoredDocument) -> tuple[DataKey, int]:
        customer_id = document["_id"]
        scope, version = stored_scope(document)
        match document.get("keys"):
            case [*_, {"id": bytes(key_id), "wrapped": bytes(wrapped)}]:
                secret = self.vault.unwrap_data_key(customer_id, key_id, scope_digest(scope, version), wrapped)
                return DataKey.of(customer_id, key_id, secret, scope), version
        raise DecryptionError

    def _remember(self, customer_id: ObjectId, version: int) -> None:
        self._newest.pop(customer_id.binary, None)
        if len(self._newest) >= REMEMBERED:
            del self._newest[next(iter(self._newest))]
        self._newest[customer_id.binary] = version

    async def bind(self, customer_id: ObjectId, scope: KeyScope, session: AsyncClientSession) -> None:
        """Binds the customer's data keys to its new scope, in the transaction that makes it so; the caller evicts the
        customer after the commit. KeyErasedError, DecryptionError; nothing is written then."""
        await self.vault.confirm()
        stored = await self._data_keys.find_one({"_id": customer_id}, session=session)
        if stored is None:
            raise KeyErasedError
        await self.vault.learn(entry["wrapped"] for entry in stored["keys"])
        before, version = stored_scope(stored)
        if scope == before:
            return
        old, new = scope_digest(before, version), scope_digest(scope, version + 1)
        changes: dict[str, Any] = {"scope": scope_document(scope, version + 1)}
        for place, entry in enumerate(stored["keys"]):
            secret = self.vault.unwrap_data_key(customer_id, entry["id"], old, entry["wrapped"])
            changes[f"keys.{place}.wrapped"] = self.vault.wrap_data_key(customer_id, entry["id"], new, secret)
            changes[f"keys.{place}.vault_key"] = self.vault.active_key.key_id
        await self._data_keys.update_one({"_id": customer_id}, {"$set": changes}, session=session)

    async def erase(self, customer_id: ObjectId, session: AsyncClientSession | None = None) -> bool:
        """Deletes the customer's data key for good; False if there was none.

        Within a transaction the caller evicts once more after the commit, unless this process watches.
        """
        result = await self._data_keys.delete_one({"_id": customer_id}, session=session)
        self._cache.evict([customer_id])
        return result.deleted_count == 1

    def evict(self, customer_ids: Iterable[ObjectId]) -> None:
        """Forgets these customers' keys; they are fetched again when needed."""
        self._cache.evict(customer_ids)

    async def watch(self) -> None:
        """Forgets keys as they are erased or changed by anybody. Runs until cancelled, as a task of the process."""
        while True:
            try:
                await self._follow_changes()
            except PyMongoError as error:
                log.warning("watching the data keys was interrupted: %s", type(error).__name__)
            finally:
                self.watching.clear()
                self._cache.clear()
            await asyncio.sleep(REOPEN_SECONDS)

    async def _follow_changes(self) -> None:
        """Returns when the collection is dropped or renamed."""
        interesting: list[dict[str, Any]] = [
            {"$match": {"operationType": {"$ne": "insert"}}},
            {"$project": {"documentKey": 1, "updateDescription": 1}},
        ]
        async with await self._data_keys.watch(interesting) as changes:
            # What was erased before the stream opened is not in it.
            self._cache.clear()
            self.watching.set()
            async for change in changes:
                if _is_rewrapped(change):
                    continue
                if "documentKey" in change:
                    self._cache.evict([change["documentKey"]["_id"]])
                else:
                    self._cache.clear()

    async def seal_secret(self, name: str, plaintext: bytes) -> bytes:
        """Seals a small secret of the installation under its name."""
        return await self.vault.seal_secret(name, plaintext)

    async def open_secret(self, name: str, sealed: bytes) -> bytes:
        """Opens what `seal_secret` sealed under the same name; DecryptionError for anything else."""
        return await self.vault.open_secret(name, sealed)

    async def secret(self, name: str, length: int = 32) -> bytes:
        """The installation's secret `name`, the same for every process; made at random when first asked for."""
        return await self.vault.secret(name, length)


def _wrapped(document: StoredDocument) -> object:
    """The wrapping of the key that seals, whatever stands there."""
    match document.get("keys"):
        case [*_, {"wrapped": wrapped}]:
            return wrapped
    return None


def _is_rewrapped(change: Mapping[str, Any]) -> bool:
    """Whether a key merely has another wrapping: then those at hand stay, or a rotation would empty every cache."""
    described = change.get("updateDescription")
    if described is None or described["removedFields"] or described.get("truncatedArrays"):
        return False
    return all(name.startswith("keys.") and name.endswith(REWRAPPED) for name in described["updatedFields"])
