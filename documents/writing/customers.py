"""Writing customers: create, change, delete, import. Every write takes the unit of work that it is done in and an
`AccessPlan`, and names all refused fields before it looks at any value.

It never reads a field for its value: what it needs of the stored row is its scopes, version and blind index tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from bson import ObjectId

from documents.access.plan import AccessPlan, Action, FieldGrants
from documents.access.trace import Act
from documents.audit.entries import ChangedRow
from documents.declaring.kind import CUSTOMER_KINDS, Kind
from documents.declaring.record import SourceChannel
from documents.declaring.validation import Validator
from documents.errors import (
    FieldAccessError,
    RecordNotFoundError,
    StaleVersionError,
)
from documents.reading.customers import CustomerReader
from documents.storing.codec import EncodedFields
from documents.storing.layout import CUSTOMER_LAYOUT
from documents.storing.public_ids import new_customer_id
from documents.storing.row_scope import Filter, members, scope_set
from documents.writing import scopes
from documents.writing.dependents import Dependents
from documents.writing.history import HistoryKeeper, Written
from documents.writing.references import References, check_references
from documents.writing.rows import first_version, now, row_update
from documents.writing.uniqueness import IdentifierRepository
from documents.writing.unit_of_work import UnitOfWork

SystemValues = Callable[[Kind, date], Mapping[str, Any]]
"""What the system itself stores with a customer of the kind who is created on the day, by declared name."""


@dataclass(frozen=True, slots=True)
class Change:
    """New values of some fields of one kind, as the caller gave them, and the channel by which they came (I1)."""

    kind: Kind
    values: Mapping[str, Any]
    channel: SourceChannel


class CustomerWriter:
    """The write side of the rows that `reader` reads. `dependents` hang on them."""

    def __init__(
        self, reader: CustomerReader, dependents: Dependents, references: References, system_values: SystemValues
    ) -> None:
        store, database = reader.store, reader.store.storage.database
        self._collection = store.collection
        self._catalogue = store.catalogue
        self._keyring = store.storage.keyring
        self._codec = store.codec
        self._reader = reader
        self._dependents = dependents
        self._references = references
        self._system_values = system_values
        self._identifiers = IdentifierRepository(database)
        self._history = HistoryKeeper(store.storage)
        self._validator = Validator(store.catalogue)

    async def create(self, unit: UnitOfWork, plan: AccessPlan, change: Change) -> ObjectId:
        """Creates a customer and returns its id. Raises FieldAccessError (every refused field), InvalidValueError
        (every broken rule), DuplicateValueError."""
        self._refuse(Action.CREATE, change, self._grants_of_new(plan, change).creatable)
        values = self._validator.validate(change.kind, change.values, creating=True)
        await check_references(self._references, self._catalogue.fields(change.kind), [values], unit.session)
        customer_id = new_customer_id()
        key = await self._keyring.create_data_key(customer_id, scopes.scope_of(change.kind, values), unit.session)
        encoded = self._codec.encode(change.kind, key, values)
        await self._claim(unit, plan, change.kind, customer_id, encoded)
        row = self.new_row(customer_id, change, encoded, unit.author.asker.username)
        await unit.insert(self._collection, row, _changed(Act.CREATE, row, encoded.values))
        return customer_id

    async def update(
        self, unit: UnitOfWork, plan: AccessPlan, customer_id: ObjectId, version: int, change: Change
    ) -> None:
        """Changes the fields named in `change` of the customer whose `version` the caller saw.

        Raises RecordNotFoundError, FieldAccessError (every refused field), InvalidValueError, StaleVersionError,
        DuplicateValueError."""
        row, grants = await self._row(unit, plan, change.kind, customer_id, change.values)
        self._refuse(Action.WRITE, change, grants.writable)
        values = self._validator.validate(change.kind, change.values, creating=False)
        await check_references(self._references, self._catalogue.fields(change.kind), [values], unit.session)
        if row["version"] != version:
            raise StaleVersionError
        encoded = self._codec.encode(change.kind, await self._keyring.data_key(customer_id), values)
        await self._identifiers.release(self._unique_tokens(row, encoded.tokens), customer_id, unit.session)
        await self._claim(unit, plan, change.kind, customer_id, encoded)
        update = row_update(row, encoded, now(), change.channel.value)
        condition, told = {"_id": customer_id, "version": version}, _changed(Act.WRITE, row, encoded.values)
        if not await unit.update(self._collection, condition, update, told):
            raise StaleVersionError
        await scopes.bind(self._keyring, row, encoded.values, unit.session)
        await self._dependents.follow(customer_id, encoded.values, unit.session)
        written = Written(
            row, version + 1, unit.author.asker.username, update["$set"]["updated_at"], change.channel.value
        )
        await self._history.of_customer(written, self._catalogue.fields(change.kind), encoded, unit.session)

    async def delete(self, unit: UnitOfWork, plan: AccessPlan, kind: Kind, customer_id: ObjectId, version: int) -> None:
        """Deletes the customer and erases its data key, so that no copy of it can be read any more. `forget` the key
        once that is committed.

        It destroys every field, so it needs `delete` on each. Raises as `update` does."""
        row, grants = await self._row(unit, plan, kind, customer_id)
        missing = self._catalogue.fields(kind).keys() - grants.deletable
        if missing:
            raise FieldAccessError(Action.DELETE, missing)
        if row["version"] != version:
            raise StaleVersionError
        await self._identifiers.release(self._unique_tokens(row, row["_tokens"]), customer_id, unit.session)
        condition, told = {"_id": customer_id, "version": version}, _changed(Act.DELETE, row, ())
        if not await unit.delete(self._collection, condition, told):
            raise StaleVersionError
        await self._dependents.delete(customer_id, unit.session)
        await self._history.delete(customer_id, unit.session)
        await self._keyring.erase(customer_id, unit.session)

    def forget(self, customer_id: ObjectId) -> None:
        """Has this process fetch the customer's key anew: after it was erased, or bound to another scope."""
        self._keyring.evict([customer_id])

    async def import_many(self, unit: UnitOfWork, plan: AccessPlan, changes: Sequence[Change]) -> list[ObjectId]:
        """Creates many customers whose identifiers are known to be free, in few commands.

        Raises as `create` does."""
        ids = [new_customer_id() for _ in changes]
        validated: list[dict[str, Any]] = []
        for change in changes:
            self._refuse(Action.CREATE, change, self._grants_of_new(plan, change).creatable)
            validated.append(self._validator.validate(change.kind, change.values, creating=True))
        for kind in CUSTOMER_KINDS:
            of_kind = [values for change, values in zip(changes, validated, strict=True) if change.kind is kind]
            await check_references(self._references, self._catalogue.fields(kind), of_kind, unit.session)
        scoped = zip(ids, changes, validated, strict=True)
        keys = await self._keyring.create_data_keys(
            {customer_id: scopes.scope_of(change.kind, values) for customer_id, change, values in scoped}, unit.session
        )
        rows: list[dict[str, Any]] = []
        claims: list[tuple[str, bytes, ObjectId]] = []
        told: list[ChangedRow] = []
        for customer_id, change, values in zip(ids, changes, validated, strict=True):
            encoded = self._codec.encode(change.kind, keys[customer_id], values)
            rows.append(self.new_row(customer_id, change, encoded, unit.author.asker.username))
            told.append(_changed(Act.CREATE, rows[-1], encoded.values))
            claims += [(field, token, customer_id) for field, token in self._unique(change.kind, encoded.tokens)]
        await self._identifiers.claim_new(claims, unit.session)
        await unit.insert_many(self._collection, rows, told)
        return ids

    def new_row(self, customer_id: ObjectId, change: Change, encoded: EncodedFields, by: str) -> dict[str, Any]:
        """The first version of the customer's row, made by `by`, stored nowhere yet."""
        at = now()
        return {
            "_id": customer_id,
            "kind": change.kind.value,
            **first_version(encoded, at),
            **self._system_values(change.kind, at.date()),
            "created_by": by,
            "_sources": {name: change.channel.value for name, value in encoded.values.items() if value is not None},
        }

    def _grants_of_new(self, plan: AccessPlan, change: Change) -> FieldGrants:
        """The grants of the row as it will be: whose it is decides who may create it."""
        return plan.grants(change.kind, scope_set(members(plan.row_scope), change.values))

    def _refuse(self, action: Action, change: Change, allowed: frozenset[str]) -> None:
        managed = {name for name, spec in self._catalogue.fields(change.kind).items() if spec.declaration.managed}
        permitted = allowed - managed
        refused = change.values.keys() - permitted
        if refused or not permitted:  # a change without a field still moves version and time
            raise FieldAccessError(action, refused)

    async def _row(
        self, unit: UnitOfWork, plan: AccessPlan, kind: Kind, customer_id: ObjectId, also: Iterable[str] = ()
    ) -> tuple[dict[str, Any], FieldGrants]:
        """The row's scopes, version and tokens, and the stored fields `also`, if the caller can see it at all.

        Raises RecordNotFoundError."""
        scope: Filter | None = self._reader.visible_rows(plan, kind)
        row: dict[str, Any] | None = None
        if scope is not None:
            condition = {"$and": [{"_id": customer_id, "kind": kind.value}, scope]}
            wanted = dict.fromkeys((*CUSTOMER_LAYOUT.membership_fields, "version", "_tokens", "_terms", *also), 1)
            found = await self._collection.find(condition, wanted, session=unit.session).to_list()
            genuine = await self._reader.proof.genuine(found, self._reader.again(condition, wanted), unit.session)
            row = next(iter(genuine), None)
        if row is None:
            raise RecordNotFoundError
        return row, plan.grants(kind, scope_set(members(plan.row_scope), row))

    async def _claim(
        self, unit: UnitOfWork, plan: AccessPlan, kind: Kind, customer_id: ObjectId, encoded: EncodedFields
    ) -> None:
        async def may_find(holder: ObjectId, field: str) -> bool:
            wanted = dict.fromkeys(CUSTOMER_LAYOUT.membership_fields, 1)
            found = await self._collection.find({"_id": holder}, wanted, session=unit.session).to_list()
            rows = await self._reader.proof.genuine(found, self._reader.again({}, wanted), unit.session)
            return any(self._reader.may_find_by(plan, field, row) for row in rows)

        for field, token in self._unique(kind, encoded.tokens):
            await self._identifiers.claim(field, token, customer_id, may_find, unit.session)

    def _unique(self, kind: Kind, tokens: Mapping[str, list[bytes]]) -> list[tuple[str, bytes]]:
        """(field, equality token) of the unique fields among `tokens`; the equality token is the first of each."""
        fields = self._catalogue.fields(kind)
        return [(name, found[0]) for name, found in tokens.items() if found and fields[name].declaration.unique]

    def _unique_tokens(self, row: Mapping[str, Any], changed: Mapping[str, Any]) -> list[bytes]:
        stored = {name: found for name, found in row["_tokens"].items() if name in changed}
        return [token for _, token in self._unique(Kind(row["kind"]), stored)]


def _changed(act: Act, row: Mapping[str, Any], written: Iterable[str]) -> ChangedRow:
    """What the entry says of a customer; `row` is as it was before, or as it is inserted."""
    version = row["version"] + (act is not Act.CREATE)
    return ChangedRow(act, row["kind"], version, tuple(sorted(written)), customer=row["_id"])
