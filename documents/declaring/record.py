"""How a record of the regulation is declared: a class per kind, each field once, like the customer's own.

A record hangs on a customer (`CustomerRecord`) or on the company (`CompanyRecord`). The classes hold declarations and
validation and are never stored by themselves: `documents.writing` writes, because only it encrypts and obeys a plan. A new
class is served to nobody until a rule names its kind, by itself or as one of `records`; `dossier policy reach` tells.

Stored form, beside the declared fields: `_id`, `kind`, `customer_id` (whose data key seals what is encrypted), and
`_owner` and `_department`, which show whose record it is: copies of the customer's, kept true by whoever changes those.
`_bound` proves it (`documents/encryption/row_bindings.py`); `_seal` is of what is `believed`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict

from documents.declaring.fields import Search, Sensitivity, declare
from documents.declaring.kind import Kind
from documents.declaring.labels import Labelled
from documents.declaring.values import CustomerId, StaffName

BASIC = Sensitivity.BASIC
EXACT = frozenset({Search.EQUALITY})
RANGED = frozenset({Search.EQUALITY, Search.RANGE})


class SourceChannel(Labelled):
    """How a value came to us (I1)."""

    BUSINESS_NEGOTIATION = "business_negotiation", "Business negotiation", "业务洽谈"
    CONTRACT = "contract", "Contract", "合同签订"
    QUESTIONNAIRE = "questionnaire", "Questionnaire", "问卷调查"
    FEEDBACK = "feedback", "Feedback", "客户反馈"


class Declared(BaseModel):
    """A class whose fields are declared. What is directly below it is a root: every kind under a root has its fields,
    and they come first wherever fields are listed. The kind carries the name of one for people."""

    model_config = ConfigDict(extra="forbid", validate_default=False)
    kind: ClassVar[Kind]

    @classmethod
    def root(cls) -> type[Declared]:
        """The root that this class is below, or is."""
        return next(base for base in cls.__mro__ if Declared in base.__bases__)


class StoredRecord(Declared):
    """What every record has. `collection` holds the rows, `source` is how what they say comes to us. `believed`: access is
    decided by them, or something is done in somebody's name, so that they are sealed
    (`documents/storing/believed_rows.py`)."""

    collection: ClassVar[str]
    source: ClassVar[SourceChannel] = SourceChannel.BUSINESS_NEGOTIATION
    believed: ClassVar[bool] = False
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = ()  # declared names, beyond those that filters and orders bring

    version: Annotated[int, declare("Version", "版本", BASIC, managed=True)] = 1
    created_at: Annotated[datetime | None, declare("Created at", "创建时间", BASIC, search={Search.RANGE}, sortable=True, managed=True)] = None
    created_by: Annotated[StaffName | None, declare("Created by", "创建人", BASIC, managed=True)] = None
    updated_at: Annotated[datetime | None, declare("Updated at", "更新时间", BASIC, managed=True)] = None


class CustomerRecord(StoredRecord):
    """A record of one customer. `recent` of the newest are had with the customer, in one command for a whole page."""

    recent: ClassVar[int] = 0

    customer: Annotated[CustomerId, declare("Customer", "客户", BASIC, search=EXACT, managed=True)]


class CompanyRecord(StoredRecord):
    """A record of the company or one of its staff. Nothing in it is encrypted: there is no customer whose key it
    would be. `owner` names the staff field whose person the record belongs to (scope `own`). One that is about a customer
    keeps the customer in the stored field `hangs_on`, is gone with it, and its fields `follows` with it."""

    owner: ClassVar[str | None] = None
    hangs_on: ClassVar[str | None] = None
    follows: ClassVar[Mapping[str, str]] = {}


def plural(kind: Kind) -> str:
    """`ticket` → `tickets`: the name of a list of the kind."""
    name = kind.value
    if name.endswith("y"):
        return name[:-1] + "ies"
    return name + ("es" if name.endswith(("s", "x")) else "s")
