"""How a field is declared: once, on the document class. Everything else about it is derived from that declaration.

Storage, encryption, the catalogue for rules, the GraphQL vocabulary, exports and the console's matrix read the
`FieldSpec`s made here. A place that names a field again, outside the class that declares it, is a defect.
Nothing is served because it is declared: a new field is served as rules say, of which those by class or glob name it at
once (`dossier policy reach`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from documents.declaring.kind import Kind
from documents.declaring.labels import Label, Labelled
from documents.declaring.names import camel_case


class Sensitivity(Labelled):
    """The classes by which rules name fields, as `@identity` and so on."""

    BASIC = "basic", "Basic", "基础信息"
    IDENTITY = "identity", "Identity", "身份信息"
    CONTACT = "contact", "Contact", "联系信息"
    PERSONAL = "personal", "Personal", "个人信息"
    BUSINESS = "business", "Business", "经营信息"
    FINANCIAL = "financial", "Financial", "财务信息"
    INTERNAL = "internal", "Internal", "内部信息"


class Search(StrEnum):
    """How a field can be searched. A filter exists only where one of these is declared.

    EQUALITY   exact match; over the blind index where the field is encrypted
    LAST_FOUR  the last four digits; encrypted fields only, over their blind index
    NAME       by any part of the name, its pinyin or its initials; plain fields only
    RANGE      before, after, between; plain fields only
    """

    EQUALITY = "equality"
    LAST_FOUR = "last_four"
    NAME = "name"
    RANGE = "range"


class Mask(StrEnum):
    """How a value is shown to those who may read it masked only. A field without one is never shown masked.

    DIGITS  first three and last four characters: 138****5678
    TAIL    last four characters: ************1234
    NAME    first character: 张**
    EMAIL   first character and domain: z***@example.com
    """

    DIGITS = "digits"
    TAIL = "tail"
    NAME = "name"
    EMAIL = "email"


class ValueType(StrEnum):
    """What a value is; each has one GraphQL scalar, one stored form and one set of rules
    (`documents.declaring.values`)."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DATE = "date"
    DATETIME = "datetime"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    PHONE_NUMBER = "phone_number"
    EMAIL_ADDRESS = "email_address"
    STAFF = "staff"
    DEPARTMENT = "department"
    CUSTOMER = "customer"
    REFERENCE = "reference"
    OBJECT = "object"


@dataclass(frozen=True, slots=True)
class Declaration:
    """The annotation that makes a class attribute a customer field. Made by `declare`."""

    label: Label
    sensitivity: Sensitivity
    encrypted: bool
    search: frozenset[Search]
    sortable: bool
    mask: Mask | None
    unique: bool
    managed: bool


def declare(
    en: str,
    zh: str,
    sensitivity: Sensitivity,
    *,
    encrypted: bool = False,
    search: frozenset[Search] | set[Search] = frozenset(),
    sortable: bool = False,
    mask: Mask | None = None,
    unique: bool = False,
    managed: bool = False,
) -> Declaration:
    """Declares a field: `Annotated[type, declare(…)]`.

    `unique` values are held by their blind index over all customers; `managed` fields are set by the system alone.
    Raises ValueError at import for a combination that storage cannot hold.
    """
    search = frozenset(search)
    if encrypted and (sortable or search & {Search.NAME, Search.RANGE}):
        raise ValueError(f"`{en}`: an encrypted field has no order, and is found by equality or last four only")
    if Search.LAST_FOUR in search and not encrypted:
        raise ValueError(f"`{en}`: last four is a blind index, of encrypted fields only")
    if unique and Search.EQUALITY not in search:
        raise ValueError(f"`{en}`: a unique field must be searchable by equality")
    return Declaration(Label(en, zh), sensitivity, encrypted, search, sortable, mask, unique, managed)


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field of one kind, as everybody downstream sees it. `name` is the declared one (snake case)."""

    name: str
    kind: Kind
    declaration: Declaration
    value_type: ValueType
    choices: type[Labelled] | None
    is_list: bool
    required: bool
    shared: bool  # declared on the root: every kind has it
    model: type[Any] | None = None  # of an OBJECT: the Pydantic model of its parts
    max_length: int | None = None  # characters of a free text

    @property
    def public_name(self) -> str:
        """The name in camel case, as the API spells it."""
        return camel_case(self.name)

    @property
    def label(self) -> Label:
        return self.declaration.label

    @property
    def sensitivity(self) -> Sensitivity:
        return self.declaration.sensitivity

    @property
    def encrypted(self) -> bool:
        return self.declaration.encrypted

    @property
    def search(self) -> frozenset[Search]:
        return self.declaration.search

    @property
    def mask(self) -> Mask | None:
        return self.declaration.mask


# Besides the contact details, which their declarations show.
_SCOPES_OF_BUSINESS: Final = frozenset({"business_scope", "service_scope"})


def is_important(spec: FieldSpec) -> bool:
    return spec.declaration.sensitivity is Sensitivity.CONTACT or spec.name in _SCOPES_OF_BUSINESS
