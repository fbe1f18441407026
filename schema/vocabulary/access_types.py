"""What a caller may see and do, field by field."""

from __future__ import annotations

import strawberry

from documents.access.plan import Purpose, Reason, Scope
from documents.declaring.kind import Kind
from documents.declaring.labels import Labelled
from documents.declaring.record import SourceChannel
from schema.vocabulary.directives import Sensitivity


class AccessLevel(Labelled):
    """The access levels as texts, which is how records carry them."""

    PLAIN = "PLAIN", "In full", "完整显示"
    MASKED = "MASKED", "Masked", "脱敏显示"
    DENIED = "DENIED", "Denied", "无权查看"
    ERASED = "ERASED", "Erased", "已删除"


@strawberry.enum(description="The kinds of customer.")
class CustomerKind(Labelled):
    """Those of the kinds that are customers."""

    INDIVIDUAL = Kind.INDIVIDUAL.declaration
    ENTERPRISE = Kind.ENTERPRISE.declaration
    INSTITUTION = Kind.INSTITUTION.declaration


# The enums of the lower layers keep their own names there; here they get those that clients see.
strawberry.enum(Kind, name="RecordKind", description="The kinds of record.")
strawberry.enum(Purpose, description="Why customer information is used.")
strawberry.enum(AccessLevel, description="How much of a field is shown.")
strawberry.enum(Reason, name="AccessReason", description="Why a field is not shown plain.")
strawberry.enum(Scope, description="A relation between caller and customer.")
strawberry.enum(SourceChannel, description="How a value was collected.")


@strawberry.type(description="What the caller may do with one field of one record.")
class FieldAccess:
    field: str = strawberry.field(description="The field's name, as this schema spells it.")
    level: AccessLevel
    reason: Reason | None
    writable: bool
    operable: bool = strawberry.field(
        description="Operations may change it for the caller, such as a ticket's `state`; `writable` leaves those out."
    )
    filterable: bool
    sortable: bool
    revealable: bool = strawberry.field(description="Masked, and `reveal` opens it.")


@strawberry.type(description="What the caller may do with one field where a customer satisfies these scopes.")
class ScopedFieldAccess:
    scopes: list[Scope]
    level: AccessLevel
    reason: Reason | None
    writable: bool
    operable: bool
    filterable: bool
    sortable: bool
    revealable: bool


@strawberry.type(description="A value of an enum, with its names for people.")
class FieldValue:
    value: str = strawberry.field(description="As this schema spells it: `FEMALE`.")
    label_en: str
    label_zh: str


@strawberry.type(description="The names for people of the values of one enum of this schema.")
class EnumLabels:
    enum: str
    values: list[FieldValue]


@strawberry.type(description="A kind of record, with its names for people.")
class KindLabel:
    kind: Kind
    label_en: str
    label_zh: str
    is_customer: bool
    readable: bool = strawberry.field(
        description="Some field of it may be read for the purpose of the request, in some record; false without one."
    )
    deletable: bool = strawberry.field(
        description="Some record of it may be deleted for the purpose of the request; false without one."
    )


@strawberry.type(description="What the caller may do with one field of a kind: the most, and by scope.")
class KindFieldAccess:
    field: str
    label_en: str
    label_zh: str
    type: str = strawberry.field(description="In which it is served, as this schema spells it: `[PhoneNumber!]`.")
    is_list: bool = strawberry.field(name="list")
    values: list[FieldValue] | None = strawberry.field(description="Those that it can have; null where it is no enum.")
    operators: list[str] = strawberry.field(
        description="Those that a condition on it can have, for whom it is filterable."
    )
    max_length: int | None = strawberry.field(
        description="Characters of a free text, or of each in a list; null where it is none."
    )
    maskable: bool = strawberry.field(description="It can be shown masked.")
    sensitivity: Sensitivity
    encrypted: bool
    required: bool = strawberry.field(description="Needed to create one of this kind.")
    level: AccessLevel = strawberry.field(description="The most that is shown of it in any record.")
    reason: Reason | None
    creatable: bool
    writable: bool
    operable: bool = strawberry.field(
        description="Operations may give it or change it for the caller; `creatable` and `writable` leave out what "
        "only they set."
    )
    filterable: bool
    sortable: bool = strawberry.field(description="A list may be put in this order.")
    revealable: bool = strawberry.field(description="Masked on some customer, and `reveal` opens it there.")
    by_scope: list[ScopedFieldAccess]


@strawberry.type(description="How a value of a record was collected.")
class ValueSource:
    field: str
    channel: SourceChannel
