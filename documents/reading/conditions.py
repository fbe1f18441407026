"""The condition of a list of customers: the caller's scopes, filter and search in one, and what they may not reveal.

Filtering, ordering and searching are reads. INVARIANT: a condition on a field only meets rows in which the caller may
find by that field; one by which a value could be guessed piece by piece only rows in which it may read it in plain.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from documents.access.plan import AccessPlan, Action, FieldGrants, Level
from documents.access.report import AccessReport
from documents.declaring.catalogue import Catalogue
from documents.declaring.kind import Kind
from documents.encryption.blind_index import BlindIndex
from documents.errors import FieldAccessError
from documents.reading.filters import REVEALING, FilterNode, FilterTranslator, conditions_of
from documents.reading.list_query import ListQuery
from documents.reading.search import SearchTranslator
from documents.reading.visible_rows import VisibleRows
from documents.storing.row_scope import Admission, Filter, row_filter


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


class ListConditions:
    """Makes conditions from plans and list queries. Raises FieldAccessError where no scope of the caller allows one."""

    def __init__(self, catalogue: Catalogue, blind_index: BlindIndex, rows: VisibleRows) -> None:
        self._catalogue = catalogue
        self._rows = rows
        self._filters = FilterTranslator(catalogue.by_kind, blind_index)
        self._search = SearchTranslator(catalogue, blind_index)

    def may_order(self, plan: AccessPlan, query: ListQuery) -> bool:
        """Whether the caller may have the list in the order that `query` asks for."""
        try:
            self.condition(plan, query, AccessReport())
        except FieldAccessError as error:
            return error.action != "sort"
        return True

    def condition(self, plan: AccessPlan, query: ListQuery, report: AccessReport) -> Filter | None:
        """The whole condition of a list: scopes, the caller's filter and search. None when no row can match."""
        touched = _touched(query.filter)
        admissions = self._narrowed(plan, query.kinds, touched, report)
        self._check_order(plan, query.sort.field, admissions, touched)
        scope = row_filter(plan, admissions, self._rows.layout)
        if scope is not None and query.search is not None:
            scope = self._searched(plan, query, touched, report)
        if scope is None or query.filter is None:
            return scope
        return both(self._filters.translate(query.filter), scope)

    def _narrowed(
        self, plan: AccessPlan, kinds: frozenset[Kind], touched: Touched, report: AccessReport
    ) -> dict[Kind, Admission]:
        """The rows that the caller may see and find by every field touched; the report says where that is fewer.

        Raises FieldAccessError when rows are visible, but none of them may be found so."""
        visible = self._rows.visible(plan, kinds)
        if not touched.fields:
            return visible
        # A kind without the field has no row that a condition on it could speak of, negated or not.
        having = [kind for kind in visible if touched.fields <= self._catalogue.fields(kind).keys()]
        narrowed = self._rows.admissions(plan, having, touched.permitted)
        if any(visible[kind] for kind in having) and not any(narrowed.values()):
            raise FieldAccessError(Action.FILTER, self._refused(plan, having, touched))
        _note_narrowed(report, touched.fields, narrowed, visible)
        return narrowed

    def _refused(self, plan: AccessPlan, kinds: Sequence[Kind], touched: Touched) -> frozenset[str]:
        """The fields that by themselves admit no row; all of them when only together they admit none."""
        alone = frozenset(
            name
            for name in touched.fields
            if not any(self._rows.admissions(plan, kinds, touched.only(name).permitted).values())
        )
        return alone or touched.fields

    def _check_order(
        self, plan: AccessPlan, field: str | None, admissions: Mapping[Kind, Admission], touched: Touched
    ) -> None:
        """An order is a read of the field in every row of the result: filterable and plain in each scope set."""
        if field is None:
            return
        present = [kind for kind, admission in admissions.items() if admission]
        ordered = self._rows.admissions(plan, present, touched.and_revealing(field).permitted)
        if any(ordered[kind] != admissions[kind] for kind in present):
            raise FieldAccessError("sort", [field])

    def _searched(self, plan: AccessPlan, query: ListQuery, touched: Touched, report: AccessReport) -> Filter | None:
        """Rows that hold the search text in a field by which the caller may find them.

        Raises FieldAccessError when the text could stand in some field, but the caller may find nothing by any."""
        branches: list[Filter] = []
        candidates = self._search.candidates(query.search or "")
        report.trace.add_conditions(searched=[candidate.field for candidate in candidates])
        for candidate in candidates:
            name = candidate.field
            kinds = [kind for kind in query.kinds if name in self._catalogue.fields(kind)]
            meant = touched.and_revealing(name) if candidate.revealing else touched.and_exact(name)
            allowed, visible = self._rows.admissions(plan, kinds, meant.permitted), self._rows.visible(plan, kinds)
            scope = row_filter(plan, allowed, self._rows.layout)
            if scope is not None:
                branches.append(both(candidate.condition, scope))
            _note_narrowed(report, [name], allowed, visible)
        if candidates and not branches:
            raise FieldAccessError("search", [candidate.field for candidate in candidates])
        return ({"$or": branches} if len(branches) > 1 else branches[0]) if branches else None


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


def both(left: Filter, right: Filter) -> Filter:
    """Both conditions; flat where they speak of different things, which planners and people read more easily."""
    return {**left, **right} if not left.keys() & right.keys() else {"$and": [left, right]}


def list_order(field: str | None, *, descending: bool) -> list[tuple[str, int]]:
    """The order of a list by `field`, ties by id; None is id order."""
    direction = -1 if descending else 1
    return [(field, direction), ("_id", direction)] if field is not None else [("_id", direction)]


def after_position(
    condition: Filter, field: str | None, position: tuple[Any, ObjectId], *, descending: bool, optional: bool = False
) -> Filter:
    """The rows of `condition` strictly after `position`. `optional`: rows may lack the field, and come before all
    others then, as the database orders them.

    Each alternative is split in two, the ties and what lies beyond, so that every part is one range of an index that
    is already in list order: a page starts where the last one ended, however many rows share a value."""
    value, row_id = position
    than = "$lt" if descending else "$gt"
    if field is None:
        return both({"_id": {than: row_id}}, condition)
    parts: list[Filter] = [{field: value, "_id": {than: row_id}}]
    if value is not None:
        parts.append({field: {than: value}})
        # Comparisons meet values of the same type only: what lacks the field is asked for by itself.
        parts += [{field: None}] if descending and optional else []
    elif not descending:
        parts.append({field: {"$ne": None}})
    alternatives = condition["$or"] if condition.keys() == {"$or"} else [condition]
    return {"$or": [both(part, alternative) for alternative in alternatives for part in parts]}
