"""Stored form ↔ plain record of a customer. The only place where a customer field is encrypted or decrypted.

A `RowReader` is compiled per (grants of a scope set, kind, selected fields, fetched fields) and obeys them: it touches
nothing of the stored row but what it was compiled for, so a denied value is neither decrypted nor copied. Only where
all that was fetched is shown, the row is copied in one go.

Stored form: `_id`, `kind`, each field under its declared name (encrypted ones as one ciphertext), `_sources` (field →
collection channel, I1), `_tokens` (field → blind index tokens), `_terms` (name search terms).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

from bson import Decimal128, ObjectId
from pydantic import BaseModel

from documents.access_plan import FieldGrants, Level, Reason
from documents.access_report import Served
from documents.decimals import decimal_text
from documents.encryption.blind_index import BlindIndex
from documents.encryption.ciphertext import DataKey, FieldContext, decrypt_value, encrypt_value
from documents.errors import EncryptionError
from documents.fields import CUSTOMER_KINDS, FieldSpec, Kind, Search, ValueType
from documents.records import Record, Records
from documents.repositories.row_layout import CUSTOMER_LAYOUT, RowLayout
from documents.search_terms import name_terms
from documents.values import mask_value

COLLECTION = "customers"
_IN_EVERY_RECORD = frozenset({"_id", "kind"})
_KINDS = frozenset(kind.value for kind in CUSTOMER_KINDS)
Decrypt = Callable[[DataKey, FieldContext, bytes], Any]


def wire_value(value: Any) -> Any:
    """A validated Python value as the record carries it: enums by value, dates and decimals as text."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return [wire_value(item) for item in value]
    if isinstance(value, BaseModel):
        return {name: _part(getattr(value, name)) for name in type(value).model_fields}
    return value if value is None or isinstance(value, (str, int, bool)) else str(value)


def _part(value: Any) -> Any:
    # Within an object an instant is text: objects are sealed as JSON too.
    return value.isoformat() if isinstance(value, datetime) else wire_value(value)


@dataclass(frozen=True, slots=True)
class EncodedFields:
    """The stored form of some fields of one customer."""

    values: dict[str, Any]
    tokens: dict[str, list[bytes]]
    terms: dict[str, list[str]]


class CustomerCodec:
    """Encodes and reads customer rows by their field specifications."""

    def __init__(
        self,
        fields: Mapping[Kind, Mapping[str, FieldSpec]],
        blind_index: BlindIndex,
        decrypt: Decrypt = decrypt_value,
        layout: RowLayout = CUSTOMER_LAYOUT,
    ) -> None:
        self._fields = fields
        self._blind_index = blind_index
        self._decrypt = decrypt
        self._layout = layout
        self._contexts = {name: FieldContext(layout.collection, name) for specs in fields.values() for name in specs}
        self._readers: dict[tuple[object, ...], RowReader] = {}

    def encode(
        self, kind: Kind, key: DataKey | None, values: Mapping[str, Any], row_id: ObjectId | None = None
    ) -> EncodedFields:
        """The stored form of `values` (validated Python values by field name; None clears).

        `row_id` is of the row where ciphertexts are bound to it; `key` may be None where nothing is encrypted."""
        encoded = EncodedFields({}, {}, {})
        for name, value in values.items():
            spec = self._fields[kind][name]
            wire = wire_value(value)
            encoded.values[name] = self._stored(spec, key, wire, row_id)
            encoded.tokens[name] = self.tokens(spec, wire)
            if Search.NAME in spec.search:
                encoded.terms[name] = [f"{name}:{term}" for term in name_terms(wire)] if wire else []
        return encoded

    def _stored(self, spec: FieldSpec, key: DataKey | None, wire: Any, row_id: ObjectId | None) -> Any:
        if wire is None:
            return None
        if spec.encrypted:
            if key is None:
                raise EncryptionError("an encrypted field needs a customer's data key")
            context = self._contexts[spec.name]
            if self._layout.bound_to_row:
                if row_id is None:
                    raise EncryptionError("a ciphertext of a record is bound to its row")
                context = bound(context, row_id)
            return encrypt_value(key, context, wire)
        return Decimal128(wire) if spec.value_type is ValueType.DECIMAL else wire

    def tokens(self, spec: FieldSpec, wire: Any) -> list[bytes]:
        """The blind index tokens of an encrypted field's wire value."""
        if not spec.encrypted or wire is None:
            return []
        tokens: list[bytes] = []
        for item in wire if isinstance(wire, list) else [wire]:
            if Search.EQUALITY in spec.search:
                tokens.append(self._blind_index.equality(spec.name, spec.value_type, str(item)))
            if Search.LAST_FOUR in spec.search:
                token = self._blind_index.last_four(spec.name, str(item))
                tokens += [token] if token is not None else []
        return tokens

    def reader(
        self, kind: Kind, grants: FieldGrants, selected: frozenset[str], fetched: frozenset[str] | None = None
    ) -> RowReader:
        """The compiled reader of rows of `kind` under `grants`; kept, because few combinations occur.

        `fetched`: the stored paths that the rows were projected to; None where that is not known."""
        key = (kind, grants, selected, fetched)
        reader = self._readers.get(key)
        if reader is None:
            if len(self._readers) > 4096:  # custom selections are unbounded, memory is not
                self._readers.clear()
            reader = self._readers[key] = self._compile(kind, grants, selected, fetched)
        return reader

    def _compile(
        self, kind: Kind, grants: FieldGrants, selected: frozenset[str], fetched: frozenset[str] | None
    ) -> RowReader:
        steps: list[Step] = []
        below_plain: list[tuple[str, Level, Reason]] = []
        plain: list[str] = []
        for name, spec in self._fields[kind].items():
            if name not in selected:
                continue
            level = grants.level(name)
            reason = grants.reason(name)
            if reason is None:
                plain.append(name)
            else:
                below_plain.append((name, level, reason))
            if level is not Level.DENIED:
                steps.append(self._step(spec, masked=level is Level.MASKED))
        served = Served(kind, tuple(plain), tuple(below_plain))
        shown = _IN_EVERY_RECORD.union(step.spec.name for step in steps)
        return RowReader(
            served,
            tuple(steps),
            self._decrypt,
            with_id="id" in selected,
            bound_to_row=self._layout.bound_to_row,
            whole=fetched is not None and fetched <= shown,
        )

    def _step(self, spec: FieldSpec, *, masked: bool) -> Step:
        context = self._contexts[spec.name] if spec.encrypted else None
        return Step(spec, context, masked)


