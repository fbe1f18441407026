"""The customer types, made from the field catalogue: one object type per kind under the interface `Customer`.

Every declared field is nullable, because a refused read is null. No field is written down here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import strawberry
from strawberry.types.field import StrawberryField

from documents.declaring.catalogue import Catalogue
from documents.declaring.fields import FieldSpec, ValueType
from documents.declaring.kind import Kind
from documents.declaring.names import pascal_case
from schema.vocabulary.access_types import CustomerKind, FieldAccess, ValueSource
from schema.vocabulary.definitions import Fields, list_of, make_class, make_type, plain
from schema.vocabulary.directives import Encrypted, Sensitive
from schema.vocabulary.scalars import BY_VALUE_TYPE
from schema.vocabulary.staff_types import Department, Staff
from schema.wording.user_errors import UserError

KIND_DESCRIPTIONS = {
    Kind.INDIVIDUAL: "A natural person (个人客户).",
    Kind.ENTERPRISE: "A business (企业客户).",
    Kind.INSTITUTION: "A government department, public institution or social organisation (机构客户).",
}


@strawberry.interface(description="An object with a global identifier.")
class Node:
    id: strawberry.ID


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


class ChoiceEnums:
    """The enum of each choice field, one per Python enum."""

    def __init__(self) -> None:
        self._made: dict[type[Enum], Any] = {}

    def of(self, choices: type[Enum]) -> Any:
        made = self._made.get(choices)
        if made is None:
            # One that the schema names elsewhere as well, such as `Purpose`, is declared there.
            is_declared = "__strawberry_definition__" in vars(choices)
            made = choices if is_declared else strawberry.enum(choices, name=choices.__name__)
            self._made[choices] = made
        return made


@dataclass(frozen=True)
class CustomerTypes:
    """The generated vocabulary of customers."""

    interface: Any
    kinds: Mapping[Kind, Any]
    connection: Any
    create_payload: Any
    update_payload: Any
    delete_payload: Any

    @property
    def type_names(self) -> dict[str, str]:
        """Record kind → GraphQL type name."""
        return {kind.value: pascal_case(kind.value) for kind in self.kinds}


def make_customer_types(catalogue: Catalogue, enums: ChoiceEnums, recent: Fields) -> CustomerTypes:
    """Makes interface, kinds, connection and payloads from the catalogue; `recent` are the records that a customer
    carries."""
    shared = catalogue.shared()
    interface = strawberry.interface(
        make_class("Customer", {**_record_fields(), **_fields(shared.values(), enums), **recent}, (Node,)),
        description="A customer of any kind.",
    )
    kinds = {
        kind: make_type(pascal_case(kind.value), _own_fields(fields, enums), KIND_DESCRIPTIONS[kind], (interface,))
        for kind, fields in catalogue.by_kind.items()
    }
    edge = make_type("CustomerEdge", {"node": (interface, plain()), "cursor": (str, plain())}, "A customer in a list.")
    return CustomerTypes(
        interface=interface,
        kinds=kinds,
        connection=_connection(interface, edge),
        create_payload=_payload("CreateCustomerPayload", "customer", interface | None),
        update_payload=_payload("UpdateCustomerPayload", "customer", interface | None),
        delete_payload=_payload("DeleteCustomerPayload", "deleted_id", strawberry.ID | None),
    )


def _record_fields() -> Fields:
    return {
        "kind": (CustomerKind, plain("Which kind of customer this is.")),
        "access": (list[FieldAccess], plain("What the caller may do with each field of this record.")),
        "sources": (list[ValueSource], plain("How the values that the caller may see were collected.")),
    }


def _own_fields(fields: Mapping[str, FieldSpec], enums: ChoiceEnums) -> Fields:
    return _fields((spec for spec in fields.values() if not spec.shared), enums)


def _fields(specs: Iterable[FieldSpec], enums: ChoiceEnums) -> Fields:
    return {spec.name: (output_type(spec, enums) | None, declared(spec)) for spec in specs}


def output_type(spec: FieldSpec, enums: ChoiceEnums) -> Any:
    """The type in which `spec` is served, without its nullability."""
    served: Any
    if spec.value_type is ValueType.STAFF:
        served = Staff
    elif spec.value_type is ValueType.DEPARTMENT:
        served = Department
    elif spec.choices is not None:
        served = enums.of(spec.choices)
    else:
        served = BY_VALUE_TYPE[spec.value_type]
    return list_of(served) if spec.is_list else served


def declared(spec: FieldSpec) -> StrawberryField:
    directives: list[object] = [Sensitive(class_=spec.sensitivity)]
    if spec.encrypted:
        directives.append(Encrypted())
    made: StrawberryField = strawberry.field(description=f"{spec.label.en} ({spec.label.zh}).", directives=directives)
    return made


def _connection(interface: Any, edge: Any) -> Any:
    fields: Fields = {
        "edges": (list[edge], plain()),
        "nodes": (list[interface], plain("The customers without their cursors.")),
        "page_info": (PageInfo, plain()),
        "total_count": (int, plain("How many customers the whole list has, of those that the caller may find.")),
    }
    return make_type("CustomerConnection", fields, "A page of customers.")


def _payload(name: str, result: str, result_type: Any) -> Any:
    errors = "What the caller can put right; nothing was written if there is any."
    fields: Fields = {result: (result_type, plain()), "user_errors": (list[UserError], plain(errors))}
    return make_type(name, fields)
