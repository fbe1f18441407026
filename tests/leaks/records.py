"""Rows of any kind of record in two worlds, made from the declarations alone.

World B differs from world A in values that one caller may not learn. Both are worlds of one application: the rows of A
are put in place of those of B, and the same is asked again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from bson import ObjectId

from documents.access.plan import AccessPlan, FieldGrants, Level
from documents.declaring.catalogue import parts_of
from documents.declaring.fields import FieldSpec, ValueType
from documents.declaring.kind import Kind
from documents.declaring.validation import Validator
from documents.encryption.ciphertext import DataKey
from documents.errors import InvalidValueError
from documents.reading.records import RecordReader
from documents.registry import RECORD_CATALOGUES
from documents.storing.layout import CustomerReference
from documents.storing.row_scope import members, scope_set
from tests.bound_rows import proof_of, proven
from tests.leaks.worlds import ABROAD, CALLER, HOME, STAFF, STRANGER

ROWS_PER_PLACE = 2
UNALTERED = frozenset({"version"})
Document = dict[str, Any]


@dataclass
class RecordRow:
    """One stored row of both worlds, with what the caller may do with it. `b` None: there is none in world B."""

    a: Document
    b: Document | None
    values: Mapping[str, Any]
    others: Mapping[str, Any]  # in world B, of the fields that differ there
    grants: FieldGrants

    @property
    def id(self) -> str:
        return f"{self.a['kind']}_{self.a['_id']}"


class RecordWorlds:
    """Makes rows of one kind."""

    def __init__(
        self,
        repository: RecordReader,
        customers: list[tuple[CustomerReference, DataKey]],
        random: Random,
    ) -> None:
        self.kind: Kind = repository.kind
        self.fields = RECORD_CATALOGUES[self.kind].fields(self.kind)
        self._repository = repository
        self._validator = Validator(RECORD_CATALOGUES[self.kind])
        self._customers = customers
        self._random = random

    def rows(self, plan: AccessPlan | None) -> list[RecordRow]:
        """Rows in every relation to the caller, altered for it."""
        found: list[RecordRow] = []
        removed = False
        for scopes, key in self._places():
            for _ in range(ROWS_PER_PLACE):
                row = self._row(plan, scopes, key)
                if not row.grants.is_visible and not removed:
                    row.b, removed = None, True
                found.append(row)
        return found

    def _places(self) -> Iterator[tuple[Document, DataKey | None]]:
        if "customer" in self.fields:
            for customer, key in self._customers:
                yield (
                    {
                        "customer_id": customer.row_id,
                        "customer": customer.public_id,
                        "_owner": customer.account_manager,
                        "_department": customer.department,
                    },
                    key,
                )
            return
        for owner in (CALLER, STRANGER):
            for department in (HOME, ABROAD):
                yield {"_owner": owner, "_department": department}, None

    def _row(self, plan: AccessPlan | None, scopes: Document, key: DataKey | None) -> RecordRow:
        row_id = ObjectId(self._random.randbytes(12))
        values = {name: self.value(spec) for name, spec in self.fields.items() if name not in ("customer", "version")}
        head = {"_id": row_id, "kind": self.kind.value, "version": 1, **scopes}
        head |= proof_of(self._repository.store, head)
        grants = FieldGrants()
        if plan is not None:
            caller = members(plan.row_scope, self._repository.store.layout.scope_fields)
            grants = plan.grants(self.kind, scope_set(caller, head))
        others = {name: other for name, spec in self.fields.items() if (other := self._other(spec, grants)) is not None}
        altered = {**values, **{name: other for name, other in others.items() if name in values}}
        b = self._stored(head, altered, key, row_id)
        return RecordRow(self._stored(head, values, key, row_id), b, values, others, grants)

    def _stored(self, head: Document, values: Mapping[str, Any], key: DataKey | None, row_id: ObjectId) -> Document:
        validated = self._validator.validate(self.kind, values, creating=False)
        encoded = self._repository.store.codec.encode(self.kind, key, validated, row_id)
        row = {
            **head,
            **encoded.values,
            "_tokens": {name: tokens for name, tokens in encoded.tokens.items() if tokens},
            "_terms": [term for terms in encoded.terms.values() for term in terms],
        }
        return proven(self._repository.store, row)

    def _other(self, spec: FieldSpec, grants: FieldGrants) -> Any:
        """The value of world B where the caller may learn nothing of the field; None where it is the same."""
        level = grants.level(spec.name) if grants.is_visible else Level.DENIED
        findable = grants.is_visible and spec.name in grants.filterable
        if spec.name in UNALTERED or level is not Level.DENIED or findable:
            return None
        return self.value(spec)

    def value(self, spec: FieldSpec) -> Any:
        """A valid value of the field."""
        for candidate in self._candidates(spec):
            value = [candidate] if spec.is_list else candidate
            try:
                self._validator.validate(spec.kind, {spec.name: value}, creating=False)
            except InvalidValueError:
                continue
            return value
        raise AssertionError(f"no value for {spec.kind}.{spec.name}")

    def _candidates(self, spec: FieldSpec) -> Iterator[Any]:
        if spec.model is not None:
            yield {
                name: self._part(value_type, choices) for name, (value_type, choices, _) in parts_of(spec.model).items()
            }
            yield {
                name: self._part(value_type, choices)
                for name, (value_type, choices, optional) in parts_of(spec.model).items()
                if not optional
            }
        elif spec.value_type is ValueType.CUSTOMER:
            yield self._random.choice(self._customers)[0].public_id
        else:
            for _ in range(6):
                yield self._part(spec.value_type, spec.choices)
            octets = self._random.randbytes(32).hex()  # ids and digests
            yield from (octets[:24], octets, octets[:32], "CNY", 5, "5", 1, "1")

    def _part(self, value_type: ValueType, choices: Any) -> Any:
        random = self._random
        number = random.randrange(10**6, 10**7)
        if choices is not None:
            return random.choice(list(choices)).value
        return {
            ValueType.INTEGER: number % 50,
            ValueType.BOOLEAN: random.random() < 0.5,
            ValueType.DECIMAL: str(Decimal(number % 9_000) / 100),
            ValueType.DATE: (date(2020, 1, 1) + timedelta(days=number % 2_000)).isoformat(),
            ValueType.DATETIME: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=number % 10**5),
            ValueType.PHONE_NUMBER: f"+861391{number}",
            ValueType.EMAIL_ADDRESS: f"x{number}@example.com",
            ValueType.STAFF: random.choice(STAFF)[0],
            ValueType.DEPARTMENT: random.choice((HOME, ABROAD)),
            ValueType.REFERENCE: f"attachment_{ObjectId(random.randbytes(12))}",
            ValueType.CUSTOMER: random.choice(self._customers)[0].public_id,
        }.get(value_type, f"内容{number}")
