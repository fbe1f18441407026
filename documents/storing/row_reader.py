"""From a stored row to the plain record that a plan allows.

Owns which stored value becomes which wire value. INVARIANT: decrypts what is granted, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

from bson import ObjectId
from pydantic import BaseModel

from documents.access.trace import Served
from documents.declaring.fields import FieldSpec, ValueType
from documents.declaring.values import mask_value
from documents.encryption.ciphertext import DataKey, FieldContext
from documents.plain_records import Record, Records
from documents.storing.decimals import decimal_text

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


def bound(context: FieldContext, row_id: ObjectId) -> FieldContext:
    """The context of one row's field: `<row id>.<field>`."""
    return FieldContext(context.collection, f"{row_id}.{context.path}")


@dataclass(frozen=True, slots=True)
class Step:
    """How one permitted field gets from the row into the record."""

    spec: FieldSpec
    context: FieldContext | None  # set where the stored value is a ciphertext
    masked: bool


@dataclass(frozen=True, slots=True)
class RecordForm:
    """How a record is made: with its public `id` or without; whether ciphertexts are bound to their row; whether the
    row is copied `whole`, because all that was fetched of it is shown, but for what is `taken_out` again."""

    with_id: bool
    bound_to_row: bool
    whole: bool
    taken_out: tuple[str, ...] = ()


class RowReader:
    """Reads rows of one kind under one set of grants. Holds no values."""

    __slots__ = (
        "_bound_to_row",
        "_converted",
        "_copied",
        "_decrypt",
        "_kind_name",
        "_opened",
        "_taken_out",
        "_whole",
        "_with_id",
        "kind",
        "needs_key",
        "served",
    )

    def __init__(self, served: Served, steps: tuple[Step, ...], form: RecordForm, decrypt: Decrypt) -> None:
        self._bound_to_row = form.bound_to_row
        self._whole = form.whole
        self._taken_out = form.taken_out
        self._with_id = form.with_id
        self.kind = served.kind
        self.served = served
        self._kind_name = served.kind.value  # an attribute of an enumeration is slow to look up
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
            for name in self._taken_out:
                record.pop(name, None)
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
