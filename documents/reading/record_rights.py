"""What a plan grants in the records of one customer: all of a kind are in the same scopes, those of the customer.

For operations that judge by what their caller may not know: rights come first, so that a refusal tells nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from documents.access.plan import AccessPlan, Action, FieldGrants
from documents.declaring.kind import Kind
from documents.errors import FieldAccessError
from documents.storing.layout import CUSTOMER_RECORD_SCOPES, CustomerReference
from documents.storing.row_scope import members, scope_set


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
