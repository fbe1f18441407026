"""What is fetched of customers: the fields that the plan grants, and of those only the ones asked for.

INVARIANT: a value that the caller may not see in a row does not leave the database with that row, unless something is
decided by the row: then it is verified whole, and the reader copies only what is granted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from documents.access.plan import AccessPlan, Level
from documents.declaring.catalogue import Catalogue
from documents.declaring.kind import Kind
from documents.reading.list_query import Selection
from documents.reading.visible_rows import VisibleRows
from documents.storing.row_scope import Admission, row_expression

Projection = Mapping[str, Any]

WHOLE: Final[Projection] = MappingProxyType({})
"""All of a row."""


class Projections:
    """Makes projections from plans and selections."""

    def __init__(self, catalogue: Catalogue, rows: VisibleRows) -> None:
        self._catalogue = catalogue
        self._rows = rows

    def projection(self, plan: AccessPlan, kinds: frozenset[Kind], selection: Selection) -> Projection:
        """The fields that some row may show. Where rows differ, an expression keeps the others' values back."""
        # What tells the row's kind and scopes, and proves them, comes along; the reader copies only what is granted.
        projection: dict[str, Any] = {"kind": 1, **dict.fromkeys(sorted(self._rows.layout.proof_fields), 1)}
        if self._rows.layout.key_field != "_id":  # which comes along by itself
            projection[self._rows.layout.key_field] = 1
        visible = self._rows.visible(plan, kinds)
        names = {name for kind in kinds for name in selection.get(kind, ())}
        for name in sorted(names - projection.keys()):
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
        granted = self._rows.admissions(plan, having, lambda grants: grants.level(name) is not Level.DENIED)
        wanted = {kind: granted[kind] for kind in having if kind in asking and granted[kind]}
        if wanted:
            in_every_row = all(granted[kind] == visible[kind] for kind in having)
            projection[path] = 1 if in_every_row else _kept(path, row_expression(plan, wanted, self._rows.layout))


def _kept(path: str, expression: Any) -> Any:
    return {"$cond": [expression, f"${path}", "$$REMOVE"]}
