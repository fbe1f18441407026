"""Writing the records of the regulation: everything that one operation changes, in one transaction.

Every write takes an `AccessPlan` for the record's kind and names all refused fields before it looks at any value. What
the system derives by itself (states, deadlines, sums) is written along, but never instead of a right: an operation
needs the right to at least one field that it changes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, overload

from bson import ObjectId

from documents.access.plan import AccessPlan, Action, FieldGrants
from documents.access.report import AccessReport
from documents.access.trace import Act
from documents.audit.entries import Author, ChangedRow
from documents.declaring.kind import Kind
from documents.declaring.record import StoredRecord
from documents.declaring.validation import Validator
from documents.errors import FieldAccessError, RecordNotFoundError, StaleVersionError
from documents.reading.customers import CustomerReader
from documents.reading.projections import WHOLE
from documents.reading.records import RecordReader
from documents.reading.typed_rows import Known, Row
from documents.reading.visible_rows import grants_in_customer
from documents.reading.where import Where
from documents.storing.believed_rows import BelievedRows
from documents.storing.layout import CustomerReference
from documents.storing.public_ids import new_customer_id, parse_id
from documents.storing.row_scope import members, scope_set
from documents.storing.row_store import ENTRY
from documents.writing.history import HistoryKeeper, Written
from documents.writing.idempotency import IdempotentRequest
from documents.writing.references import References, check_references
from documents.writing.rows import first_version, now, row_update, updated
from documents.writing.scopes import scopes_of_new
from documents.writing.unit_of_work import UnitOfWork, Units

Values = Mapping[str, Any]
NO_VALUES: Values = {}
_READ_FOR_CHANGE: Final = ("customer_id", "version", "_terms", "_tokens")


@dataclass(frozen=True, slots=True)
class _Target:
    """A stored row that is about to change: what is known of it, and what the caller may do."""

    row: dict[str, Any]
    grants: FieldGrants


class RecordWrites:
    """The writes of one operation on records, in its unit of work."""

    def __init__(self, writer: RecordWriter, unit: UnitOfWork) -> None:
        self._writer = writer
        self.unit = unit

    async def lock(self, customer: CustomerReference) -> CustomerReference:
        """The customer as it is in this unit of work, which nobody else changes until it ends: to be asked for before
        anything is read that is to be decided on.

        Raises RecordNotFoundError where it is gone, or the caller who saw it does not see it any more."""
        locked = await self.unit.lock(customer.row_id)
        if customer.seen_under is not None and not grants_in_customer(customer.seen_under, locked).is_visible:
            raise RecordNotFoundError
        return replace(locked, seen_under=customer.seen_under)

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
        """Creates a record; returns its public id. `customer` for a record of a customer, who is locked for it; None
        for the company's.

        `values` are the caller's, each of which needs the right to `create`; `derived` the system's. Raises
        RecordNotFoundError (the customer is gone for the caller), FieldAccessError (every refused field) and
        InvalidValueError (every broken rule)."""
        writer, store, row_id = self._writer, self._writer.reader(kind).store, new_customer_id()
        if customer is not None:
            customer = await self.lock(customer)
        record = store.catalogue.classes[kind]
        scopes = scopes_of_new(store.bindings, record, row_id, customer, {**values, **derived})
        grants = plan.grants(kind, scope_set(members(plan.row_scope, store.layout.scope_fields), scopes))
        _refuse(Action.CREATE, values, grants.creatable)
        known: dict[str, Any] = {"customer": customer.public_id} if customer is not None else {}
        validated = await writer.validated(self.unit, kind, {**values, **derived, **known}, creating=True)
        key = await writer.keyring.data_key(customer.row_id) if customer is not None else None
        encoded = store.codec.encode(kind, key, validated, row_id)
        row = {"_id": row_id, "kind": kind.value, **scopes, **first_version(encoded, now()), "created_by": by}
        told = self._told(Act.CREATE, plan, row, values, validated)
        if store.believed is not None:
            row = self._sealed(store.believed, row)
        await self.unit.insert(store.collection, row, told)
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
        target = await self._target(plan, kind, record_id, {**values, **derived})
        _refuse(Action.WRITE, values, target.grants.writable)
        changed = await self._writer.validated(self.unit, kind, {**values, **derived}, creating=False)
        if version is not None and target.row["version"] != version:
            raise StaleVersionError
        store, row = self._writer.reader(kind).store, target.row
        key = None
        if "customer_id" in row:
            await self.unit.lock(row["customer_id"])
            key = await self._writer.keyring.data_key(row["customer_id"])
        encoded = store.codec.encode(kind, key, changed, row["_id"])
        update = row_update(row, encoded, now())
        condition = {"_id": row["_id"], "version": row["version"]}
        told = self._told(Act.WRITE, plan, row, values, changed)
        if store.believed is not None:
            # Whole, as it was verified in this transaction: a write of anybody else meanwhile aborts it.
            await self.unit.put(store.collection, self._sealed(store.believed, updated(row, update)), told)
        elif not await self.unit.update(store.collection, condition, update, told):
            raise StaleVersionError
        by, at = self.unit.author.asker.username, update["$set"]["updated_at"]
        written = Written(row, row["version"] + 1, by, at, self._writer.source(kind))
        await self._writer.history.of_record(written, store.catalogue.fields(kind), encoded, self.unit.session)

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
        names; without one, with their ids. Of a class that is `believed` those alone that Dossier wrote as they are.

        For the operation's own decisions: nothing of it may be served without the plan having granted it. Raises
        FieldAccessError where the plan hides one of the fields."""
        return await self._writer.reader(kind).rows(plan, where, row, AccessReport(), self.unit.session)

    def _told(self, act: Act, plan: AccessPlan, row: Values, given: Values, written: Values) -> ChangedRow:
        """What the entry says of a record; `row` is as it was before, or as it is inserted. What was not given, or
        under another's rights than the author's, followed."""
        is_own = plan.row_scope.username == self.unit.author.asker.username
        own = frozenset(given) if is_own else frozenset()
        return ChangedRow(
            act,
            row["kind"],
            row["version"] + (act is Act.WRITE),
            tuple(sorted(own)),
            customer=row.get("customer_id"),
            record=row["_id"],
            derived=tuple(sorted(written.keys() - own)),
        )

    def _sealed(self, believed: BelievedRows, row: Values) -> dict[str, Any]:
        sealed = believed.sealed({**row, ENTRY: self.unit.entry_id})
        self.unit.committed.append(lambda: believed.remember(sealed))
        return sealed

    async def _target(self, plan: AccessPlan, kind: Kind, record_id: str, also: Iterable[str] = ()) -> _Target:
        reader, row_id = self._writer.reader(kind), _row_id(kind, record_id)
        scope, layout = reader.visible_rows(plan, kind), reader.store.layout
        row: dict[str, Any] | None = None
        if scope is not None:
            named = (*layout.membership_fields, *layout.proof_fields, *_READ_FOR_CHANGE, *also)
            condition = {"$and": [{"_id": row_id}, scope]}
            wanted = dict.fromkeys(named, 1) if reader.store.believed is None else WHOLE
            found = await reader.store.collection.find(condition, wanted, session=self.unit.session).to_list()
            genuine = await reader.proof.genuine(found, reader.again(condition, wanted), self.unit.session)
            row = next(iter(await reader.proof.standing(genuine, self.unit.session)), None)
        if row is None:
            raise RecordNotFoundError
        return _Target(row, plan.grants(kind, scope_set(members(plan.row_scope, layout.scope_fields), row)))


