"""The scalars of customer fields. Stored and served forms are the same text, so serialising is passing through.

Input is checked for its kind of JSON value and, for dates and instants, its form; whether a telephone number is a
possible one is the declared type's rule and answered as a user error in the caller's language.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any, NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

from documents.declaring.fields import ValueType
from schema.execution import serialize_instant, serialize_text

Date = NewType("Date", str)
DateTime = NewType("DateTime", datetime)
DecimalText = NewType("DecimalText", str)
PhoneNumber = NewType("PhoneNumber", str)
EmailAddress = NewType("EmailAddress", str)


def _text(name: str) -> Callable[[Any], str]:
    def parse(value: Any) -> str:
        if not isinstance(value, str):
            raise GraphQLError(f"{name} must be a string")
        return value

    return parse


def _parse_date(value: Any) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except (TypeError, ValueError) as error:
        raise GraphQLError("Date must be a day as YYYY-MM-DD") from error


def _parse_instant(value: Any) -> datetime:
    try:
        instant = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise GraphQLError("DateTime must be an instant as RFC 3339 says") from error
    if instant.tzinfo is None:
        raise GraphQLError("DateTime must name its offset, as in 2026-01-31T08:15:00Z")
    return instant.astimezone(UTC)


def _parse_decimal(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise GraphQLError("Decimal must be a string or an integer: floating point would lose digits")
    try:
        number = Decimal(value)
    except InvalidOperation as error:
        raise GraphQLError("Decimal must be a decimal number") from error
    if not number.is_finite():
        raise GraphQLError("Decimal must be a finite number")
    return str(number)


SCALARS: Mapping[object, ScalarDefinition] = MappingProxyType(
    {
        Date: strawberry.scalar(
            name="Date",
            description="A day, ISO 8601: `2026-01-31`.",
            specified_by_url="https://scalars.graphql.org/andimarek/local-date.html",
            serialize=serialize_text,
            parse_value=_parse_date,
        ),
        DateTime: strawberry.scalar(
            name="DateTime",
            description="An instant, RFC 3339 with offset.",
            specified_by_url="https://scalars.graphql.org/andimarek/date-time.html",
            serialize=serialize_instant,
            parse_value=_parse_instant,
        ),
        DecimalText: strawberry.scalar(
            name="Decimal",
            description="An exact decimal number, as a string.",
            serialize=serialize_text,
            parse_value=_parse_decimal,
        ),
        PhoneNumber: strawberry.scalar(
            name="PhoneNumber",
            description="A telephone number: E.164 when plain, `138****5678` when masked. Without country code it is "
            "read as Chinese.",
            specified_by_url="https://www.itu.int/rec/T-REC-E.164",
            serialize=serialize_text,
            parse_value=_text("PhoneNumber"),
        ),
        EmailAddress: strawberry.scalar(
            name="EmailAddress",
            description="An e-mail address, RFC 5322; `z***@example.com` when masked.",
            specified_by_url="https://www.rfc-editor.org/rfc/rfc5322#section-3.4.1",
            serialize=serialize_text,
            parse_value=_text("EmailAddress"),
        ),
    }
)

BY_VALUE_TYPE: Mapping[ValueType, Any] = MappingProxyType(
    {
        ValueType.TEXT: str,
        ValueType.INTEGER: int,
        ValueType.BOOLEAN: bool,
        ValueType.DECIMAL: DecimalText,
        ValueType.DATE: Date,
        ValueType.DATETIME: DateTime,
        ValueType.PHONE_NUMBER: PhoneNumber,
        ValueType.EMAIL_ADDRESS: EmailAddress,
        ValueType.STAFF: str,
        ValueType.DEPARTMENT: str,
        ValueType.CUSTOMER: strawberry.ID,
        ValueType.REFERENCE: strawberry.ID,
    }
)
"""The input type of each value type; choices have enums of their own."""

_BUILT_IN = MappingProxyType({str: "String", int: "Int", bool: "Boolean", strawberry.ID: "ID"})


def scalar_name(scalar: Any) -> str:
    """How the SDL spells one of `BY_VALUE_TYPE`."""
    return _BUILT_IN.get(scalar) or SCALARS[scalar].name
