"""Whose customers and records are, written so that nobody else can: customers bind their data key to it, records bind
themselves to their customer, those of the company to their owner and department.

INVARIANT: a row gets its scope together with what proves it, in one transaction; readers (`storing/genuine_rows.py`)
serve no row without.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.declaring.kind import Kind
from documents.declaring.record import CompanyRecord, CustomerRecord, Declared
from documents.encryption.ciphertext import KeyScope
from documents.encryption.keyring import Keyring
from documents.encryption.row_bindings import BINDING, RowBindings
from documents.storing.layout import CustomerReference, is_scoped

FIELDS = frozenset({"account_manager", "department"})
"""The fields of a customer that say whose it is."""


def scope_of(kind: Kind, values: Mapping[str, Any]) -> KeyScope:
    """The scope of a customer with these values."""
    return KeyScope(kind.value, values.get("account_manager"), values.get("department"))


async def bind(
    keyring: Keyring, row: Mapping[str, Any], changed: Mapping[str, Any], session: AsyncClientSession
) -> bool:
    """Binds the customer of `row` (genuine, with its membership fields) to the scope that it has with `changed`. True
    where that may be another one: then the caller evicts the customer's key after the commit."""
    if FIELDS.isdisjoint(changed):
        return False
    await keyring.bind(row["_id"], scope_of(Kind(row["kind"]), {**row, **changed}), session)
    return True


def scopes_of_new(
    bindings: RowBindings,
    record: type[Declared],
    row_id: ObjectId,
    customer: CustomerReference | None,
    values: Mapping[str, Any],
) -> dict[str, Any]:
    """What a new record of the class holds of its scopes, and what proves them."""
    if issubclass(record, CustomerRecord):
        if customer is None:
            raise TypeError(f"a {record.kind.value} is of a customer")
        return scopes_in_customer(bindings, row_id, customer)
    owner = record.owner if issubclass(record, CompanyRecord) else None
    return scopes_in_company(
        bindings, record, row_id, values.get(owner) if owner is not None else None, values.get("department")
    )


def scopes_in_customer(bindings: RowBindings, row_id: ObjectId, customer: CustomerReference) -> dict[str, Any]:
    """The same of a record of the customer."""
    return {
        "customer_id": customer.row_id,
        "_owner": customer.account_manager,
        "_department": customer.department,
        BINDING: bindings.of_customer(row_id, customer.row_id),
    }


def scopes_in_company(
    bindings: RowBindings, record: type[Declared], row_id: ObjectId, owner: str | None, department: str | None
) -> dict[str, Any]:
    """The same of a record of the company; nothing of one that nobody can own."""
    if not is_scoped(record):
        return {}
    scopes = {"_owner": owner, "_department": department, BINDING: bindings.of_scope(row_id, owner, department)}
    return {name: value for name, value in scopes.items() if value is not None}
