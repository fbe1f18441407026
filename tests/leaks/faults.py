"""Seeded faults: each takes one defence of the product away. What proves that the matrix can fail.

A fault names the case in which it shows, and the channels that must find it; `fetches` is the check of what is asked of
the database.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import bson
import pytest
from bson import ObjectId

from documents.access.plan import AccessPlan, FieldGrants
from documents.declaring.kind import Kind
from documents.encryption.ciphertext import FieldContext
from documents.encryption.cursors import CursorSealer
from documents.errors import DuplicateValueError, FieldAccessError, StaleVersionError
from documents.plain_records import Records
from documents.reading import conditions as customer_conditions
from documents.reading import customers
from documents.reading import projections as customer_projections
from documents.reading.conditions import ListConditions, Touched
from documents.reading.customers import CustomerReader
from documents.reading.projections import Projections
from documents.reading.visible_rows import VisibleRows
from documents.storing import codec, row_reader
from documents.storing.codec import RowCodec
from documents.storing.row_proof import GenuineRows
from documents.storing.row_scope import EVERYTHING
from documents.writing.customers import CustomerWriter
from documents.writing.uniqueness import IdentifierRepository
from documents.writing.unit_of_work import UnitOfWork

Seed = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True)
class Fault:
    name: str
    seed: Seed
    case: str  # the beginning of its name
    channels: tuple[str, ...]

    def __str__(self) -> str:
        return self.name


FAULTS: list[Fault] = []
FETCHES = "fetches"


def fault(case: str, *channels: str) -> Callable[[Seed], Seed]:
    def register(seed: Seed) -> Seed:
        FAULTS.append(Fault(seed.__name__, seed, case, channels))
        return seed

    return register


@fault("synthetic-masker", "sort_and_page")
def sort_is_not_checked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ListConditions, "_check_order", lambda *_: None)


@fault("synthetic-masker", FETCHES)
def projection_ignores_the_plan(patch: pytest.MonkeyPatch) -> None:
    def project(_: Any, projection: dict[str, Any], __: Any, field: tuple[str, str], *___: Any) -> None:
        projection[field[1]] = 1

    patch.setattr(Projections, "_project", project)


@fault("default-account_manager-business_operation", FETCHES)
def projection_ignores_the_row(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(customer_projections, "_kept", lambda *_: 1)


@fault("synthetic-masker", FETCHES)
def denied_values_are_decrypted(patch: pytest.MonkeyPatch) -> None:
    def read(self: CustomerReader, plan: AccessPlan, rows: GenuineRows, *others: Any) -> Any:
        for row in rows:
            for name, stored in row.items():
                if isinstance(stored, bytes):
                    self._codec._decrypt(key_of(row["_id"]), FieldContext(codec.COLLECTION, name), stored)
        return original(self, plan, rows, *others)

    def key_of(customer_id: ObjectId) -> Any:
        return KEYS[customer_id]

    original = CustomerReader._read
    patch.setattr(CustomerReader, "_read", read)


KEYS: dict[ObjectId, Any] = {}
"""The data keys of world A, for the fault that opens what it should not."""


@fault("synthetic-masker", "single_read", "list_read", "echo_of_an_update")
def masks_are_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(row_reader, "mask_value", lambda _, value: value)


@fault("default-account_manager-business_operation", "filter_by_equality")
def filters_are_not_narrowed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Touched, "permitted", lambda _, grants: grants.is_visible)


@fault("synthetic-blind", "filter_by_order")
def order_is_taken_for_equality(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(customer_conditions, "REVEALING", frozenset())


@fault("default-account_manager-business_operation", "search_by_value")
def search_ignores_the_right_to_find(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Touched, "and_exact", lambda self, _: self)


@fault("default-account_manager-business_operation", "create_with_a_taken_value")
def every_duplicate_is_told(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(CustomerReader, "may_find_by", lambda *_: True)


@fault("default-account_manager-business_operation", "create_with_a_taken_value")
def only_the_first_holder_counts(patch: pytest.MonkeyPatch) -> None:
    async def claim(
        self: IdentifierRepository, field: str, token: bytes, customer_id: ObjectId, may_find: Any, session: Any
    ) -> None:
        holder = await self._collection.find_one({"_id": token}, session=session)
        if holder is None:
            await self._collection.insert_one(
                {"_id": token, "customer_id": customer_id, "field": field}, session=session
            )
        elif await may_find(holder["customer_id"], field):
            raise DuplicateValueError(field)

    patch.setattr(IdentifierRepository, "claim", claim)


@fault("default-archivist", "opaque_cursors")
def cursors_are_not_sealed(patch: pytest.MonkeyPatch) -> None:
    def seal(_: CursorSealer, value: Any, row_id: ObjectId, __: bytes) -> str:
        return base64.urlsafe_b64encode(bson.encode({"v": value, "i": row_id})).rstrip(b"=").decode()

    patch.setattr(CursorSealer, "seal", seal)


@fault("default-archivist", "foreign_cursors")
def cursors_serve_any_list(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(customers, "cursor_context", lambda *_: b"one for all")


@fault("default-account_manager-business_operation", "single_read")
def access_is_told_from_values(patch: pytest.MonkeyPatch) -> None:
    async def read(self: CustomerReader, plan: AccessPlan, rows: GenuineRows, *others: Any) -> Records:
        records = await original(self, plan, rows, *others)
        stored = await self._collection.find({"_id": {"$in": [row["_id"] for row in rows]}}).to_list()
        present = {name for row in stored for name, value in row.items() if value is not None}
        _, report, _ = others
        report.served = {
            replace(served, below_plain=tuple(entry for entry in served.below_plain if entry[0] in present))
            for served in report.served
        }
        return records

    original = CustomerReader._read
    patch.setattr(CustomerReader, "_read", read)


@fault("synthetic-tunnel", "single_read")
def rows_are_copied_whole(patch: pytest.MonkeyPatch) -> None:
    """With what was fetched only to know whose they are."""

    def compile_reader(self: RowCodec, kind: Kind, grants: Any, selected: Any, _fetched: Any) -> Any:
        return original(self, kind, grants, selected, frozenset())

    original = RowCodec._compile
    patch.setattr(RowCodec, "_compile", compile_reader)


@fault("default-customer", "change_of_hidden_and_absent")
def hidden_rows_are_refused_otherwise(patch: pytest.MonkeyPatch) -> None:
    async def row_of(self: CustomerWriter, unit: UnitOfWork, plan: AccessPlan, kind: Kind, *asked: Any) -> Any:
        if self._reader.visible_rows(plan, kind) is not None and await self._collection.find_one({"_id": asked[0]}):
            raise StaleVersionError
        return await original(self, unit, plan, kind, *asked)

    original = CustomerWriter._row
    patch.setattr(CustomerWriter, "_row", row_of)


@fault("default-customer", "list_read")
def rows_of_all_scopes_are_read(patch: pytest.MonkeyPatch) -> None:
    def visible(_: VisibleRows, plan: AccessPlan, kinds: Any) -> Mapping[Kind, Any]:
        return {kind: EVERYTHING for kind in plan.kinds if kind in kinds}

    patch.setattr(VisibleRows, "visible", visible)


@fault("default-auditor", "update_of_nothing")
def empty_updates_are_let_through(patch: pytest.MonkeyPatch) -> None:
    def refuse(_: CustomerWriter, action: Any, change: Any, allowed: frozenset[str]) -> None:
        if refused := change.values.keys() - allowed:
            raise FieldAccessError(action, refused)

    patch.setattr(CustomerWriter, "_refuse", refuse)


@fault("default-account_manager-business_operation", "update_of_a_refused_field")
def writes_are_not_checked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(CustomerWriter, "_refuse", lambda *_: None)


@fault("default-account_manager-business_operation", "single_read")
def every_row_is_granted_what_own_ones_are(patch: pytest.MonkeyPatch) -> None:
    def grants(self: AccessPlan, kind: Kind, _: Any) -> FieldGrants:
        every = self.kinds[kind].by_scope_set
        return every[max(every, key=len)]

    patch.setattr(AccessPlan, "grants", grants)
