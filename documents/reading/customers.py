"""Reading customers. Every query takes an `AccessPlan` and obeys it: rows out of scope do not exist, denied fields are
not fetched, and only what is masked in is decrypted. Nor do rows exist that do not prove whose they are (`row_proof`).

Lists use keyset pagination over indexed keys. Nothing here asks who the caller is beyond what the plan says.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.access.plan import AccessPlan, FieldGrants, Level
from documents.access.report import AccessReport
from documents.access.trace import Served
from documents.access.view import access_view
from documents.declaring.kind import Kind
from documents.encryption.ciphertext import DataKey
from documents.encryption.cursors import cursor_context
from documents.plain_records import Record, Records
from documents.reading.coalescing import Fetch, ReadCoalescer
from documents.reading.conditions import ListConditions, after_position, both, list_order
from documents.reading.filters import conditions_of
from documents.reading.list_query import ListQuery, Page, Selection, Sort
from documents.reading.plan_memo import PlanMemo
from documents.reading.projections import Projection, Projections
from documents.reading.visible_rows import VisibleRows
from documents.storing.layout import CustomerReference, customer_reference
from documents.storing.public_ids import parse_customer_id
from documents.storing.row_proof import Again, GenuineRows, RowProof
from documents.storing.row_reader import RowReader
from documents.storing.row_scope import (
    Filter,
    members,
    memberships,
    row_filter,
    scope_set,
)
from documents.storing.row_store import RowStore

ALWAYS_STORED = frozenset({"created_at", "updated_at", "version"})
"""What the system itself stores with every row."""


@dataclass(frozen=True, slots=True)
class _SingleRead:
    """A read by id, all but the id: what may be gathered with it, and the command."""

    group: Hashable
    fetch: Fetch
    again: Again
    fetched: frozenset[str]


@dataclass(frozen=True, slots=True)
class FirstRows:
    """At most `limit` rows that meet the condition, behind `position` (value of the order's field, id).

    The projection brings that field and what proves whose a row is (`CustomerReader.proven`); `optional`: rows may lack
    the field."""

    condition: Filter
    projection: Projection
    sort: Sort
    limit: int
    position: tuple[Any, ObjectId] | None = None
    optional: bool = False


class _Readers(NamedTuple):
    """The readers of one caller and selection, by kind and the scopes that rows of it are in."""

    decisive: tuple[tuple[str, Any], ...]
    known: dict[Hashable, tuple[FieldGrants, RowReader]]


class CustomerReader:
    """The read side of the rows of one store: of customers, and of whatever is stored as they are."""

    def __init__(self, store: RowStore) -> None:
        self.store = store
        self.proof = RowProof(store)
        self._layout = store.layout
        self._catalogue = store.catalogue
        self._codec = store.codec
        self._keyring = store.storage.keyring
        self._cursors = store.storage.cursors
        options = store.collection.codec_options
        if not store.layout.zoned_instants:
            options = options.with_options(tz_aware=False, tzinfo=None)
        self._collection = store.collection.with_options(codec_options=options)
        self._rows = VisibleRows(store.catalogue, store.layout)
        self._conditions = ListConditions(store.catalogue, store.blind_index, self._rows)
        self._projections = Projections(store.catalogue, self._rows)
        self._membership_fields = self.proven(store.layout.membership_fields)
        self._memo = PlanMemo()
        self._coalescer = ReadCoalescer()

    async def find(
        self,
        plan: AccessPlan,
        kind: Kind,
        customer_id: ObjectId,
        selection: Selection,
        report: AccessReport,
    ) -> Record | None:
        """The customer as the plan shows it; None when there is none in the caller's scopes.

        Concurrent reads that are alike but for the id share a command."""
        report.trace.add_plan(plan)
        question = ("single", kind, selection.get(kind))
        asked = self._memo.get(plan, question, lambda: self._single(plan, kind, selection))
        row = await self._coalescer.read(asked.group, customer_id, asked.fetch) if asked is not None else None
        rows = await self.proof.genuine([row], asked.again) if asked is not None and row is not None else None
        if asked is None or not rows:
            report.trace.add_not_found(kind, customer_id, of_customer=self._layout.key_field == "_id")
            return None
        return (await self._read(plan, rows, selection, report, asked.fetched))[0]

    def _single(self, plan: AccessPlan, kind: Kind, selection: Selection) -> _SingleRead | None:
        scope = self.visible_rows(plan, kind)
        if scope is None:
            return None
        projection = self._projections.projection(plan, frozenset({kind}), selection)
        condition = both({"kind": kind.value}, scope)

        async def fetch(wanted: Any) -> list[dict[str, Any]]:
            return await self._collection.find(both({"_id": wanted}, condition), projection).to_list()

        again = self.again(condition, projection)
        # Where neither condition nor projection speaks of the caller, callers with the same decisions ask the same. A
        # plan without a key says nothing of its decisions: its reads are like no others.
        is_personal = bool(scope) or any(shown != 1 for shown in projection.values())
        decided_by: Hashable = plan.key or object()
        group = (decided_by, plan.row_scope if is_personal else None, kind, selection.get(kind))
        return _SingleRead(group, fetch, again, frozenset(projection))

    async def prove(self, rows: list[dict[str, Any]], session: AsyncClientSession) -> GenuineRows:
        """Those of the rows, read whole within the session, that are whose they say they are."""
        return await self.proof.genuine(rows, self.again({}, {}), session)

    def again(self, condition: Filter, projection: Projection) -> Again:
        """Reads rows again that met the condition."""

        async def read(row_ids: list[Any], session: AsyncClientSession) -> list[dict[str, Any]]:
            wanted = both({"_id": {"$in": row_ids}}, condition)
            return await self._collection.find(wanted, projection, session=session).to_list()

        return read

    async def find_many(
        self, plan: AccessPlan, row_ids: Collection[ObjectId], selection: Selection, report: AccessReport
    ) -> dict[ObjectId, Record]:
        """Those of the rows that exist for the caller, of whatever kind, in one command."""
        scope = row_filter(plan, self._rows.visible(plan, self._layout.kinds), self._layout)
        if scope is None or not row_ids:
            return {}
        projection = self._projections.projection(plan, frozenset(self._layout.kinds), selection)
        found = await self._collection.find(both({"_id": {"$in": list(row_ids)}}, scope), projection).to_list()
        rows = await self.proof.genuine(found, self.again(scope, projection))
        records = await self._read(plan, rows, selection, report, frozenset(projection))
        return {row["_id"]: record for row, record in zip(rows, records, strict=True)}

    async def grants_of(self, plan: AccessPlan, kind: Kind, row_id: ObjectId) -> FieldGrants | None:
        """What the caller may do with the row; None where it does not exist for the caller."""
        row = await self._membership(plan, kind, row_id)
        if row is None:
            return None
        return plan.grants(kind, scope_set(members(plan.row_scope, self._layout.scope_fields), row))

    async def reference(self, plan: AccessPlan, customer_id: str) -> CustomerReference | None:
        """The customer by what its records copy of it, if the caller can see it; not a read of those fields."""
        parsed = parse_customer_id(customer_id)
        return await self.reference_of(plan, *parsed) if parsed is not None else None

    async def reference_of(self, plan: AccessPlan, kind: Kind, row_id: ObjectId) -> CustomerReference | None:
        """As `reference`, of the row."""
        row = await self._membership(plan, kind, row_id)
        return replace(customer_reference(row), seen_under=plan) if row is not None else None

    async def _membership(self, plan: AccessPlan, kind: Kind, row_id: ObjectId) -> dict[str, Any] | None:
        """What of the row decides its grants, if the caller can see it."""
        scope = self.visible_rows(plan, kind)
        if scope is None:
            return None
        condition, wanted = both({"_id": row_id, "kind": kind.value}, scope), self._membership_fields
        found = await self._collection.find(condition, wanted).to_list()
        return next(iter(await self.proof.genuine(found, self.again(condition, wanted))), None)

    async def find_page(self, plan: AccessPlan, query: ListQuery, report: AccessReport) -> Page:
        """One page of the list. Raises FieldAccessError (a condition or order that no scope of the caller allows) and
        InvalidCursorError. It costs one command, and a second one only for data keys that are not in memory."""
        report.trace.add_plan(plan)
        asked_by = [condition.field for condition in conditions_of(query.filter)] if query.filter is not None else ()
        report.trace.add_conditions(filtered=asked_by, ordered=(query.sort.field,) if query.sort.field else ())
        condition, context, projection = self._list(plan, query, report)
        if condition is None:
            return Page(Records(), (), context, has_more=False)
        sort = Sort(query.sort.field, query.sort.descending != query.backward)
        position = self._cursors.open(query.cursor, context) if query.cursor is not None else None
        optional = self._may_lack(query)
        asked = FirstRows(condition, projection, sort, query.limit, position, optional)
        rows, has_more = await self.first_rows(asked)
        if query.backward:
            rows.reverse()
        field = query.sort.field
        positions = tuple([(row.get(field) if field else None, row["_id"]) for row in rows])
        records = await self._read(plan, rows, query.selection, report, frozenset(projection))
        return Page(records, positions, context, has_more)

    async def first_rows(self, asked: FirstRows) -> tuple[GenuineRows, bool]:
        """The first genuine rows, in their order, and whether there are more. Whoever asks has seen to the rights.

        However many forged ones lie between: they count as if they were not there."""
        field, descending, limit = asked.sort.field, asked.sort.descending, asked.limit
        again, order = self.again(asked.condition, asked.projection), list_order(field, descending=descending)
        position, rows = asked.position, None
        while True:
            behind = asked.condition
            if position is not None:
                behind = after_position(behind, field, position, descending=descending, optional=asked.optional)
            found = await self._collection.find(behind, asked.projection).sort(order).limit(limit + 1).to_list()
            genuine = await self.proof.genuine(found, again)
            if rows is None:
                rows = genuine
            else:
                rows.extend(genuine)
            if len(rows) > limit or len(found) <= limit:
                break
            position = (found[-1].get(field) if field else None, found[-1]["_id"])
        has_more = len(rows) > limit
        del rows[limit:]
        return rows, has_more

    def proven(self, names: Iterable[str]) -> Projection:
        """The projection to these stored fields, and to what proves whose a row is."""
        return dict.fromkeys((*names, *sorted(self._layout.proof_fields)), 1)

    async def count(self, plan: AccessPlan, query: ListQuery) -> int:
        """How many rows the whole list has: those that the caller may page through, no other."""
        condition = self._conditions.condition(plan, query, AccessReport())
        if condition is None:
            return 0
        return await self._collection.count_documents(condition)

    def cursor(self, page: Page, index: int) -> str:
        """The sealed cursor of the page's row `index`."""
        value, row_id = page.positions[index]
        return self._cursors.seal(value, row_id, page.context)

    def may_order(self, plan: AccessPlan, query: ListQuery) -> bool:
        """Whether the caller may have the list in the order that `query` asks for."""
        if query.filter is not None or query.search is not None:
            return self._conditions.may_order(plan, query)
        question = ("order", query.kinds, query.sort.field)
        return self._memo.get(plan, question, lambda: self._conditions.may_order(plan, query))

    @property
    def single_read_commands(self) -> int:
        """How many commands the reads by id have cost so far."""
        return self._coalescer.commands

    async def count_all(self) -> int:
        """How many customers are stored, for operators: from the collection's metadata."""
        return await self._collection.estimated_document_count()

    def visible_rows(self, plan: AccessPlan, kind: Kind) -> Filter | None:
        """The filter of the rows of `kind` that exist for the caller; None when none does."""
        return self._memo.get(
            plan, ("visible", kind), lambda: row_filter(plan, self._rows.visible(plan, [kind]), self._layout)
        )

    def may_find_by(self, plan: AccessPlan, field: str, row: Mapping[str, Any]) -> bool:
        """Whether the caller can find `row` (genuine, with its membership fields) by filtering on `field`."""
        grants = plan.grants(Kind(row["kind"]), scope_set(members(plan.row_scope, self._layout.scope_fields), row))
        return grants.is_visible and field in grants.filterable

    def _list(
        self, plan: AccessPlan, query: ListQuery, report: AccessReport
    ) -> tuple[Filter | None, bytes, Projection]:
        """Condition, cursor context and projection of a list."""

        def make() -> tuple[Filter | None, bytes, Projection]:
            condition, context = self._conditions.condition(plan, query, report), self._context(plan, query)
            projection = self._projections.projection(plan, query.kinds, query.selection)
            if query.sort.field is not None:
                projection = {**projection, query.sort.field: 1}
            return condition, context, projection

        if query.filter is not None or query.search is not None:
            return make()
        # Nothing is asked for by value, so that nothing is narrowed and the report stays as it is.
        question = ("list", query.kinds, query.sort, *map(query.selection.get, self._catalogue.by_kind))
        return self._memo.get(plan, question, make)

    def _may_lack(self, query: ListQuery) -> bool:
        """Whether some row of the list may lack the field that it is ordered by."""
        name = query.sort.field
        specs = [self._catalogue.fields(kind).get(name) for kind in query.kinds] if name is not None else []
        return name not in ALWAYS_STORED and any(spec is None or not spec.required for spec in specs)

    def _context(self, plan: AccessPlan, query: ListQuery) -> bytes:
        return cursor_context(plan.row_scope, plan.purpose, sorted(query.kinds), query.filter, query.search, query.sort)

    async def _read(
        self,
        plan: AccessPlan,
        rows: GenuineRows,
        selection: Selection,
        report: AccessReport,
        fetched: frozenset[str],
    ) -> Records:
        report.trace.add_plan(plan)  # INVARIANT: no row leaves without
        readers = self._readers(plan, rows, selection, report, fetched)
        key_field, has_views = self._layout.key_field, selection.has_views
        sealed = [row[key_field] for row, (_, reader) in zip(rows, readers, strict=True) if reader.needs_key]
        keys = iter(await self._keys(sealed))
        records = Records()
        for row, (grants, reader) in zip(rows, readers, strict=True):
            record, erased = reader.read(row, next(keys) if reader.needs_key else None)
            if has_views:
                self._add_views(record, row, grants, selection.get(reader.kind, frozenset()))
            if erased:
                report.add_erased(reader.kind, reader.erased_fields())
            records.append(record)
        return records

    async def _keys(self, customer_ids: list[ObjectId]) -> Sequence[DataKey | None]:
        """The data key of each of these customers; None where it was erased."""
        held = self._keyring.cached(customer_ids)
        if held is not None:
            return held
        fetched = await self._keyring.data_keys(customer_ids)
        return [fetched.get(customer_id) for customer_id in customer_ids]

    def _readers(
        self,
        plan: AccessPlan,
        rows: list[dict[str, Any]],
        selection: Selection,
        report: AccessReport,
        fetched: frozenset[str],
    ) -> list[tuple[FieldGrants, RowReader]]:
        """Of each row, its grants and their reader; rows of one kind that are in the same scopes share one pair and
        are reported together."""
        question = ("readers", fetched, *map(selection.get, self._catalogue.by_kind))
        decisive, known = self._memo.get(plan, question, lambda: _Readers(memberships(plan, self._layout), {}))
        keys: list[Hashable] = [row["kind"] for row in rows]
        if decisive:
            keys = [(row["kind"], *[row.get(field) == value for field, value in decisive]) for row in rows]
        for key, alike in _grouped(keys, rows):
            if key not in known:  # there are no more than kinds times scope sets
                known[key] = self._reader(plan, alike[0], selection, fetched)
            self._report_rows(report, known[key][1].served, alike)
        return [known[key] for key in keys]

    def _report_rows(self, report: AccessReport, served: Served, rows: list[dict[str, Any]]) -> None:
        row_ids, customer_field = [row["_id"] for row in rows], self._layout.key_field
        if customer_field == "_id":
            report.add_rows(served, row_ids)
        else:
            report.add_rows(served, [row.get(customer_field) for row in rows], row_ids)

    def _reader(
        self, plan: AccessPlan, row: Mapping[str, Any], selection: Selection, fetched: frozenset[str]
    ) -> tuple[FieldGrants, RowReader]:
        kind = Kind(row["kind"])
        grants = plan.grants(kind, scope_set(members(plan.row_scope, self._layout.scope_fields), row))
        return grants, self._codec.row_reader(kind, grants, selection.get(kind, frozenset()), fetched)

    def _add_views(self, record: Record, row: Mapping[str, Any], grants: FieldGrants, selected: frozenset[str]) -> None:
        kind = Kind(record["kind"])
        if "sources" in selected:
            record["sources"] = self._sources(kind, grants, row.get("_sources") or {})
        if "access" in selected:
            record["access"] = access_view(self._catalogue.fields(kind), grants)

    def _sources(self, kind: Kind, grants: FieldGrants, stored: Mapping[str, str]) -> Records:
        return Records(
            Record(field=spec.public_name, channel=stored[name])
            for name, spec in self._catalogue.fields(kind).items()
            if name in stored and grants.level(name) is not Level.DENIED
        )


def _grouped(keys: list[Hashable], rows: list[dict[str, Any]]) -> Iterable[tuple[Hashable, list[dict[str, Any]]]]:
    """The rows that have the same key, each group in the order of the rows."""
    if len(set(keys)) == 1:  # as in most answers
        return [(keys[0], rows)]
    groups: dict[Hashable, list[dict[str, Any]]] = {}
    for key, row in zip(keys, rows, strict=True):
        groups.setdefault(key, []).append(row)
    return groups.items()
