"""What is asked of the database and what is decrypted: the real driver's own record of commands and replies."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from pymongo import AsyncMongoClient, monitoring

from documents.access.plan import AccessPlan, Level
from documents.access.report import AccessReport
from documents.declaring.kind import Kind
from documents.encryption.ciphertext import DataKey, FieldContext, decrypt_value
from documents.reading.customers import CustomerReader
from documents.reading.list_query import ListQuery, Selection, Sort
from documents.registry import CATALOGUE
from documents.storing.codec import COLLECTION, RowCodec
from documents.storing.layout import CUSTOMER_LAYOUT
from documents.storing.row_scope import members, reachable, scope_set
from tests.leaks.arena import Arena
from tests.leaks.matrix import Leak
from tests.leaks.worlds import Row

ALWAYS = frozenset({"_id", *CUSTOMER_LAYOUT.membership_fields})  # whose the row is decides what of it is granted
WHOLE = Selection({kind: frozenset({*fields, "id"}) for kind, fields in CATALOGUE.by_kind.items()})


@dataclass
class Recorder(monitoring.CommandListener):
    """The `find` commands on customers and the documents that came back."""

    commands: list[dict[str, Any]] = field(default_factory=list)
    documents: list[dict[str, Any]] = field(default_factory=list)
    _pending: set[int] = field(default_factory=set)

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name in ("find", "aggregate") and event.command[event.command_name] == COLLECTION:
            self.commands.append(dict(event.command))
            self._pending.add(event.request_id)

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        if event.request_id in self._pending:
            self._pending.discard(event.request_id)
            self.documents += event.reply["cursor"]["firstBatch"]

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        self._pending.discard(event.request_id)


@dataclass
class Observed:
    """A repository over world A as the composition root builds it, under observation."""

    reader: CustomerReader
    recorder: Recorder
    opened: list[str] = field(default_factory=list)

    def clear(self) -> None:
        self.recorder.commands.clear()
        self.recorder.documents.clear()
        self.opened.clear()


@asynccontextmanager
async def observed(arena: Arena, uri: str) -> AsyncIterator[Observed]:
    services, recorder = arena.a.services, Recorder()
    opened: list[str] = []

    def counted(key: DataKey, context: FieldContext, stored: bytes) -> Any:
        opened.append(context.path)
        return decrypt_value(key, context, stored)

    client: AsyncMongoClient[dict[str, Any]]
    async with AsyncMongoClient(uri, tz_aware=True, event_listeners=[recorder]) as client:
        known = services.storage.reader.store
        watched = replace(known.storage, database=client[arena.a.database.name])
        codec = RowCodec(CATALOGUE.by_kind, known.blind_index, counted)
        yield Observed(CustomerReader(replace(known, storage=watched, codec=codec)), recorder, opened)


def selections(names: Sequence[str]) -> Iterator[Selection]:
    """Everything, where values came from, and each of `names` by itself."""
    yield WHOLE
    yield Selection({kind: frozenset({"sources", "access"}) for kind in CATALOGUE.by_kind})
    for name in names:
        yield Selection({kind: frozenset({name}) for kind, fields in CATALOGUE.by_kind.items() if name in fields})
    for kind in CATALOGUE.by_kind:
        yield Selection({kind: WHOLE[kind]})


async def check_list(arena: Arena, plan: AccessPlan, watch: Observed, selection: Selection) -> None:
    """One page of all customers. Raises Leak."""
    watch.clear()
    query = ListQuery(selection, frozenset(CATALOGUE.by_kind), sort=Sort(), limit=100)
    page = await watch.reader.find_page(plan, query, AccessReport())
    found = [row for row in arena.rows if row.id in {record["_id"] for record in page.records}]
    if {row.id for row in found} != {row.id for row in arena.rows if row.grants.is_visible}:
        raise Leak(f"{arena.case}: the list does not hold the visible rows")
    _check(arena, plan, watch, selection, found)


async def check_single(arena: Arena, plan: AccessPlan, watch: Observed, row: Row) -> None:
    """One customer by its id. Raises Leak."""
    watch.clear()
    selection = Selection({row.kind: WHOLE[row.kind] | {"sources"}})
    record = await watch.reader.find(plan, row.kind, row.id, selection, AccessReport())
    _check(arena, plan, watch, selection, [row] if record is not None else [])


def _check(arena: Arena, plan: AccessPlan, watch: Observed, selection: Selection, rows: list[Row]) -> None:
    grantable = _grantable(plan)
    for command in watch.recorder.commands:
        named = set(_fields_named(command["projection"])) | set(_fields_named(command["filter"]))
        if excess := named - grantable - ALWAYS:
            raise Leak(f"{arena.case}: fetched though denied in every scope: {sorted(excess)}")
    for document in watch.recorder.documents:
        _check_document(arena, plan, document)
    expected = sorted(name for row in rows for name in _sealed(row, selection.get(row.kind, frozenset())))
    if sorted(watch.opened) != expected:
        raise Leak(f"{arena.case}: decrypted {len(watch.opened)} values where {len(expected)} are granted")


def _check_document(arena: Arena, plan: AccessPlan, document: dict[str, Any]) -> None:
    grants = plan.grants(Kind(document["kind"]), scope_set(members(plan.row_scope), document))
    came = {*document, *document.get("_sources", {})} - {"_sources"} - ALWAYS
    denied = {name for name in came if grants.level(name) is Level.DENIED}
    if denied or not grants.is_visible:
        raise Leak(f"{arena.case}: came from the database though denied in the row: {sorted(denied)}")


def _grantable(plan: AccessPlan) -> set[str]:
    """The fields that some row of this caller could show."""
    caller = members(plan.row_scope)
    return {
        name
        for grants in plan.kinds.values()
        for scopes in reachable(grants, caller)
        for name in grants.by_scope_set[scopes].plain | grants.by_scope_set[scopes].masked
    }


def _fields_named(value: Any) -> Iterator[str]:
    """Every field that a projection or filter names, in keys, paths and expressions."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "$literal":
                continue
            if not key.startswith("$"):
                yield from _named(key)
            yield from _fields_named(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _fields_named(inner)
    elif isinstance(value, str) and value.startswith("$") and not value.startswith("$$"):
        yield from _named(value[1:])


def _named(path: str) -> Iterator[str]:
    first, _, rest = path.partition(".")
    yield rest if first in ("_sources", "_tokens") and rest else first


def _sealed(row: Row, selected: frozenset[str]) -> Iterator[str]:
    """The encrypted fields of the row that are selected, granted and not empty."""
    for name, spec in CATALOGUE.fields(row.kind).items():
        granted = row.grants.level(name) is not Level.DENIED
        if spec.encrypted and name in selected and granted and row.document.get(name) is not None:
            yield name
