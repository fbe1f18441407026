"""Rows that tests write past the product, with what proves whose they are: as the product would have written them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bson import ObjectId
from pymongo import ReturnDocument

from documents.declaring.kind import Kind
from documents.encryption.ciphertext import KeyScope
from documents.encryption.keyring import Keyring
from documents.encryption.row_bindings import BINDING
from documents.storing.layout import Belonging
from documents.storing.row_store import RowStore
from resolvers.services import Services


def proof_of(store: RowStore, row: Mapping[str, Any]) -> dict[str, Any]:
    """The binding of a record with this id, customer, owner and department."""
    match store.layout.belonging:
        case Belonging.OF_CUSTOMER:
            return {BINDING: store.bindings.of_customer(row["_id"], row["customer_id"])}
        case Belonging.OF_COMPANY:
            return {BINDING: store.bindings.of_scope(row["_id"], row.get("_owner"), row.get("_department"))}
    return {}


def proven(store: RowStore, row: Mapping[str, Any]) -> dict[str, Any]:
    """The row of a record, with its binding, and its seal where its class is believed."""
    bound = {**row, **proof_of(store, row)}
    return store.believed.sealed(bound) if store.believed is not None else bound


def bound(services: Services, row: Mapping[str, Any]) -> dict[str, Any]:
    """The same of a record of whatever kind."""
    return proven(services.storage.readers[Kind(row["kind"])].store, row)


async def rewritten(services: Services, kind: Kind, condition: Mapping[str, Any], update: Mapping[str, Any]) -> None:
    """Changes one record by an update document, as the product would have."""
    store = services.storage.readers[kind].store
    row = await store.collection.find_one_and_update(condition, update, return_document=ReturnDocument.AFTER)
    assert row is not None
    await store.collection.replace_one({"_id": row["_id"]}, proven(store, row))


async def bind_customers(keyring: Keyring, rows: Sequence[Mapping[str, Any]]) -> None:
    """Binds the customers' keys to what their rows say, and forgets what was seen of them before."""
    keyring._newest.clear()
    scopes: dict[ObjectId, KeyScope] = {
        row["_id"]: KeyScope(row["kind"], row.get("account_manager"), row.get("department")) for row in rows
    }
    keyring.evict(scopes)
    held = await keyring.scopes(scopes)
    async with keyring._data_keys.database.client.start_session() as session, await session.start_transaction():
        for customer_id, scope in scopes.items():
            if held.get(customer_id, scope) != scope:
                await keyring.bind(customer_id, scope, session)
    keyring.evict(scopes)
