"""Which rows a plan admits, for whole kinds at once, and what it grants in the records of one customer: all of a kind
are in the same scopes, those of the customer.

The latter is for operations that judge by what their caller may not know: rights come first, so that a refusal tells
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from documents.access.plan import AccessPlan, Action, FieldGrants
from documents.declaring.catalogue import Catalogue
from documents.declaring.kind import Kind
from documents.errors import FieldAccessError
from documents.storing.layout import CUSTOMER_RECORD_SCOPES, CustomerReference, RowLayout
from documents.storing.row_scope import Admission, admit, members, scope_set


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


def grants_in_records(plan: AccessPlan, kind: Kind, customer: CustomerReference) -> FieldGrants:
    """The grants in the customer's records of `kind`."""
    row = {"customer_id": customer.row_id, "_owner": customer.account_manager, "_department": customer.department}
    return plan.grants(kind, scope_set(members(plan.row_scope, CUSTOMER_RECORD_SCOPES), row))


def grants_in_customer(plan: AccessPlan, customer: CustomerReference) -> FieldGrants:
    """The grants in the customer itself; `plan` is of customers."""
    row = {"_id": customer.row_id, "account_manager": customer.account_manager, "department": customer.department}
    return plan.grants(customer.kind, scope_set(members(plan.row_scope), row))


def refuse_creation(plan: AccessPlan, kind: Kind, customer: CustomerReference, names: Iterable[str]) -> None:
    """Raises FieldAccessError naming every field that the caller may not create in a record of this customer."""
    wanted = frozenset(names)
    refused = wanted - grants_in_records(plan, kind, customer).creatable
    if refused or not wanted:
        raise FieldAccessError(Action.CREATE, refused)
