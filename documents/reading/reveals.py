"""Opening one field of one customer that the caller sees masked: fetched and decrypted alone, under the row's grants.

It asks for no reason and keeps none: whoever calls has done so before. INVARIANT: a field that the plan does not let
the caller reveal in this row is neither fetched nor decrypted.
"""

from __future__ import annotations

from dataclasses import dataclass

from bson import ObjectId

from documents.access.plan import AccessPlan, Action, FieldGrants, Level
from documents.access.report import AccessReport
from documents.access.trace import Act
from documents.declaring.kind import Kind
from documents.errors import FieldAccessError, KeyErasedError, RecordNotFoundError, StaleVersionError
from documents.reading.customers import CustomerReader
from documents.reading.history import value_texts
from documents.reading.visible_rows import grants_in_customer
from documents.storing.layout import CustomerReference


@dataclass(frozen=True, slots=True)
class OpenableField:
    """A field, by its declared name, that the caller may have in full: PLAIN anyhow, or MASKED and to be revealed."""

    customer: CustomerReference
    name: str
    grants: FieldGrants

    @property
    def is_masked(self) -> bool:
        return self.grants.level(self.name) is Level.MASKED


class CustomerReveals:
    """Reads single fields in full."""

    def __init__(self, customers: CustomerReader) -> None:
        store = customers.store
        self._collection = store.collection
        self._catalogue = store.catalogue
        self._keyring = store.storage.keyring
        self._codec = store.codec
        self._customers = customers

    async def find(self, plan: AccessPlan, kind: Kind, row_id: ObjectId, name: str) -> OpenableField:
        """The field, without fetching its value. Raises RecordNotFoundError where the caller sees no such customer, and
        FieldAccessError where it may not have the field in full."""
        customer = await self._customers.reference_of(plan, kind, row_id)
        if customer is None:
            raise RecordNotFoundError
        grants = grants_in_customer(plan, customer)
        if grants.opened(name).level(name) is not Level.PLAIN:
            raise FieldAccessError(Action.REVEAL, (name,))
        return OpenableField(customer, name, grants)

    async def open(self, field: OpenableField, report: AccessReport) -> list[str] | None:
        """The value as texts, one for each item; None where there is none.

        Raises StaleVersionError where the customer is another's meanwhile, so that other grants hold, or is gone;
        KeyErasedError."""
        customer, name = field.customer, field.name
        same = {"account_manager": customer.account_manager, "department": customer.department}
        row = await self._collection.find_one({"_id": customer.row_id, "kind": customer.kind.value, **same}, {name: 1})
        if row is None:
            raise StaleVersionError
        reader = self._codec.row_reader(customer.kind, field.grants.opened(name), frozenset({name}))
        key = (await self._keyring.data_keys([customer.row_id])).get(customer.row_id)
        if key is None:
            raise KeyErasedError
        if key.scope != (customer.kind.value, customer.account_manager, customer.department):  # handed over by now
            raise StaleVersionError
        report.trace.add_rows(Act.REVEAL if field.is_masked else Act.READ, reader.served, [customer.row_id])
        record, _ = reader.read(row, key)
        return value_texts(self._catalogue.fields(customer.kind)[name], record[name])
