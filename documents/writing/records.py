"""Writing the records of the regulation: everything that one operation changes, in one transaction.

Every write takes an `AccessPlan` for the record's kind and names all refused fields before it looks at any value. What
the system derives by itself (states, deadlines, sums) is written along, but never instead of a right: an operation
needs the right to at least one field that it changes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, overload

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.access.plan import AccessPlan, Action, FieldGrants
from documents.access.report import AccessReport
from documents.declaring.kind import Kind
from documents.declaring.validation import Validator
from documents.errors import (
    FieldAccessError,
    IdempotencyConflictError,
    RecordNotFoundError,
    StaleVersionError,
)
from documents.reading.customers import CustomerReader
from documents.reading.records import RecordReader
from documents.reading.typed_rows import Known, Row
from documents.reading.where import Where
from documents.storing.layout import CustomerReference
from documents.storing.public_ids import new_customer_id, parse_id
from documents.storing.row_scope import members, scope_set
from documents.writing.idempotency import IdempotencyRepository, IdempotentRequest
from documents.writing.references import References, check_references
from documents.writing.rows import first_version, now, row_update
from documents.writing.scopes import hold, scopes_of_new

Values = Mapping[str, Any]
NO_VALUES: Values = {}


@dataclass(frozen=True, slots=True)
class _Target:
    """A stored row that is about to change: what is known of it, and what the caller may do."""

    row: dict[str, Any]
    grants: FieldGrants


class RecordWrites:
    """The writes of one operation. They are done together or not at all."""

    def __init__(self, writer: RecordWriter, session: AsyncClientSession) -> None:
        self._writer = writer
        self._held: set[CustomerReference] = set()
        self.session = session

    async def insert(
        self,
        plan: AccessPlan,
        kind: Kind,
        values: Values,
        *,
        customer: CustomerReference | None = None,
        derived: Values = NO_VALUES,
        by: str,
    ) -> str:
        """Creates a record; returns its public id. `customer` for a record of a customer, None for the company's.

        `values` are the caller's, each of which needs the right to `create`; `derived` the system's. Raises
        FieldAccessError (every refused field) and InvalidValueError (every broken rule)."""
        writer, store, row_id = self._writer, self._writer.reader(kind).store, new_customer_id()
        record = store.catalogue.classes[kind]
        scopes = scopes_of_new(store.bindings, record, row_id, customer, {**values, **derived})
        grants = plan.grants(kind, scope_set(members(plan.row_scope, store.layout.scope_fields), scopes))
        _refuse(Action.CREATE, values, grants.creatable)
        known: dict[str, Any] = {"customer": customer.public_id} if customer is not None else {}
        validated = await writer.validated(kind, {**values, **derived, **known}, creating=True)
        key = None
        if customer is not None:
            if customer not in self._held:
                await hold(writer.customers.store.collection, customer, self.session)
                self._held.add(customer)
            key = await writer.keyring.data_key(customer.row_id)
        encoded = store.codec.encode(kind, key, validated, row_id)
        row = {"_id": row_id, "kind": kind.value, **scopes, **first_version(encoded, now()), "created_by": by}
        await store.collection.insert_one(row, session=self.session)
        return f"{kind.value}_{row_id}"

    async def update(
        self,
        plan: AccessPlan,
        kind: Kind,
        record_id: str,
        values: Values,
        *,
        version: int | None = None,
        derived: Values = NO_VALUES,
    ) -> None:
        """Changes a record; None clears a field. With `version` it must be the one that the caller saw.

        Every field of `values` needs the right to `write`. Raises RecordNotFoundError, FieldAccessError,
        InvalidValueError, StaleVersionError."""
        target = await self._target(plan, kind, record_id)
        _refuse(Action.WRITE, values, target.grants.writable)
        changed = await self._writer.validated(kind, {**values, **derived}, creating=False)
        if version is not None and target.row["version"] != version:
            raise StaleVersionError
        store = self._writer.reader(kind).store
        key = await self._writer.keyring.data_key(target.row["customer_id"]) if "customer_id" in target.row else None
        encoded = store.codec.encode(kind, key, changed, target.row["_id"])
        condition = {"_id": target.row["_id"], "version": target.row["version"]}
        update = row_update(target.row, encoded, now())
        done = await store.collection.update_one(condition, update, session=self.session)
        if done.matched_count == 0:
            raise StaleVersionError

    async def check(
        self, plan: AccessPlan, kind: Kind, record_id: str, names: Iterable[str], *, version: int | None = None
    ) -> None:
        """Refuses what `update` of these fields would refuse, whatever their values.

        To be asked before a rule is judged by fields that the caller may not know of. Raises RecordNotFoundError,
        FieldAccessError, StaleVersionError."""
        target = await self._target(plan, kind, record_id)
        _refuse(Action.WRITE, dict.fromkeys(names), target.grants.writable)
        if version is not None and target.row["version"] != version:
            raise StaleVersionError

    async def load(self, plan: AccessPlan, kind: Kind, record_id: str, row: type[Row]) -> Row:
        """The record as the plan shows it, as it is in this transaction, with the fields that the `TypedDict` names.

        Raises RecordNotFoundError; FieldAccessError where the plan hides one of the fields."""
        found = await self.find(plan, kind, Where(id=record_id), row)
        if not found:
            raise RecordNotFoundError
        return found[0]

    @overload
    async def find(self, plan: AccessPlan, kind: Kind, where: Where) -> list[Known]: ...
    @overload
    async def find(self, plan: AccessPlan, kind: Kind, where: Where, row: type[Row]) -> list[Row]: ...
    async def find(self, plan: AccessPlan, kind: Kind, where: Where, row: type[Any] = Known) -> list[Any]:
        """The rows asked for as the plan shows them, in this transaction: by id, with the fields that the `TypedDict`
        names; without one, with their ids.

        For the operation's own decisions: nothing of it may be served without the plan having granted it. Raises
        FieldAccessError where the plan hides one of the fields."""
        return await self._writer.reader(kind).rows(plan, where, row, AccessReport(), self.session)

    async def _target(self, plan: AccessPlan, kind: Kind, record_id: str) -> _Target:
        reader, row_id = self._writer.reader(kind), _row_id(kind, record_id)
        scope, layout = reader.visible_rows(plan, kind), reader.store.layout
        row: dict[str, Any] | None = None
        if scope is not None:
            named = (*layout.membership_fields, *layout.proof_fields, "customer_id", "version", "_terms")
            condition, wanted = {"$and": [{"_id": row_id}, scope]}, dict.fromkeys(named, 1)
            found = await reader.store.collection.find(condition, wanted, session=self.session).to_list()
            genuine = await reader.proof.genuine(found, reader.again(condition, wanted), self.session)
            row = next(iter(genuine), None)
        if row is None:
            raise RecordNotFoundError
        return _Target(row, plan.grants(kind, scope_set(members(plan.row_scope, layout.scope_fields), row)))


Work = Callable[[RecordWrites], Awaitable[str]]
"""What an operation writes; returns the public id of its main record. May be called again when the database asks."""


class RecordWriter:
    """Carries operations out in transactions, once per idempotency key. It writes the records that `readers` read."""

    def __init__(
        self,
        customers: CustomerReader,
        readers: Mapping[Kind, RecordReader],
        idempotency: IdempotencyRepository,
        references: References,
    ) -> None:
        self.database = customers.store.storage.database
        self.keyring = customers.store.storage.keyring
        self.customers = customers
        self._readers = readers
        self._idempotency = idempotency
        self._references = references
        self._validators = {kind: Validator(reader.store.catalogue) for kind, reader in readers.items()}

    async def run(self, work: Work, request: IdempotentRequest | None = None) -> str:
        """Does `work` in one transaction, unless `request` was carried out before; returns its outcome either way.

        Raises what `work` raises, and IdempotencyConflictError; nothing is written then."""
        if request is not None and (known := await self._idempotency.outcome(request)) is not None:
            return known

        async def write(session: AsyncClientSession) -> str:
            outcome = await work(RecordWrites(self, session))
            if request is not None:
                await self._idempotency.keep(request, outcome, session)
            return outcome

        try:
            async with self.database.client.start_session() as session:
                return await session.with_transaction(write)
        except IdempotencyConflictError:
            known = await self._idempotency.outcome(request) if request is not None else None
            if known is None:
                raise
            return known

    async def customer(self, plan: AccessPlan, customer_id: str) -> CustomerReference:
        """Whose record it is to be; `plan` is of customers. Raises RecordNotFoundError where the caller sees none."""
        found = await self.customers.reference(plan, customer_id)
        if found is None:
            raise RecordNotFoundError
        return found

    def reader(self, kind: Kind) -> RecordReader:
        return self._readers[kind]

    async def validated(self, kind: Kind, values: Values, *, creating: bool) -> dict[str, Any]:
        """Raises InvalidValueError naming every broken rule."""
        validated = self._validators[kind].validate(kind, values, creating=creating)
        await check_references(self._references, self.reader(kind).store.catalogue.fields(kind), [validated])
        return validated


def _refuse(action: Action, values: Values, allowed: frozenset[str]) -> None:
    refused = values.keys() - allowed
    if refused or not values:
        raise FieldAccessError(action, refused)


def _row_id(kind: Kind, record_id: str) -> ObjectId:
    parsed = parse_id(record_id, (kind.value,))
    if parsed is None:
        raise RecordNotFoundError
    return parsed[1]
