"""The use cases on customers: one plan per request, then the reader or the writer. They decide nothing themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from documents.access.plan import AccessPlan
from documents.access.trace import Act
from documents.declaring.kind import Kind
from documents.errors import RecordNotFoundError, StaleVersionError
from documents.plain_records import Record
from documents.reading.list_query import ListQuery, Selection
from documents.storing.public_ids import parse_customer_id
from documents.writing.customers import Change
from documents.writing.idempotency import IdempotentRequest
from documents.writing.unit_of_work import UnitOfWork, Work
from policies.authorize import CREATE, DELETE, WRITE
from resolvers.caller import Caller, idempotent
from resolvers.chapters.customers.history import History
from resolvers.chapters.information.shared_customers import SharedCustomers
from resolvers.inputs import OfRecord
from resolvers.kernel import Kernel
from resolvers.pages import Wanted, connection, read_page
from resolvers.reads import read_actions
from resolvers.recording import Changing, traced
from resolvers.refusals import REFUSALS, user_errors


class Customers:
    """Find, list, create, change and delete customers under policy; `history` tells what was changed."""

    def __init__(self, kernel: Kernel, shared: SharedCustomers) -> None:
        storage = kernel.storage
        self._engine = kernel.engine
        self._rule_sets = kernel.store
        self._reader = storage.reader
        self._writer = storage.writer
        self._units = storage.units
        self._reads = kernel.reads
        self._shared = shared
        self.history = History(kernel)

    async def find(self, caller: Caller, customer_id: str, selection: Selection) -> Record | None:
        """The customer as the caller may see it, or None: absent and out of scope are the same."""
        if caller.principal is not None and caller.principal.partner is not None:
            return await self._shared.find(caller, caller.principal, customer_id, selection)
        plan = await self._engine.authorize(caller.principal, caller.purpose, read_actions(selection))
        return await self._reads.find_customer(caller, plan, customer_id, selection)

    async def find_page(self, caller: Caller, query: ListQuery, *, ordered: bool, wanted: Wanted) -> Record:
        """A page as a connection record. Not `ordered`: newest first where the caller may know it, else by id."""
        if caller.principal is not None and caller.principal.partner is not None:
            return await self._shared.find_page(caller, caller.principal, query, wanted)
        plan = await self._engine.authorize(caller.principal, caller.purpose, read_actions(query.selection))
        page, query = await read_page(self._reader, plan, query, caller, ordered=ordered)
        await self._reads.attach_to_customers(caller, page.records, query.selection)
        return await connection(self._reader, plan, page, query, wanted)

    async def create(self, caller: Caller, change: Change, selection: Selection, path: str) -> Record:
        """The payload record: `customer` as the caller may now see it, and `user_errors`."""
        plan = await self._engine.authorize(caller.principal, caller.purpose, CREATE)
        caller.report.trace.add_plan(plan)
        change = _with_owner(caller, change)
        request = idempotent(caller, path, ["create", change.kind, change.channel, change.values])

        async def work(unit: UnitOfWork) -> str:
            return f"{change.kind.value}_{await self._writer.create(unit, plan, change)}"

        try:
            with traced(caller, Changing(Act.CREATE, change.kind, tuple(change.values))):
                customer_id = await self._run(caller, work, request)
        except REFUSALS as refusal:
            return _refused(refusal, change.kind)
        # What the creator may do from now on is asked again: the right to create is spent.
        plan = await self._engine.authorize(caller.principal, caller.purpose, read_actions(selection))
        return await self._payload(caller, plan, customer_id, selection)

    async def update(self, caller: Caller, given: OfRecord, change: Change, selection: Selection, path: str) -> Record:
        """The payload record of a change to the customer whose version the caller saw."""
        customer_id, version = given["id"], given["version"]
        plan = await self._engine.authorize(caller.principal, caller.purpose, WRITE | read_actions(selection))
        caller.report.trace.add_plan(plan)
        request = idempotent(caller, path, ["update", customer_id, version, change.channel, change.values])
        row_id = _row_id(customer_id, change.kind)

        async def work(unit: UnitOfWork) -> str:
            if row_id is None:
                raise RecordNotFoundError
            await self._writer.update(unit, plan, row_id, version, change)
            return customer_id

        try:
            with traced(caller, Changing(Act.WRITE, change.kind, tuple(change.values), customer=row_id)):
                await self._run(caller, work, request)
        except StaleVersionError as refusal:
            current = await self._reads.find_customer(caller, plan, customer_id, selection)
            return Record(_refused(refusal, change.kind), customer=current)
        except REFUSALS as refusal:
            return _refused(refusal, change.kind)
        if row_id is not None:
            self._writer.forget(row_id)
        return await self._payload(caller, plan, customer_id, selection)

    async def delete(self, caller: Caller, given: OfRecord, path: str) -> Record:
        """The payload record of a deletion: `deleted_id`, and `user_errors`."""
        customer_id, version = given["id"], given["version"]
        plan = await self._engine.authorize(caller.principal, caller.purpose, DELETE)
        caller.report.trace.add_plan(plan)
        request = idempotent(caller, path, ["delete", customer_id, version])
        kind, row_id = parse_customer_id(customer_id) or (None, None)

        async def work(unit: UnitOfWork) -> str:
            if kind is None or row_id is None:
                raise RecordNotFoundError
            await self._writer.delete(unit, plan, kind, row_id, version)
            return customer_id

        try:
            with traced(caller, Changing(Act.DELETE, kind, customer=row_id)):
                await self._run(caller, work, request)
        except REFUSALS as refusal:
            return _refused(refusal, kind)
        if row_id is not None:
            self._writer.forget(row_id)
        return Record(deleted_id=customer_id, user_errors=[])

    async def _run(self, caller: Caller, work: Work, request: IdempotentRequest | None) -> str:
        return await self._units.run(caller.author(self._rule_sets), work, request)

    async def _payload(self, caller: Caller, plan: AccessPlan, customer_id: str, selection: Selection) -> Record:
        """What a mutation returns is a read like any other: under the plan, of the row as it is now."""
        record = await self._reads.find_customer(caller, plan, customer_id, selection)
        return Record(customer=record, user_errors=[])


def _refused(refusal: Exception, kind: Kind | None) -> Record:
    """The payload of a refusal: nothing but what the caller can put right."""
    return Record(customer=None, user_errors=list(user_errors(refusal, kind)))


def _with_owner(caller: Caller, change: Change) -> Change:
    """A new customer belongs to whoever creates it, unless the input says otherwise."""
    if caller.principal is None:
        return change
    owner = {"account_manager": caller.principal.username, "department": caller.principal.department}
    missing = {name: value for name, value in owner.items() if value is not None and name not in change.values}
    return replace(change, values={**change.values, **missing})


def _row_id(customer_id: str, kind: Kind) -> Any:
    parsed = parse_customer_id(customer_id)
    return parsed[1] if parsed is not None and parsed[0] is kind else None
