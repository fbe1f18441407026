"""Stored decimals as text: what `str` gives, in a sixth of the time: a page may have one in every row.

Owns the common form only, a number without an exponent; all others are the driver's to print.
"""

from __future__ import annotations

from typing import Final

from bson import Decimal128

# IEEE 754-2008 decimal128 in binary integer encoding: sign, 14 bits of exponent, 113 bits of coefficient. Where the
# two bits after the sign are both set the number is special or has a coefficient out of range.
_COEFFICIENT_BITS: Final = 113
_COEFFICIENT: Final = (1 << _COEFFICIENT_BITS) - 1
_SPECIAL: Final = 0b11 << 125
_SIGN: Final = 1 << 127
_BIAS: Final = 6176
_PLAIN_PLACES: Final = 6  # with more places `str` may turn to an exponent
_DIGITS: Final = 34


def decimal_text(value: Decimal128) -> str:
    """`str(value)`."""
    bits = int.from_bytes(value.bid, "little")
    places = _BIAS - (bits >> _COEFFICIENT_BITS & 0x3FFF)
    if bits & _SPECIAL == _SPECIAL or not 0 <= places <= _PLAIN_PLACES:
        return str(value)
    digits = str(bits & _COEFFICIENT)
    if len(digits) > _DIGITS:
        return str(value)
    if places:
        digits = digits.zfill(places + 1)
        digits = f"{digits[:-places]}.{digits[-places:]}"
    return "-" + digits if bits & _SIGN else digits
