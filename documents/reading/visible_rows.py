"""Which rows of which kinds a plan admits: the step from grants to row scopes, for whole kinds at once."""

from __future__ import annotations

from collections.abc import Callable, Collection

from documents.access.plan import AccessPlan, FieldGrants
from documents.declaring.catalogue import Catalogue
from documents.declaring.kind import Kind
from documents.storing.layout import RowLayout
from documents.storing.row_scope import Admission, admit, members


class VisibleRows:
    """Admissions over the kinds of the catalogue."""

    def __init__(self, catalogue: Catalogue, layout: RowLayout) -> None:
        self._catalogue = catalogue
        self.layout = layout

    def visible(self, plan: AccessPlan, kinds: Collection[Kind]) -> dict[Kind, Admission]:
        """The rows of each of `kinds` that exist for the caller: those of which some field may be read."""
        return self.admissions(plan, kinds, lambda grants: grants.is_visible)

    def admissions(
        self, plan: AccessPlan, kinds: Collection[Kind], passes: Callable[[FieldGrants], bool]
    ) -> dict[Kind, Admission]:
        """The rows of each of `kinds` whose grants pass the test."""
        caller = members(plan.row_scope, self.layout.scope_fields)
        # In the order of the catalogue, so that equal requests make equal commands.
        return {
            kind: admit(plan.kinds[kind], caller, passes)
            for kind in self._catalogue.by_kind
            if kind in kinds and kind in plan.kinds
        }
