"""Reading customers. Every query takes an `AccessPlan` and obeys it: rows out of scope do not exist, denied fields are
not fetched, and only what is masked in is decrypted.

Lists use keyset pagination over indexed keys. Nothing here asks who the caller is beyond what the plan says.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.database import AsyncDatabase

from documents.access_plan import AccessPlan, Action, FieldGrants, Level, Scope
from documents.access_report import AccessReport
from documents.access_view import access_view
from documents.catalogue import Catalogue
from documents.cursors import CursorSealer, cursor_context
from documents.encryption.blind_index import BlindIndex
from documents.encryption.ciphertext import DataKey
from documents.encryption.keyring import Keyring
from documents.errors import FieldAccessError
from documents.fields import Kind
from documents.records import Record, Records
from documents.repositories.coalescing import Fetch, ReadCoalescer
from documents.repositories.codec import COLLECTION, CustomerCodec, RowReader
from documents.repositories.filters import REVEALING, FilterNode, FilterTranslator, conditions_of
from documents.repositories.plan_memo import PlanMemo
from documents.repositories.row_scope import (
    MEMBERSHIP_FIELDS,
    Admission,
    Filter,
    Members,
    admit,
    members,
    row_expression,
    row_filter,
    scope_set,
)
from documents.repositories.search import SearchTranslator

Projection = Mapping[str, Any]
_VIEWS = frozenset({"access", "sources"})
Selection = Mapping[Kind, frozenset[str]]
"""Which declared fields (and `id`, `access`, `sources`) a caller asked for, per kind."""


@dataclass(frozen=True, slots=True)
class Sort:
    """Order by a sortable field, ties by id; `field` None is id order."""

    field: str | None = None
    descending: bool = False


@dataclass(frozen=True, slots=True)
class ListQuery:
    """One list, as asked. `limit` rows after (or, `backward`, before) `cursor`."""

    selection: Selection
    kinds: frozenset[Kind]
    filter: FilterNode | None = None
    search: str | None = None
    sort: Sort = Sort()
    limit: int = 50
    cursor: str | None = None
    backward: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in list order, the cursors of each, and whether more lie beyond in the direction of travel."""

    records: Records
    positions: tuple[tuple[Any, ObjectId], ...]
    context: bytes
    has_more: bool


@dataclass(frozen=True, slots=True)
class Touched:
    """The fields that a condition reads; `revealing` are those whose value it could give away piece by piece."""

    fields: frozenset[str]
    revealing: frozenset[str]

    def permitted(self, grants: FieldGrants) -> bool:
        """Whether rows with these grants may be found by the condition."""
        return grants.is_visible and self.fields <= grants.filterable and self.revealing <= grants.plain

    def only(self, name: str) -> Touched:
        return Touched(frozenset({name}), self.revealing & {name})

    def and_exact(self, name: str) -> Touched:
        return Touched(self.fields | {name}, self.revealing)

    def and_revealing(self, name: str) -> Touched:
        return Touched(self.fields | {name}, self.revealing | {name})


@dataclass(frozen=True, slots=True)
class _SingleRead:
    """A read by id, all but the id: what may be gathered with it, and the command."""

    group: Hashable
    fetch: Fetch