Work = Callable[[RecordWrites], Awaitable[str]]
"""What an operation writes; returns the public id of its main record. May be called again when the database asks."""


class RecordWriter:
    """Carries operations on records out, each as a unit of work. It writes the records that `readers` read."""

    def __init__(
        self, customers: CustomerReader, readers: Mapping[Kind, RecordReader], units: Units, references: References
    ) -> None:
        self.keyring = customers.store.storage.keyring
        self.units = units
        self._customers = customers
        self._readers = readers
        self._references = references
        self.history = HistoryKeeper(customers.store.storage)
        self._validators = {kind: Validator(reader.store.catalogue) for kind, reader in readers.items()}

    async def run(self, author: Author, work: Work, request: IdempotentRequest | None = None) -> str:
        """Does `work` as one unit; see `Units.run`."""
        return await self.units.run(author, lambda unit: work(self.writes(unit)), request)

    def writes(self, unit: UnitOfWork) -> RecordWrites:
        """The writes on records of a unit that is under way."""
        return RecordWrites(self, unit)

    async def customer(self, plan: AccessPlan, customer_id: str) -> CustomerReference:
        """Whose record it is to be; `plan` is of customers. Raises RecordNotFoundError where the caller sees none."""
        found = await self._customers.reference(plan, customer_id)
        if found is None:
            raise RecordNotFoundError
        return found

    def source(self, kind: Kind) -> str:
        """The channel by which what records of the kind say comes to us (I1)."""
        record = self._readers[kind].store.catalogue.classes[kind]
        return record.source.value if issubclass(record, StoredRecord) else ""

    def reader(self, kind: Kind) -> RecordReader:
        return self._readers[kind]

    async def validated(self, unit: UnitOfWork, kind: Kind, values: Values, *, creating: bool) -> dict[str, Any]:
        """Raises InvalidValueError naming every broken rule."""
        validated = self._validators[kind].validate(kind, values, creating=creating)
        await check_references(
            self._references, self.reader(kind).store.catalogue.fields(kind), [validated], unit.session
        )
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