def bound(context: FieldContext, row_id: ObjectId) -> FieldContext:
    """The context of one row's field: `<row id>.<field>`."""
    return FieldContext(context.collection, f"{row_id}.{context.path}")


@dataclass(frozen=True, slots=True)
class Step:
    """How one permitted field gets from the row into the record."""

    spec: FieldSpec
    context: FieldContext | None  # set where the stored value is a ciphertext
    masked: bool


class RowReader:
    """Reads rows of one kind under one set of grants. Holds no values."""

    __slots__ = (
        "_bound_to_row",
        "_converted",
        "_copied",
        "_decrypt",
        "_kind_name",
        "_opened",
        "_whole",
        "_with_id",
        "kind",
        "needs_key",
        "served",
    )

    def __init__(
        self,
        served: Served,
        steps: tuple[Step, ...],
        decrypt: Decrypt,
        *,
        with_id: bool,
        bound_to_row: bool,
        whole: bool,
    ) -> None:
        self._bound_to_row = bound_to_row
        self._whole = whole
        self.kind = served.kind
        self.served = served
        self._kind_name = served.kind.value  # an attribute of an enumeration is slow to look up
        self._with_id = with_id
        copied = [(step.spec.name, _converter(step)) for step in steps if step.context is None]
        self._copied = tuple(name for name, convert in copied if convert is None)
        self._converted = tuple((name, convert) for name, convert in copied if convert is not None)
        self._opened = tuple((s.spec.name, s.context, _shown(s)) for s in steps if s.context is not None)
        self.needs_key = bool(self._opened)
        self._decrypt = decrypt

    def read(self, row: Mapping[str, Any], key: DataKey | None) -> tuple[Record, bool]:
        """The record of `row`, and whether its encrypted fields are gone because the data key was erased."""
        get, row_id, kind = row.get, row["_id"], self._kind_name
        if self._whole:  # a tenth of the time, and `_id` and `kind` are in it
            record = Record(row)
        else:
            record = Record(zip(self._copied, map(get, self._copied), strict=True))
            record["_id"] = row_id
            record["kind"] = kind
        if self._with_id:
            record["id"] = f"{kind}_{row_id.binary.hex()}"
        for name, convert in self._converted:
            value = get(name)
            record[name] = None if value is None else convert(value)
        erased = False
        decrypt, is_bound = self._decrypt, self._bound_to_row
        for name, context, show in self._opened:
            stored = get(name)
            if stored is None:
                record[name] = None
            elif key is None:
                record[name] = None
                erased = True
            else:
                value = decrypt(key, bound(context, row_id) if is_bound else context, stored)
                record[name] = value if show is None else show(value)
        return record, erased

    def erased_fields(self) -> tuple[str, ...]:
        """The encrypted fields that this reader would open."""
        return tuple(name for name, _, _ in self._opened)


def _converter(step: Step) -> Callable[[Any], Any] | None:
    shown = _shown(step)
    if shown is None and step.spec.value_type is ValueType.DECIMAL:
        return decimal_text
    return shown


def _shown(step: Step) -> Callable[[Any], Any] | None:
    """What is done to an opened value before it is shown; None: nothing."""
    mask = step.spec.mask
    if step.masked and mask is not None:
        return lambda value: mask_value(mask, value)
    if step.spec.value_type is ValueType.OBJECT:
        return _objects if step.spec.is_list else Record
    return None


def _objects(value: list[dict[str, Any]]) -> Records:
    return Records(map(Record, value))


def parse_customer_id(text: str) -> tuple[Kind, ObjectId] | None:
    """The kind and row id in a customer's public id (`individual_<24 hex digits>`); None when it is none."""
    return parse_id(text, _KINDS)


def parse_id(text: str, kinds: Collection[str]) -> tuple[Kind, ObjectId] | None:
    """The kind, one of `kinds`, and row id in a public id; None when it is none of them."""
    name, _, digits = text.rpartition("_")
    if name in kinds and ObjectId.is_valid(digits) and digits == digits.lower():
        return Kind(name), ObjectId(digits)
    return None


def new_customer_id() -> ObjectId:
    """A random id. An ordinary ObjectId begins with its time of creation, which is a field under policy."""
    return ObjectId(secrets.token_bytes(12))
