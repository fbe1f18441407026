"""Conditions on customers as plain values, and their translation into database filters.

A condition is a read: `fields_of` says which fields a filter touches, and the repository narrows the rows to those in
which the caller may filter by every one of them before the translation is used at all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from bson import Decimal128, ObjectId

from documents.declaring.fields import FieldSpec, ValueType
from documents.declaring.kind import Kind
from documents.encryption.blind_index import BlindIndex
from documents.storing.name_terms import search_prefix


class Operator(StrEnum):
    """What a condition asks."""

    EQ = "eq"
    IN = "in"
    LT = "lt"
    LTE = "lte"
    GT = "gt"
    GTE = "gte"
    LAST_FOUR = "last_four"
    MATCHES = "matches"


REVEALING = frozenset({Operator.LT, Operator.LTE, Operator.GT, Operator.GTE, Operator.MATCHES})
"""Operators by which a value can be guessed piece by piece: they are for those only who may read it in plain."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One field compared with one wire-ready value (a list of them for IN)."""

    field: str
    operator: Operator
    value: Any


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: tuple[FilterNode, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple[FilterNode, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: FilterNode


FilterNode = Condition | AllOf | AnyOf | Not
NO_ROW: dict[str, Any] = {"_id": {"$in": []}}


def conditions_of(node: FilterNode) -> Iterator[Condition]:
    """Every condition of the tree, however deep it is nested."""
    match node:
        case Condition():
            yield node
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from conditions_of(part)
        case Not(part):
            yield from conditions_of(part)


class FilterTranslator:
    """Turns condition trees into database filters; encrypted fields are compared by blind index only."""

    def __init__(self, fields: Mapping[Kind, Mapping[str, FieldSpec]], blind_index: BlindIndex) -> None:
        self._specs = {name: spec for by_name in fields.values() for name, spec in by_name.items()}
        self._blind_index = blind_index

    def translate(self, node: FilterNode) -> dict[str, Any]:
        """The database filter of `node`. A tree without conditions in it admits every row (and / not) or none (or)."""
        match node:
            case Condition():
                return self._condition(node)
            case AllOf(parts):
                return {"$and": [self.translate(part) for part in parts]} if parts else {}
            case AnyOf(parts):
                return {"$or": [self.translate(part) for part in parts]} if parts else NO_ROW
            case Not(part):
                return {"$nor": [self.translate(part)]}

    def _condition(self, condition: Condition) -> dict[str, Any]:
        spec = self._specs[condition.field]
        if condition.operator is Operator.MATCHES:
            return name_condition(spec.name, str(condition.value))
        if spec.encrypted:
            return self._blind(spec, condition)
        value = condition.value
        if spec.value_type is ValueType.CUSTOMER:
            return _of_customers(spec.name, value if condition.operator is Operator.IN else [value])
        if condition.operator is Operator.IN:
            return {spec.name: {"$in": [stored_value(spec, item) for item in value]}}
        if condition.operator is Operator.EQ:
            return {spec.name: stored_value(spec, value)}
        return {spec.name: {f"${condition.operator.value}": stored_value(spec, value)}}

    def _blind(self, spec: FieldSpec, condition: Condition) -> dict[str, Any]:
        if condition.operator is Operator.LAST_FOUR:
            token = self._blind_index.last_four_asked(spec.name, str(condition.value))
            return NO_ROW if token is None else {f"_tokens.{spec.name}": token}
        values = condition.value if condition.operator is Operator.IN else [condition.value]
        tokens = [self._blind_index.equality(spec.name, spec.value_type, str(value)) for value in values]
        return {f"_tokens.{spec.name}": {"$in": tokens} if len(tokens) != 1 else tokens[0]}


def _of_customers(field: str, public_ids: Collection[str]) -> dict[str, Any]:
    """Rows of these customers: by `customer_id`, under which records are indexed, and by the id as it was given."""
    row_ids = [ObjectId(text[-24:]) for text in public_ids if ObjectId.is_valid(text[-24:])]
    if not row_ids:
        return NO_ROW
    if len(row_ids) == len(public_ids) == 1:
        return {"customer_id": row_ids[0], field: next(iter(public_ids))}
    return {"customer_id": {"$in": row_ids}, field: {"$in": list(public_ids)}}


def name_condition(field: str, text: str) -> dict[str, Any]:
    """Rows whose `field` has a part that begins with `text`, in characters, pinyin or initials."""
    prefix = search_prefix(text)
    # The prefix holds word characters of any script and single signs: those that a pattern reads are escaped.
    return NO_ROW if prefix is None else {"_terms": {"$regex": "^" + _escape(f"{field}:{prefix}")}}


def _escape(text: str) -> str:
    return "".join(char if char.isalnum() or char in "_:" else "\\" + char for char in text)


def stored_value(spec: FieldSpec, value: Any) -> Any:
    """The stored form of a plain field's wire-ready value."""
    if spec.value_type is ValueType.DECIMAL and value is not None:
        return Decimal128(value if isinstance(value, Decimal) else Decimal(str(value)))
    return value
