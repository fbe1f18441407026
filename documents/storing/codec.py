"""Stored form ↔ plain record of a customer. The only place where a customer field is encrypted or decrypted.

A `RowReader` is compiled per (grants of a scope set, kind, selected fields, fetched fields) and obeys them: it touches
nothing of the stored row but what it was compiled for, so a denied value is neither decrypted nor copied. Only where
all that was fetched is shown, the row is copied in one go.

Stored form: `_id`, `kind`, each field under its declared name (encrypted ones as one ciphertext), `_sources` (field →
collection channel, I1), `_tokens` (field → blind index tokens), `_terms` (name search terms).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bson import Decimal128, ObjectId

from documents.access.plan import FieldGrants, Level, Reason
from documents.access.trace import Served
from documents.declaring.fields import FieldSpec, Search, ValueType
from documents.declaring.kind import Kind
from documents.encryption.blind_index import BlindIndex
from documents.encryption.ciphertext import DataKey, FieldContext, decrypt_value, encrypt_value
from documents.errors import EncryptionError
from documents.storing.layout import CUSTOMER_LAYOUT, RowLayout
from documents.storing.name_terms import name_terms
from documents.storing.row_reader import Decrypt, RecordForm, RowReader, Step, bound, wire_value

COLLECTION = CUSTOMER_LAYOUT.collection
_IN_EVERY_RECORD = frozenset({"_id", "kind"})


@dataclass(frozen=True, slots=True)
class EncodedFields:
    """The stored form of some fields of one customer."""

    values: dict[str, Any]
    tokens: dict[str, list[bytes]]
    terms: dict[str, list[str]]


class RowCodec:
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

    def row_reader(
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
        hidden = fetched - shown if fetched is not None else frozenset()
        # What proves a row came along for every reader; of records it is more than is worth taking out again.
        whole = fetched is not None and not self._layout.bound_to_row and hidden <= self._layout.proof_fields
        form = RecordForm(
            with_id="id" in selected,
            bound_to_row=self._layout.bound_to_row,
            whole=whole,
            taken_out=tuple(sorted(hidden)) if whole else (),
        )
        return RowReader(served, tuple(steps), form, self._decrypt)

    def _step(self, spec: FieldSpec, *, masked: bool) -> Step:
        context = self._contexts[spec.name] if spec.encrypted else None
        return Step(spec, context, masked)
