"""The use cases on customers: one plan per request, then the repository. They decide nothing themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import orjson

from documents.access_plan import AccessPlan, Action
from documents.catalogue import Catalogue
from documents.errors import (
    DuplicateValueError,
    FieldAccessError,
    IdempotencyConflictError,
    InvalidValueError,
    KeyErasedError,
    RecordNotFoundError,
    StaleVersionError,
)
from documents.fields import Kind, ValueType
from documents.records import Record, Records
from documents.repositories.accounts import AccountRepository
from documents.repositories.codec import parse_customer_id
from documents.repositories.customer_writes import Change, CustomerWriter
from documents.repositories.customers import CustomerRepository
from documents.repositories.idempotency import IdempotencyRepository, IdempotentRequest
from documents.repositories.list_query import ListQuery, Page, Selection, Sort
from policies.authorize import CREATE, DELETE, READ, WRITE, PolicyEngine
from resolvers.caller import Caller
from resolvers.errors import UserError

DEFAULT_ORDER = "created_at"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which parts of a list the caller asked for; the others are not computed."""

    edges: bool
    cursors: bool
    nodes: bool
    page_info: bool
    start_cursor: bool
    end_cursor: bool
    total: bool


class Customers:
    """Find, list, create, change and delete customers under policy."""

    def __init__(
        self,
        engine: PolicyEngine,
        catalogue: Catalogue,
        reader: CustomerRepository,
        writer: CustomerWriter,
        idempotency: IdempotencyRepository,
        accounts: AccountRepository,
    ) -> None:
        self._engine = engine
        self._catalogue = catalogue
        self._reader = reader
        self._writer = writer
        self._idempotency = idempotency
        self._accounts = accounts
        self._references = (
            (self._names_of(ValueType.STAFF), self._staff),
            (self._names_of(ValueType.DEPARTMENT), self._accounts.departments),
        )

    async def find(self, caller: Caller, customer_id: str, selection: Selection) -> Record | None:
        """The customer as the caller may see it, or None: absent and out of scope are the same."""
        plan = await self._engine.authorize(caller.principal, caller.purpose, read_actions(selection))
        return await self._find(caller, plan, customer_id, selection)

    async def find_under(
        self, caller: Caller, plan: AccessPlan, customer_id: str, selection: Selection
    ) -> Record | None:
        """The same under a plan that the caller was just given."""
        return await self._find(caller, plan, customer_id, selection)

    async def find_page(self, caller: Caller, query: ListQuery, *, ordered: bool, wanted: Wanted) -> Record:
        """A page as a connection record. Not `ordered`: newest first where the caller may know it, else by id."""
        plan = await self._engine.authorize(caller.principal, caller.purpose, read_actions(query.selection))
        page, query = await self._page(plan, query, caller, ordered=ordered)
        await self._attach_references(page.records, query.selection)
        connection = Record()
        if wanted.edges:
            connection["edges"] = self._edges(page, with_cursors=wanted.cursors)
        if wanted.nodes:
            connection["nodes"] = page.records
        if wanted.page_info:
            connection["page_info"] = self._page_info(page, query, wanted)
        if wanted.total:
            connection["total_count"] = await self._reader.count(plan, query)
        return connection

    async def create(self, caller: Caller, change: Change, selection: Selection, path: str) -> Record:
        """The payload record: `customer` as the caller may now see it, and `user_errors`."""
        plan = await self._engine.authorize(caller.principal, caller.purpose, CREATE)
        change = _with_owner(caller, change)
        request = _idempotent(caller, path, ["create", change.kind, change.channel, change.values])
        known = await self._known(request)
        if known is None:
            try:
                known = f"{change.kind.value}_{await self._writer.create(plan, change, request)}"
            except _REFUSALS as refusal:
                return _refused(refusal, change.kind)
            except IdempotencyConflictError:
                known = await self._settled(request)
        # What the creator may do from now on is asked again: the right to create is spent.
        plan = await self._engine.authorize(caller.principal, caller.purpose, read_actions(selection))
        return await self._payload(caller, plan, known, selection)

    async def update(
        self, caller: Caller, customer_id: str, version: int, change: Change, selection: Selection, path: str
    ) -> Record:
        """The payload record of a change to the customer whose `version` the caller saw."""
        plan = await self._engine.authorize(caller.principal, caller.purpose, WRITE)
        request = _idempotent(caller, path, ["update", customer_id, version, change.channel, change.values])
        if await self._known(request) is None:
            row_id = _row_id(customer_id, change.kind)
            try:
                if row_id is None:
                    raise RecordNotFoundError
                await self._writer.update(plan, row_id, version, change, request)
            except StaleVersionError as refusal:
                current = await self._find(caller, plan, customer_id, selection)
                return Record(_refused(refusal, change.kind), customer=current)
            except _REFUSALS as refusal:
                return _refused(refusal, change.kind)
            except IdempotencyConflictError:
                await self._settled(request)
        return await self._payload(caller, plan, customer_id, selection)

    async def delete(self, caller: Caller, customer_id: str, version: int, path: str) -> Record:
        """The payload record of a deletion: `deleted_id`, and `user_errors`."""
        plan = await self._engine.authorize(caller.principal, caller.purpose, DELETE)
        request = _idempotent(caller, path, ["delete", customer_id, version])
        if await self._known(request) is None:
            parsed = parse_customer_id(customer_id)
            try:
                if parsed is None:
                    raise RecordNotFoundError
                await self._writer.delete(plan, *parsed, version, request)
            except _REFUSALS as refusal:
                return _refused(refusal, parsed[0] if parsed is not None else None)
            except IdempotencyConflictError:
                await self._settled(request)
        return Record(deleted_id=customer_id, user_errors=[])

    async def _find(self, caller: Caller, plan: AccessPlan, customer_id: str, selection: Selection) -> Record | None:
        parsed = parse_customer_id(customer_id)
        if parsed is None:
            return None
        kind, row_id = parsed
        record = await self._reader.find(plan, kind, row_id, selection, caller.report)
        if record is not None:
            await self._attach_references([record], selection)
        return record

    async def _page(
        self, plan: AccessPlan, query: ListQuery, caller: Caller, *, ordered: bool
    ) -> tuple[Page, ListQuery]:
        if not ordered:
            newest_first = replace(query, sort=Sort(DEFAULT_ORDER, descending=True))
            if self._reader.may_order(plan, newest_first):
                query = newest_first
        return await self._reader.find_page(plan, query, caller.report), query

    def _edges(self, page: Page, *, with_cursors: bool) -> Records:
        if not with_cursors:
            return Records(Record(node=record) for record in page.records)
        return Records(
            Record(node=record, cursor=self._reader.cursor(page, index)) for index, record in enumerate(page.records)
        )

    def _page_info(self, page: Page, query: ListQuery, wanted: Wanted) -> Record:
        last = len(page.records) - 1
        turned = query.cursor is not None  # there is at least the row of the cursor on the other side
        return Record(
            has_next_page=turned if query.backward else page.has_more,
            has_previous_page=page.has_more if query.backward else turned,
            start_cursor=self._reader.cursor(page, 0) if wanted.start_cursor and page.records else None,
            end_cursor=self._reader.cursor(page, last) if wanted.end_cursor and page.records else None,
        )

    async def _payload(self, caller: Caller, plan: AccessPlan, customer_id: str, selection: Selection) -> Record:
        """What a mutation returns is a read like any other: under the plan, of the row as it is now."""
        record = await self._find(caller, plan, customer_id, selection)
        return Record(customer=record, user_errors=[])

    async def _known(self, request: IdempotentRequest | None) -> str | None:
        return await self._idempotency.outcome(request) if request is not None else None

    async def _settled(self, request: IdempotentRequest | None) -> str:
        """The outcome of the other try that got there first. Raises IdempotencyConflictError while there is none."""
        known = await self._known(request)
        if known is None:
            raise IdempotencyConflictError(in_progress=True)
        return known

    async def _attach_references(self, records: Iterable[Record], selection: Selection) -> None:
        """Replaces names of staff and codes of departments by their records: one query each per page."""
        for declared, fetch in self._references:
            names = declared & selection.names
            if not names:
                continue
            wanted = {record[name] for record in records for name in names if record.get(name) is not None}
            if not wanted:
                continue
            found = await fetch(sorted(wanted))
            for record in records:
                for name in names:
                    if record.get(name) is not None:
                        record[name] = found.get(record[name])

    async def _staff(self, usernames: list[str]) -> dict[str, Record]:
        return await self._accounts.staff(usernames)

    def _names_of(self, value_type: ValueType) -> frozenset[str]:
        return frozenset(name for name, spec in self._catalogue.shared().items() if spec.value_type is value_type)