class CustomerRepository:
    """The read side of the collection `customers`."""

    def __init__(
        self,
        database: AsyncDatabase[dict[str, Any]],
        catalogue: Catalogue,
        keyring: Keyring,
        blind_index: BlindIndex,
        cursors: CursorSealer,
        codec: CustomerCodec,
    ) -> None:
        self._collection = database[COLLECTION]
        self._catalogue = catalogue
        self._keyring = keyring
        self._cursors = cursors
        self._codec = codec
        self._filters = FilterTranslator(catalogue.by_kind, blind_index)
        self._search = SearchTranslator(catalogue, blind_index)
        self._memo = PlanMemo()
        self._coalescer = ReadCoalescer()

    async def find(
        self,
        plan: AccessPlan,
        kind: Kind,
        customer_id: ObjectId,
        selected: frozenset[str],
        report: AccessReport,
    ) -> Record | None:
        """The customer as the plan shows it; None when there is none in the caller's scopes.

        Concurrent reads that are alike but for the id share a command."""
        asked = self._memo.get(plan, ("single", kind, selected), lambda: self._single(plan, kind, selected))
        if asked is None:
            return None
        row = await self._coalescer.read(asked.group, customer_id, asked.fetch)
        return (await self._read(plan, [row], {kind: selected}, report))[0] if row is not None else None

    def _single(self, plan: AccessPlan, kind: Kind, selected: frozenset[str]) -> _SingleRead | None:
        scope = self.visible_rows(plan, kind)
        if scope is None:
            return None
        projection = self._projection(plan, frozenset({kind}), {kind: selected})
        condition = _both({"kind": kind.value}, scope)

        async def fetch(wanted: Any) -> list[dict[str, Any]]:
            return await self._collection.find(_both({"_id": wanted}, condition), projection).to_list()

        # Where neither condition nor projection speaks of the caller, callers with the same decisions ask the same. A
        # plan without a key says nothing of its decisions: its reads are like no others.
        is_personal = bool(scope) or any(shown != 1 for shown in projection.values())
        decided_by: Hashable = plan.key or object()
        return _SingleRead((decided_by, plan.row_scope if is_personal else None, kind, selected), fetch)

    async def find_page(self, plan: AccessPlan, query: ListQuery, report: AccessReport) -> Page:
        """One page of the list. Raises FieldAccessError (a condition or order that no scope of the caller allows) and
        InvalidCursorError. It costs one command, and a second one only for data keys that are not in memory."""
        condition, context, projection = self._list(plan, query, report)
        if condition is None:
            return Page(Records(), (), context, has_more=False)
        descending = query.sort.descending != query.backward
        order = _order(query.sort.field, descending=descending)
        if query.cursor is not None:
            position = self._cursors.open(query.cursor, context)
            condition = _beyond(condition, query.sort.field, position, descending=descending)
        rows = await self._collection.find(condition, projection).sort(order).limit(query.limit + 1).to_list()
        has_more = len(rows) > query.limit
        rows = rows[: query.limit]
        if query.backward:
            rows.reverse()
        positions = tuple((row[query.sort.field] if query.sort.field else None, row["_id"]) for row in rows)
        return Page(await self._read(plan, rows, query.selection, report), positions, context, has_more)

    async def count(self, plan: AccessPlan, query: ListQuery) -> int:
        """How many rows the whole list has: those that the caller may page through, no other."""
        condition = self._condition(plan, query, AccessReport())
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
            return self._may_order(plan, query)
        question = ("order", query.kinds, query.sort.field)
        return self._memo.get(plan, question, lambda: self._may_order(plan, query))

    def _may_order(self, plan: AccessPlan, query: ListQuery) -> bool:
        try:
            self._condition(plan, query, AccessReport())
        except FieldAccessError as error:
            return error.action != "sort"
        return True

    async def count_all(self) -> int:
        """How many customers are stored, for operators: from the collection's metadata."""
        return await self._collection.estimated_document_count()

    def visible_rows(self, plan: AccessPlan, kind: Kind) -> Filter | None:
        """The filter of the rows of `kind` that exist for the caller; None when none does."""
        return self._memo.get(plan, ("visible", kind), lambda: row_filter(plan, self._visible(plan, [kind])))

    def may_find_by(self, plan: AccessPlan, field: str, row: Mapping[str, Any]) -> bool:
        """Whether the caller can find `row` (with its membership fields) by filtering on `field`."""
        grants = plan.grants(Kind(row["kind"]), scope_set(members(plan.row_scope), row))
        return grants.is_visible and field in grants.filterable

    def _visible(self, plan: AccessPlan, kinds: Sequence[Kind] | frozenset[Kind]) -> dict[Kind, Admission]:
        return self._admissions(plan, kinds, lambda grants: grants.is_visible)

    def _admissions(
        self, plan: AccessPlan, kinds: Sequence[Kind] | frozenset[Kind], passes: Callable[[FieldGrants], bool]
    ) -> dict[Kind, Admission]:
        caller = members(plan.row_scope)
        # In the order of the catalogue, so that equal requests make equal commands.
        return {
            kind: admit(plan.kinds[kind], caller, passes)
            for kind in self._catalogue.by_kind
            if kind in kinds and kind in plan.kinds
        }

    def _list(
        self, plan: AccessPlan, query: ListQuery, report: AccessReport
    ) -> tuple[Filter | None, bytes, Projection]:
        """Condition, cursor context and projection of a list."""

        def make() -> tuple[Filter | None, bytes, Projection]:
            condition, context = self._condition(plan, query, report), self._context(plan, query)
            projection = self._projection(plan, query.kinds, query.selection)
            if query.sort.field is not None:
                projection = {**projection, query.sort.field: 1}
            return condition, context, projection

        if query.filter is not None or query.search is not None:
            return make()
        # Nothing is asked for by value, so that nothing is narrowed and the report stays as it is.
        question = ("list", query.kinds, query.sort, *map(query.selection.get, self._catalogue.by_kind))
        return self._memo.get(plan, question, make)

    def _condition(self, plan: AccessPlan, query: ListQuery, report: AccessReport) -> Filter | None:
        """The whole condition of a list: scopes, the caller's filter and search. None when no row can match."""
        touched = _touched(query.filter)
        admissions = self._narrowed(plan, query.kinds, touched, report)
        self._check_order(plan, query.sort.field, admissions, touched)
        scope = row_filter(plan, admissions)
        if scope is not None and query.search is not None:
            scope = self._searched(plan, query, touched, report)
        if scope is None or query.filter is None:
            return scope
        return _both(self._filters.translate(query.filter), scope)

    def _narrowed(
        self, plan: AccessPlan, kinds: frozenset[Kind], touched: Touched, report: AccessReport
    ) -> dict[Kind, Admission]:
        """The rows that the caller may see and find by every field touched; the report says where that is fewer.

        Raises FieldAccessError when rows are visible, but none of them may be found so."""
        visible = self._visible(plan, kinds)
        if not touched.fields:
            return visible
        # A kind without the field has no row that a condition on it could speak of, negated or not.
        having = [kind for kind in visible if touched.fields <= self._catalogue.fields(kind).keys()]
        narrowed = self._admissions(plan, having, touched.permitted)
        if any(visible[kind] for kind in having) and not any(narrowed.values()):
            raise FieldAccessError(Action.FILTER, self._refused(plan, having, touched))
        _note_narrowed(report, touched.fields, narrowed, visible)
        return narrowed

    def _refused(self, plan: AccessPlan, kinds: Sequence[Kind], touched: Touched) -> frozenset[str]:
        """The fields that by themselves admit no row; all of them when only together they admit none."""
        alone = frozenset(
            name
            for name in touched.fields
            if not any(self._admissions(plan, kinds, touched.only(name).permitted).values())
        )
        return alone or touched.fields

    def _check_order(
        self, plan: AccessPlan, field: str | None, admissions: Mapping[Kind, Admission], touched: Touched
    ) -> None:
        """An order is a read of the field in every row of the result: filterable and plain in each scope set."""
        if field is None:
            return
        present = [kind for kind, admission in admissions.items() if admission]
        ordered = self._admissions(plan, present, touched.and_revealing(field).permitted)
        if any(ordered[kind] != admissions[kind] for kind in present):
            raise FieldAccessError("sort", [field])

    def _searched(self, plan: AccessPlan, query: ListQuery, touched: Touched, report: AccessReport) -> Filter | None:
        """Rows that hold the search text in a field by which the caller may find them.

        Raises FieldAccessError when the text could stand in some field, but the caller may find nothing by any."""
        branches: list[Filter] = []
        candidates = self._search.candidates(query.search or "")
        for candidate in candidates:
            name = candidate.field
            kinds = [kind for kind in query.kinds if name in self._catalogue.fields(kind)]
            both = touched.and_revealing(name) if candidate.revealing else touched.and_exact(name)
            allowed, visible = self._admissions(plan, kinds, both.permitted), self._visible(plan, kinds)
            scope = row_filter(plan, allowed)
            if scope is not None:
                branches.append(_both(candidate.condition, scope))
            _note_narrowed(report, [name], allowed, visible)
        if candidates and not branches:
            raise FieldAccessError("search", [candidate.field for candidate in candidates])
        return ({"$or": branches} if len(branches) > 1 else branches[0]) if branches else None

    def _context(self, plan: AccessPlan, query: ListQuery) -> bytes:
        return cursor_context(plan.row_scope, plan.purpose, sorted(query.kinds), query.filter, query.search, query.sort)

    def _projection(self, plan: AccessPlan, kinds: frozenset[Kind], selection: Selection) -> Projection:
        """The fields that some row may show. Where rows differ, an expression keeps the others' values back."""
        question = ("projection", kinds, *map(selection.get, self._catalogue.by_kind))
        return self._memo.get(plan, question, lambda: self._made_projection(plan, kinds, selection))

    def _made_projection(self, plan: AccessPlan, kinds: frozenset[Kind], selection: Selection) -> Projection:
        projection: dict[str, Any] = dict.fromkeys(MEMBERSHIP_FIELDS, 1)
        visible = self._visible(plan, kinds)
        names = {name for kind in kinds for name in selection.get(kind, ())}
        for name in sorted(names - {*MEMBERSHIP_FIELDS}):
            asking = [kind for kind in kinds if name in selection.get(kind, ())]
            self._project(projection, plan, (name, name), asking, visible)
        sourced = [kind for kind in kinds if "sources" in selection.get(kind, ())]
        for name in sorted({name for kind in sourced for name in self._catalogue.fields(kind)}):
            self._project(projection, plan, (name, f"_sources.{name}"), sourced, visible)
        return projection

    def _project(
        self,
        projection: dict[str, Any],
        plan: AccessPlan,
        field: tuple[str, str],
        asking: Sequence[Kind],
        visible: Mapping[Kind, Admission],
    ) -> None:
        """Adds `field` (declared name, stored path) for the rows of the kinds `asking` in which the plan grants it."""
        name, path = field
        having = [kind for kind in visible if name in self._catalogue.fields(kind)]
        granted = self._admissions(plan, having, lambda grants: grants.level(name) is not Level.DENIED)
        wanted = {kind: granted[kind] for kind in having if kind in asking and granted[kind]}
        if wanted:
            in_every_row = all(granted[kind] == visible[kind] for kind in having)
            projection[path] = 1 if in_every_row else _kept(path, row_expression(plan, wanted))

    async def _read(
        self, plan: AccessPlan, rows: list[dict[str, Any]], selection: Selection, report: AccessReport
    ) -> Records:
        readers = self._readers(plan, rows, selection, report)
        sealed = [row["_id"] for row, (_, reader) in zip(rows, readers, strict=True) if reader.needs_key]
        keys: Mapping[ObjectId, DataKey] = {}
        if sealed:
            keys = self._keyring.cached(sealed) or await self._keyring.data_keys(sealed)
        has_views = any(not _VIEWS.isdisjoint(selected) for selected in selection.values())
        records = Records()
        for row, (grants, reader) in zip(rows, readers, strict=True):
            record, erased = reader.read(row, keys.get(row["_id"]) if reader.needs_key else None)
            if has_views:
                self._add_views(record, row, grants, selection.get(reader.kind, frozenset()))
            if erased:
                report.add_erased(reader.kind, reader.erased_fields())
            records.append(record)
        return records

    def _readers(
        self, plan: AccessPlan, rows: list[dict[str, Any]], selection: Selection, report: AccessReport
    ) -> list[tuple[FieldGrants, RowReader]]:
        """Of each row, its grants and their reader; rows of one kind that are in the same scopes share one pair."""
        caller = members(plan.row_scope)
        decisive = frozenset[Scope]().union(*(grants.scopes for grants in plan.kinds.values()))
        memberships = [membership for scope, membership in caller.items() if scope in decisive]
        known: dict[Hashable, tuple[FieldGrants, RowReader]] = {}
        found = []
        for row in rows:
            key: Hashable = row["kind"]
            if memberships:
                key = (key, *[row.get(field) == value for field, value in memberships])
            pair = known.get(key)
            if pair is None:
                pair = known[key] = self._reader(plan, caller, row, selection)
                report.served.add(pair[1].served)
            found.append(pair)
        return found

    def _reader(
        self, plan: AccessPlan, caller: Members, row: Mapping[str, Any], selection: Selection
    ) -> tuple[FieldGrants, RowReader]:
        kind = Kind(row["kind"])
        grants = plan.grants(kind, scope_set(caller, row))
        return grants, self._codec.reader(kind, grants, selection.get(kind, frozenset()))

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


