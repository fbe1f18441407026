"""Where rows of some kinds are stored, how a row shows which scopes it is in, and whose data key seals it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from operator import itemgetter
from types import MappingProxyType
from typing import Any

from bson import ObjectId

from documents.access.plan import AccessPlan, Scope
from documents.declaring.kind import CUSTOMER_KINDS, Kind
from documents.declaring.record import CompanyRecord, CustomerRecord, Declared, StoredRecord
from documents.encryption.row_bindings import BINDING


class Belonging(Enum):
    """Whose a row is, and by which of its stored fields it proves that (`storing/row_proof.py`)."""

    CUSTOMER = ("kind", "account_manager", "department")
    OF_CUSTOMER = ("customer_id", "_owner", "_department", BINDING)
    OF_COMPANY = ("_owner", "_department", BINDING)
    NOBODYS = ()  # of the company, and of none of its people or departments: there is nothing to prove


@dataclass(frozen=True, eq=False)
class RowLayout:
    """`scope_fields`: the stored field that must hold the caller's own value for a row to be in the scope. `key_field`
    holds the customer whose data key seals the row; `bound_to_row`: a ciphertext opens in the row alone that it was
    made for, not in others of the same customer. `zoned_instants`: instants are read with their zone, to be computed
    with. BSON stores them in UTC and without one: giving each a zone takes as long as reading the rest of the row."""

    collection: str
    kinds: tuple[Kind, ...]
    scope_fields: Mapping[Scope, str]
    belonging: Belonging
    key_field: str
    bound_to_row: bool
    zoned_instants: bool

    @property
    def membership_fields(self) -> tuple[str, ...]:
        """What must be read of a row to know its grants."""
        return ("kind", *(field for field in self.scope_fields.values() if field != "_id"))

    @cached_property
    def proof_fields(self) -> frozenset[str]:
        """What must be read of a row to know whether it is whose it says."""
        return frozenset(self.belonging.value)

    @cached_property
    def customer_of(self) -> itemgetter[Any]:
        """The customer of a row."""
        return itemgetter(self.key_field)


CUSTOMER_LAYOUT = RowLayout(
    collection="customers",
    kinds=CUSTOMER_KINDS,
    scope_fields=MappingProxyType(
        {Scope.OWN: "account_manager", Scope.DEPARTMENT: "department", Scope.SELF: "_id"},
    ),
    belonging=Belonging.CUSTOMER,
    key_field="_id",
    bound_to_row=False,
    zoned_instants=False,
)

NEWEST_FIRST = "created_at"
"""By what records are ordered where nobody asks for another order; descending."""

CUSTOMER_RECORD_SCOPES: Mapping[Scope, str] = MappingProxyType(
    {Scope.OWN: "_owner", Scope.DEPARTMENT: "_department", Scope.SELF: "customer_id"}
)
"""How a record of a customer, of whatever kind, shows its scopes."""

_OF_COMPANY: Mapping[Scope, str] = MappingProxyType({Scope.OWN: "_owner", Scope.DEPARTMENT: "_department"})
_OF_NOBODY: Mapping[Scope, str] = MappingProxyType({})


def is_scoped(record: type[Declared]) -> bool:
    """Whether records of the class are somebody's: a customer's, or one of the company's people or departments."""
    if issubclass(record, CompanyRecord):
        return record.owner is not None or "department" in record.model_fields
    return True


def record_layout(record: type[StoredRecord]) -> RowLayout:
    """The layout of the records of one class."""
    if issubclass(record, CustomerRecord):
        belonging, scope_fields = Belonging.OF_CUSTOMER, CUSTOMER_RECORD_SCOPES
    elif is_scoped(record):
        belonging, scope_fields = Belonging.OF_COMPANY, _OF_COMPANY
    else:
        belonging, scope_fields = Belonging.NOBODYS, _OF_NOBODY
    return RowLayout(
        collection=record.collection,
        kinds=(record.kind,),
        scope_fields=scope_fields,
        belonging=belonging,
        key_field="customer_id",
        bound_to_row=True,
        zoned_instants=True,
    )


@dataclass(frozen=True, slots=True)
class CustomerReference:
    """A customer, by what its records copy. Who saw it did so under the plan `seen_under`, which is asked again before
    anything is written of the customer; None: the system itself."""

    kind: Kind
    row_id: ObjectId
    account_manager: str | None
    department: str | None
    seen_under: AccessPlan | None = field(default=None, compare=False, repr=False)

    @property
    def public_id(self) -> str:
        return f"{self.kind.value}_{self.row_id}"


def customer_reference(row: Mapping[str, Any]) -> CustomerReference:
    """The customer of a genuine row."""
    return CustomerReference(Kind(row["kind"]), row["_id"], row.get("account_manager"), row.get("department"))
