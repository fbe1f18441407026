"""Binding what was stored before rows proved whose they are: data keys to scopes, records and history to customers.

For the migration alone, once: it believes what it finds. INVARIANT: nothing that is bound already is bound again, so
that it can be ended and begun again at any point; what no key opens is left as it is, and served to nobody.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from typing import Any, Final

from bson import ObjectId
from pymongo import UpdateOne
from pymongo.asynchronous.database import AsyncDatabase

from documents.declaring.record import CustomerRecord, StoredRecord
from documents.encryption.ciphertext import KeyScope
from documents.encryption.key_scopes import FIRST_VERSION, scope_digest, scope_document
from documents.encryption.keyring import Keyring
from documents.encryption.row_bindings import BINDING, SECRET, RowBindings
from documents.encryption.vault import key_collection
from documents.errors import DecryptionError
from documents.reading.history import COLLECTION as HISTORY
from documents.storing.layout import CUSTOMER_LAYOUT, is_scoped

Database = AsyncDatabase[dict[str, Any]]
Row = dict[str, Any]

Report = Callable[[int, int], Awaitable[None]]
"""Told after each batch how many rows were looked at, and about how many there are."""

BATCH: Final = 500
_SCOPE: Final = {"kind": 1, "account_manager": 1, "department": 1}
_RECORD: Final = {"customer_id": 1, "_owner": 1, "_department": 1}


async def bind_existing(
    database: Database, keyring: Keyring, records: Iterable[type[StoredRecord]], report: Report
) -> None:
    """Binds what is not bound yet, of customers and of records of these classes. No other process may write meanwhile.

    A record that says another owner or department than its customer, as some did that were written while the customer
    was handed over, follows the customer."""
    work = _Work(database, keyring, RowBindings(await keyring.secret(SECRET), CUSTOMER_LAYOUT.collection), report)
    scoped = [record for record in records if is_scoped(record)]
    names = ["data_keys", HISTORY, *(record.collection for record in scoped)]
    work.total = sum([await database[name].estimated_document_count() for name in names])
    await work.bind_keys()
    await work.bind_rows(HISTORY, work.history_change)
    for record in scoped:
        of_customers = issubclass(record, CustomerRecord)
        await work.bind_rows(record.collection, work.record_change if of_customers else work.company_change)


class _Work:
    def __init__(self, database: Database, keyring: Keyring, bindings: RowBindings, report: Report) -> None:
        self.total = 0
        self._database = database
        self._vault = keyring.vault
        self._bindings = bindings
        self._report = report
        self._done = 0

    async def bind_keys(self) -> None:
        keys = key_collection(self._database, "data_keys")
        await self._vault.reload()
        async for documents in self._batches("data_keys", {"scope": {"$exists": False}}, {"keys": 1}):
            scopes = await self._scopes([document["_id"] for document in documents])
            changes = [
                change
                for document in documents
                if document["_id"] in scopes and (change := self._key_change(document, scopes[document["_id"]]))
            ]
            if changes:
                await keys.bulk_write(changes, ordered=False)

    def _key_change(self, document: Row, scope: KeyScope) -> UpdateOne | None:
        customer_id, digest = document["_id"], scope_digest(scope, FIRST_VERSION)
        values: Row = {"scope": scope_document(scope, FIRST_VERSION)}
        try:
            for place, entry in enumerate(document["keys"]):
                secret = self._vault.unwrap_unbound_data_key(customer_id, entry["id"], entry["wrapped"])
                wrapped = self._vault.wrap_data_key(customer_id, entry["id"], digest, secret)
                values |= {f"keys.{place}.wrapped": wrapped, f"keys.{place}.vault_key": self._vault.active_key.key_id}
        except DecryptionError:
            return None
        # INVARIANT: only over what was read, and only once.
        unbound = {"_id": customer_id, "scope": {"$exists": False}, "keys": document["keys"]}
        return UpdateOne(unbound, {"$set": values})

    async def bind_rows(
        self, collection: str, change: Callable[[RowBindings, Row, Mapping[ObjectId, KeyScope]], Row | None]
    ) -> None:
        """Binds the unbound rows by what `change` says is to be set."""
        bindings, rows = self._bindings.within(collection), self._database[collection]
        async for batch in self._batches(collection, {BINDING: {"$exists": False}}, _RECORD):
            scopes = await self._scopes([row["customer_id"] for row in batch if "customer_id" in row])
            updates = [
                UpdateOne({"_id": row["_id"], BINDING: {"$exists": False}}, {"$set": values})
                for row in batch
                if (values := change(bindings, row, scopes)) is not None
            ]
            if updates:
                await rows.bulk_write(updates, ordered=False)

    @staticmethod
    def history_change(bindings: RowBindings, row: Row, _scopes: Mapping[ObjectId, KeyScope]) -> Row | None:
        return {BINDING: bindings.of_customer(row["_id"], row["customer_id"])}

    @staticmethod
    def record_change(bindings: RowBindings, row: Row, scopes: Mapping[ObjectId, KeyScope]) -> Row | None:
        customer_id = row.get("customer_id")
        scope = scopes.get(customer_id) if customer_id is not None else None
        if scope is None or customer_id is None:  # of a customer who is gone
            return None
        copies = {"_owner": scope.owner, "_department": scope.department}
        return {**copies, BINDING: bindings.of_customer(row["_id"], customer_id)}

    @staticmethod
    def company_change(bindings: RowBindings, row: Row, _scopes: Mapping[ObjectId, KeyScope]) -> Row | None:
        return {BINDING: bindings.of_scope(row["_id"], row.get("_owner"), row.get("_department"))}

    async def _scopes(self, customer_ids: list[ObjectId]) -> dict[ObjectId, KeyScope]:
        """Whose the customers are, by their rows."""
        found = self._database[CUSTOMER_LAYOUT.collection].find({"_id": {"$in": customer_ids}}, _SCOPE)
        return {
            row["_id"]: KeyScope(row["kind"], row.get("account_manager"), row.get("department")) async for row in found
        }

    async def _batches(self, collection: str, unbound: Row, wanted: Row) -> AsyncIterator[list[Row]]:
        after: Any = None
        while True:
            condition = unbound if after is None else {**unbound, "_id": {"$gt": after}}
            batch = await self._database[collection].find(condition, wanted).sort("_id", 1).limit(BATCH).to_list()
            if not batch:
                return
            yield batch
            after = batch[-1]["_id"]
            self._done += len(batch)
            await self._report(self._done, self.total)
