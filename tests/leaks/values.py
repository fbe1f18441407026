"""Values of declared fields: another valid one, another one under the same mask, and how the API spells them.

Made from the declarations alone, so that a field declared tomorrow has values too.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from demo.invented.customers import generate_customers
from documents.chapters.customers.kinds import Customer
from documents.declaring.fields import FieldSpec, Mask, ValueType
from documents.declaring.kind import CUSTOMER_KINDS, Kind
from documents.declaring.validation import Validator
from documents.declaring.values import mask_value
from documents.errors import InvalidValueError

NAME_CHARACTERS = "安博晨德恩芳国浩嘉凯磊明宁鹏琪然书涛伟欣雅泽"


class ValuePool:
    """Invented valid values by kind and field; each is drawn once, so that what must be unique is."""

    def __init__(self, validator: Validator, seed: int, staff: tuple[tuple[str, str], ...]) -> None:
        self._validator = validator
        self._random = Random(seed)
        self._customers: dict[Kind, Iterator[dict[str, Any]]] = {
            kind: self._of(kind, generate_customers(1_000_000, staff, seed)) for kind in CUSTOMER_KINDS
        }
        self._spare: dict[tuple[Kind, str], list[Any]] = {}

    @staticmethod
    def _of(kind: Kind, customers: Iterator[tuple[Kind, dict[str, Any]]]) -> Iterator[dict[str, Any]]:
        return (values for found, values in customers if found is kind)

    def customer(self, kind: Kind) -> dict[str, Any]:
        """The values of one more customer of `kind`, gaps included."""
        return next(self._customers[kind])

    def value(self, spec: FieldSpec, other_than: Any = None) -> Any:
        """A valid value of the field that was not drawn before and is not `other_than`."""
        for attempt in range(50):
            # Some fields have few values in the demo data, or one.
            value = self._draw(spec) if attempt < 10 else self._invented(spec)
            if value is not None and value != other_than:
                return value
        raise AssertionError(f"no second value for {spec.kind}.{spec.name}")

    def _draw(self, spec: FieldSpec) -> Any:
        spare = self._spare.setdefault((spec.kind, spec.name), [])
        for _ in range(12):
            if spare:
                return spare.pop()
            for name, value in self.customer(spec.kind).items():
                self._spare.setdefault((spec.kind, name), []).append(value)
        return self._invented(spec)

    def _invented(self, spec: FieldSpec) -> Any:
        """A value of a field that the demo data does not know, tried against its own rules."""
        for candidate in _candidates(spec, self._random):
            value = [candidate] if spec.is_list else candidate
            try:
                self._validator.validate(spec.kind, {spec.name: value}, creating=False)
            except InvalidValueError:
                continue
            return value
        return None


def _candidates(spec: FieldSpec, random: Random) -> Iterator[Any]:
    number = random.randrange(10**7, 10**8)
    if spec.choices is not None:
        yield random.choice([choice.value for choice in spec.choices])
        return
    yield {
        ValueType.INTEGER: number,
        ValueType.BOOLEAN: random.random() < 0.5,
        ValueType.DECIMAL: f"{number}.50",
        ValueType.DATE: (date(1980, 1, 1) + timedelta(days=number % 15_000)).isoformat(),
        ValueType.DATETIME: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=number % 10**6),
        ValueType.PHONE_NUMBER: f"+86139{number}",
        ValueType.EMAIL_ADDRESS: f"x{number}@example.com",
    }.get(spec.value_type, f"值{number}")
    yield f"6222020{number}001"  # what looks like a number of a bank or tax authority
    yield f"9131{number}0001"


def other_value(spec: FieldSpec, value: Any, pool: ValuePool, random: Random) -> Any:
    """Another stored (wire) value of the field in place of `value`; None removes it. Required ones always stay."""
    if spec.value_type is ValueType.DATETIME:
        moved = value if isinstance(value, datetime) else datetime(2021, 3, 4, 5, 6, 7, tzinfo=UTC)
        return moved + timedelta(minutes=random.randrange(1, 500_000)) * random.choice((1, -1))
    removable = not spec.required and not _has_default(spec)
    if value is not None and removable and random.random() < 0.25:
        return None
    return pool.value(spec, value)


def _has_default(spec: FieldSpec) -> bool:
    info = Customer.model_fields.get(spec.name)
    return info is not None and info.default is not None


def masked_alike(spec: FieldSpec, value: Any, random: Random) -> Any:
    """Another value that is shown the same under the field's mask; the same value where there is none."""
    if spec.mask is None or value is None:
        return value
    if isinstance(value, list):
        return [masked_alike(spec, item, random) for item in value]
    other = _ALIKE[spec.mask](value, random)
    assert mask_value(spec.mask, other) == mask_value(spec.mask, value)
    return other


def _digits_alike(value: str, random: Random) -> str:
    prefix = "+86" if value.startswith("+86") else ""
    body = value.removeprefix(prefix)
    if len(body) < 8:
        return prefix + "".join(_another(char, random) for char in body)
    return prefix + body[:3] + "".join(_another(char, random) for char in body[3:-4]) + body[-4:]


def _tail_alike(value: str, random: Random) -> str:
    kept = 4 if len(value) >= 8 else 0
    cut = len(value) - kept
    return "".join(_another(char, random) for char in value[:cut]) + value[cut:]


def _name_alike(value: str, random: Random) -> str:
    return value[:1] + "".join(_another(char, random) for char in value[1:])


def _email_alike(value: str, random: Random) -> str:
    local, _, domain = value.rpartition("@")
    return f"{local[:1]}{random.randrange(10**5, 10**6)}@{domain}"


def _another(char: str, random: Random) -> str:
    alphabet = "0123456789" if char.isdigit() else NAME_CHARACTERS
    return random.choice([other for other in alphabet if other != char])


_ALIKE = {Mask.DIGITS: _digits_alike, Mask.TAIL: _tail_alike, Mask.NAME: _name_alike, Mask.EMAIL: _email_alike}


def spelled(spec: FieldSpec, value: Any) -> Any:
    """The value as a variable of a request: choices by name, instants as text."""
    if isinstance(value, list):
        return [spelled(spec, item) for item in value]
    if spec.choices is not None and value is not None:
        return spec.choices(value).name
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


def items(value: Any) -> list[Any]:
    """The values in a field: those of a list, the one, or none."""
    return list(value) if isinstance(value, list) else [] if value is None else [value]
