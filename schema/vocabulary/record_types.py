"""The record types, made from their declarations: object type, page and payload of each kind of record.

The classes of all records are made before any gets its fields, because they name each other: a customer carries its
newest tickets, a ticket its customer. No field is written down here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import strawberry

from documents.declaring.catalogue import parts_of
from documents.declaring.fields import FieldSpec, ValueType
from documents.declaring.kind import Kind
from documents.declaring.names import pascal_case
from documents.declaring.record import CustomerRecord, StoredRecord
from documents.registry import RECORD_CATALOGUES, RECORD_CLASSES
from resolvers.reads import RECENT
from schema.vocabulary.access_types import FieldAccess
from schema.vocabulary.customer_types import ChoiceEnums, Node, PageInfo, declared, output_type
from schema.vocabulary.definitions import Fields, list_of, make_type, plain
from schema.vocabulary.scalars import BY_VALUE_TYPE
from schema.wording.user_errors import UserError


@dataclass(frozen=True)
class RecordTypes:
    """The vocabulary of one kind of record."""

    kind: Kind
    record: Any
    edge: Any
    connection: Any
    payload: Any


class RecordTypeMaker:
    """Makes the types of all records, in two steps."""

    def __init__(self, enums: ChoiceEnums) -> None:
        self._enums = enums
        self._raw = {
            cls.kind: type(pascal_case(cls.kind.value), (Node,), {"__module__": __name__}) for cls in RECORD_CLASSES
        }
        self._objects: dict[type, Any] = {}

    def recent_fields(self) -> Fields:
        """What the interface of customers gets: its newest records."""
        return {
            name: (list_of(self._raw[kind]), plain(f"The newest {count}, newest first."))
            for name, (kind, count) in RECENT.items()
        }

    def finish(self, customer: Any) -> Mapping[Kind, RecordTypes]:
        """The types, given the interface of customers."""
        return {cls.kind: self._types(cls, customer) for cls in RECORD_CLASSES}

    def _types(self, cls: type[StoredRecord], customer: Any) -> RecordTypes:
        record, name = self._raw[cls.kind], pascal_case(cls.kind.value)
        fields: Fields = {
            spec.name: (self._output(spec, customer) | None, declared(spec))
            for spec in RECORD_CATALOGUES[cls.kind].fields(cls.kind).values()
        }
        fields["access"] = (list[FieldAccess], plain("What the caller may do with each field of this record."))
        record.__annotations__ = {field: annotation for field, (annotation, _) in fields.items()}
        for field, (_, definition) in fields.items():
            setattr(record, field, definition)
        strawberry.type(record, description=f"{cls.kind.label.en} ({cls.kind.label.zh}).")
        edge_fields: Fields = {"node": (record, plain()), "cursor": (str, plain())}
        edge = make_type(f"{name}Edge", edge_fields, f"{cls.kind.label.en} in a list.")
        return RecordTypes(cls.kind, record, edge, _connection(cls, record, edge), _payload(cls.kind, record))

    def _output(self, spec: FieldSpec, customer: Any) -> Any:
        if spec.value_type is ValueType.CUSTOMER:
            return customer
        if spec.model is not None:
            made = self._object(spec.model)
            return list_of(made) if spec.is_list else made
        return output_type(spec, self._enums)

    def _object(self, model: type[Any]) -> Any:
        if model not in self._objects:
            fields: Fields = {}
            for name, (value_type, choices, optional) in parts_of(model).items():
                # Within an object people are named by their usernames: it is a note of what was, not a reference.
                given = self._enums.of(choices) if choices is not None else BY_VALUE_TYPE[_part(value_type)]
                fields[name] = (given | None if optional else given, plain())
            self._objects[model] = make_type(model.__name__, fields)
        return self._objects[model]


def _part(value_type: ValueType) -> ValueType:
    # Instants within an object are stored, and served, as text.
    return ValueType.TEXT if value_type is ValueType.DATETIME else value_type


def _connection(cls: type[StoredRecord], record: Any, edge: Any) -> Any:
    fields: Fields = {
        "edges": (list[edge], plain()),
        "nodes": (list[record], plain("The records without their cursors.")),
        "page_info": (PageInfo, plain()),
        "total_count": (int, plain("How many records the whole list has, of those that the caller may find.")),
    }
    return make_type(f"{pascal_case(cls.kind.value)}Connection", fields, f"A page: {cls.kind.label.en}.")


def _payload(kind: Kind, record: Any) -> Any:
    errors = "What the caller can put right; nothing was written if there is any."
    fields: Fields = {kind.value: (record | None, plain()), "user_errors": (list[UserError], plain(errors))}
    return make_type(f"{pascal_case(kind.value)}Payload", fields)


def of_customers() -> list[Kind]:
    """The kinds that hang on a customer."""
    return [cls.kind for cls in RECORD_CLASSES if issubclass(cls, CustomerRecord)]
