"""Which rows of a kind an operation asks for, said in declared fields. Nobody above makes a database filter of it.

For the operation's own decisions. What callers ask by is another thing (`documents.reading.filters`): it needs the
right to find by the field.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from documents.declaring.catalogue import Catalogue
from documents.declaring.fields import FieldSpec
from documents.declaring.kind import Kind
from documents.reading.filters import stored_value
from documents.storing.layout import CustomerReference
from documents.storing.public_ids import parse_id
from documents.storing.row_reader import wire_value
from documents.storing.row_scope import Filter


@dataclass(frozen=True, slots=True)
class OneOf:
    """Any of these values; none where there are none."""

    values: Collection[Any]


@dataclass(frozen=True, slots=True)
class Before:
    """Less than the value, and set."""

    value: Any


class Where:
    """The rows in which all of these hold: `Where(customer=customer, state=ReceivableState.OPEN, due_on=Before(day))`.

    A condition is the value of a declared field, `OneOf` several, or `Before` one; None: the field is empty. Beside the
    fields there are `id`, public or of the row, and `customer`, a `CustomerReference` or the id of the customer's row.
    An id of another kind meets no row."""

    __slots__ = ("_conditions",)

    def __init__(self, **conditions: Any) -> None:
        self._conditions = conditions

    def filter(self, catalogue: Catalogue, kind: Kind) -> Filter:
        """The database filter on rows of `kind`, as the catalogue declares it.

        Raises KeyError for a field that is not declared, TypeError for one that is encrypted: no value can be compared
        with it."""
        specs = catalogue.fields(kind)
        found: Filter = {}
        for name, condition in self._conditions.items():
            if name == "id":
                found["_id"] = _compared(condition, lambda value: _row_id(kind, value))
            elif name == "customer":
                found["customer_id"] = _compared(condition, _customer_id)
            else:
                spec = specs[name]
                found[name] = _compared(condition, lambda value, spec=spec: _stored(spec, value))
        return found


def _compared(condition: Any, stored: Any) -> Any:
    match condition:
        case OneOf(values):
            return {"$in": [stored(value) for value in values]}
        case Before(value):
            return {"$lt": stored(value)}
    return stored(condition)


def _row_id(kind: Kind, value: str | ObjectId) -> ObjectId | None:
    if isinstance(value, ObjectId):
        return value
    parsed = parse_id(value, (kind.value,))
    return parsed[1] if parsed is not None else None


def _customer_id(value: CustomerReference | ObjectId) -> ObjectId:
    return value.row_id if isinstance(value, CustomerReference) else value


def _stored(spec: FieldSpec, value: Any) -> Any:
    if spec.encrypted:
        raise TypeError(f"`{spec.name}` is encrypted")
    return stored_value(spec, wire_value(value))
