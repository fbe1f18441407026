"""The types of field values: how each is validated, normalised for its blind index, and masked.

Validators raise `PydanticCustomError` whose type is a published rule code (`value.resident_id`, …) and whose message
never repeats the value. Stored and served forms are the same: telephone numbers E.164, dates ISO 8601 text, credit
codes and identity numbers in capitals without separators.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError
from stdnum import exceptions as stdnum_exceptions
from stdnum.cn import ric, uscc

from documents.declaring.fields import Mask, ValueType

REGION = "CN"
PROVINCES = frozenset(
    str(code)
    for codes in (
        range(11, 16),
        range(21, 24),
        range(31, 38),
        range(41, 47),
        range(50, 55),
        range(61, 66),
        (71, 81, 82, 83),
    )
    for code in codes
)
"""GB/T 2260 codes of provinces; 81 to 83 are those of residence permits for people of Hong Kong, Macau and Taiwan."""


@dataclass(frozen=True, slots=True)
class TypeMark:
    """Says in a type alias which `ValueType` it is, where the Python type alone does not."""

    value_type: ValueType


def _resident_id(value: str) -> str:
    """GB 11643-1999 citizen identification number: 18 characters, the last an ISO 7064 MOD 11-2 check character.

    The region is checked for its province only: `ric.validate` looks the county up by year of birth and so refuses
    people who are older than their county's code, among them everybody born in Xuzhou before 1983.
    """
    number = ric.compact(value).upper()
    body = number[:-1]
    try:
        if len(number) == 18 and body.isascii() and body.isdigit() and body[:2] in PROVINCES:
            ric.get_birth_date(number)
            if number[-1] == ric.calc_check_digit(number):
                return number
    except stdnum_exceptions.ValidationError:
        pass  # no such day
    raise PydanticCustomError("value.resident_id", "not a valid resident identity number")


def _credit_code(value: str) -> str:
    """GB 32100-2015 unified social credit code, 18 characters with a MOD 31-3 check character."""
    try:
        return str(uscc.validate(value)).upper()
    except stdnum_exceptions.ValidationError as error:
        raise PydanticCustomError("value.credit_code", "not a valid unified social credit code") from error


def _phone_number(value: str) -> str:
    """ITU-T E.164; a number without country code is Chinese."""
    try:
        number = phonenumbers.parse(value, REGION)
    except phonenumbers.NumberParseException as error:
        raise PydanticCustomError("value.phone_number", "not a valid telephone number") from error
    if not phonenumbers.is_valid_number(number):
        raise PydanticCustomError("value.phone_number", "not a valid telephone number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _email_address(value: str) -> str:
    """RFC 5322 addr-spec as email-validator accepts it; the domain is not looked up."""
    try:
        return validate_email(value, check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise PydanticCustomError("value.email_address", "not a valid e-mail address") from error


def _bank_account(value: str) -> str:
    """8 to 32 digits; spaces and hyphens between them are dropped."""
    digits = value.replace(" ", "").replace("-", "")
    if not (digits.isascii() and digits.isdigit() and 8 <= len(digits) <= 32):
        raise PydanticCustomError("value.bank_account", "not a valid bank account number")
    return digits


def _tax_number(value: str) -> str:
    """15, 17, 18 or 20 letters and digits, as the tax authority issues them."""
    text = value.strip().upper()
    if not (text.isascii() and text.isalnum() and len(text) in {15, 17, 18, 20}):
        raise PydanticCustomError("value.tax_number", "not a valid tax registration number")
    return text


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
LongText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
ResidentId = Annotated[str, AfterValidator(_resident_id)]
CreditCode = Annotated[str, AfterValidator(_credit_code)]
BankAccount = Annotated[str, AfterValidator(_bank_account)]
TaxNumber = Annotated[str, AfterValidator(_tax_number)]
PhoneNumber = Annotated[str, AfterValidator(_phone_number), TypeMark(ValueType.PHONE_NUMBER)]
EmailAddress = Annotated[str, AfterValidator(_email_address), TypeMark(ValueType.EMAIL_ADDRESS)]
StaffName = Annotated[str, TypeMark(ValueType.STAFF)]
DepartmentCode = Annotated[str, TypeMark(ValueType.DEPARTMENT)]
CustomerId = Annotated[str, StringConstraints(pattern=r"^[a-z]+_[0-9a-f]{24}$"), TypeMark(ValueType.CUSTOMER)]
"""The public id of a customer."""
RecordId = Annotated[str, StringConstraints(pattern=r"^[a-z_]+_[0-9a-f]{24}$"), TypeMark(ValueType.REFERENCE)]
"""The public id of another record."""


def normalise(value_type: ValueType, value: str) -> str:
    """The form of a value that enters the blind index. Never raises: an odd value matches nothing."""
    if value_type is ValueType.PHONE_NUMBER:
        try:
            return _phone_number(value)
        except PydanticCustomError:
            return value.strip()
    return "".join(unicodedata.normalize("NFKC", value).split()).casefold()


def last_four(value: str) -> str | None:
    """The last four characters of a value by which people ask for it; None when it is shorter than eight."""
    text = "".join(value.split()).casefold()
    return text[-4:] if len(text) >= 8 else None


def _mask_digits(value: str) -> str:
    text = value.removeprefix("+86")
    if len(text) < 8:
        return "*" * len(text)
    return f"{text[:3]}{'*' * (len(text) - 7)}{text[-4:]}"


def _mask_tail(value: str) -> str:
    return "*" * (len(value) - 4) + value[-4:] if len(value) >= 8 else "*" * len(value)


def _mask_name(value: str) -> str:
    return value[:1] + "*" * max(len(value) - 1, 1)


def _mask_email(value: str) -> str:
    local, _, domain = value.rpartition("@")
    return f"{local[:1]}***@{domain}"


MASKS: dict[Mask, Callable[[str], str]] = {
    Mask.DIGITS: _mask_digits,
    Mask.TAIL: _mask_tail,
    Mask.NAME: _mask_name,
    Mask.EMAIL: _mask_email,
}


def mask_value(mask: Mask, value: Any) -> Any:
    """What may be shown of `value`, a text or a list of texts. Anything else is shown as nothing."""
    masker = MASKS[mask]
    if isinstance(value, str):
        return masker(value)
    if isinstance(value, list):
        return [masker(item) for item in value if isinstance(item, str)]
    return None