_REFUSALS = (
    FieldAccessError,
    InvalidValueError,
    RecordNotFoundError,
    StaleVersionError,
    DuplicateValueError,
    KeyErasedError,
)


def _refused(refusal: Exception, kind: Kind | None) -> Record:
    """The payload of a refusal: nothing but what the caller can put right."""
    return Record(customer=None, user_errors=list(_user_errors(refusal, kind)))


def _user_errors(refusal: Exception, kind: Kind | None) -> Iterator[UserError]:
    prefix = (kind.value,) if kind is not None else ()
    match refusal:
        case FieldAccessError(fields=fields) if fields:
            yield from (UserError("ACCESS_DENIED", (*prefix, name)) for name in fields)
        case FieldAccessError():
            yield UserError("ACCESS_DENIED")
        case InvalidValueError(fields=fields):
            for broken in fields:
                yield UserError("INVALID_VALUE", (*prefix, broken.field), broken.rule, broken.parameters)
        case DuplicateValueError(field=name):
            yield UserError("ALREADY_EXISTS", (*prefix, name))
        case StaleVersionError():
            yield UserError("STALE_VERSION", (*prefix, "version"))
        case KeyErasedError():
            yield UserError("ERASED", (*prefix, "id"))
        case _:
            yield UserError("NOT_FOUND", (*prefix, "id"))


def read_actions(selection: Selection) -> frozenset[Action]:
    """What a plan must decide: reading and finding; the right to write too where the caller asks what it may do."""
    return WRITE if "access" in selection.names else READ


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


def _idempotent(caller: Caller, path: str, content: list[Any]) -> IdempotentRequest | None:
    if caller.idempotency_key is None or caller.principal is None:
        return None
    key = f"{caller.idempotency_key}\x00{path}"  # several mutations of one request are several requests
    return IdempotentRequest(
        caller.principal.username, key, orjson.dumps(content, option=orjson.OPT_SORT_KEYS, default=str)
    )