def _touched(node: FilterNode | None) -> Touched:
    conditions = tuple(conditions_of(node)) if node is not None else ()
    return Touched(
        frozenset(condition.field for condition in conditions),
        frozenset(condition.field for condition in conditions if condition.operator in REVEALING),
    )


def _note_narrowed(
    report: AccessReport, names: Iterable[str], allowed: Mapping[Kind, Admission], visible: Mapping[Kind, Admission]
) -> None:
    for kind, admission in allowed.items():
        if admission != visible[kind]:
            report.add_narrowed(kind, names, Level.MASKED if admission else Level.DENIED)


def _both(left: Filter, right: Filter) -> Filter:
    """Both conditions; flat where they speak of different things, which planners and people read more easily."""
    return {**left, **right} if not left.keys() & right.keys() else {"$and": [left, right]}


def _kept(path: str, expression: Any) -> Any:
    return {"$cond": [expression, f"${path}", "$$REMOVE"]}


def _order(field: str | None, *, descending: bool) -> list[tuple[str, int]]:
    direction = -1 if descending else 1
    return [(field, direction), ("_id", direction)] if field is not None else [("_id", direction)]


def _beyond(condition: Filter, field: str | None, position: tuple[Any, ObjectId], *, descending: bool) -> Filter:
    """The rows of `condition` strictly after `position`.

    Each alternative is split in two, the ties and what lies beyond, so that every part is one range of an index that
    is already in list order: a page starts where the last one ended, however many rows share a value."""
    value, row_id = position
    than = "$lt" if descending else "$gt"
    if field is None:
        return _both({"_id": {than: row_id}}, condition)
    parts: list[Filter] = [{field: value, "_id": {than: row_id}}, {field: {than: value}}]
    alternatives = condition["$or"] if condition.keys() == {"$or"} else [condition]
    return {"$or": [_both(part, alternative) for alternative in alternatives for part in parts]}
