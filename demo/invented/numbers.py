"""Invented numbers that pass the checks of their standards, none of them twice.

They are drawn by chance within the ranges that the standards leave; that one may also have been issued to somebody is
as unavoidable as for any valid number. They must never be dialled, charged or reported to anyone.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from random import Random

from documents.chapters.customers.kinds import Gender

# Mobile prefixes of China Mobile, China Unicom and China Telecom in the national numbering plan.
_MOBILE_PREFIXES = """
134 135 136 137 138 139 147 150 151 152 157 158 159 172 178 182 183 184 187 188 195 197 198
130 131 132 145 155 156 166 175 176 185 186 196
133 153 173 177 180 181 189 191 193 199
"""
_MOBILE = _MOBILE_PREFIXES.split()
_CARD_ISSUERS = ("622848", "621700", "621785", "622202", "621799", "622262", "622188", "621483")  # ISO/IEC 7812

_RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_CREDIT_VALUES = {character: value for value, character in enumerate(_CREDIT_ALPHABET)}
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_UNIFIED_FROM = date(2015, 10, 1)  # organisation codes given out since begin with MA


def resident_check_character(body: str) -> str:
    """ISO 7064 MOD 11-2 over 17 digits (GB 11643-1999, section 4)."""
    total = sum(int(digit) * weight for digit, weight in zip(body, _RESIDENT_WEIGHTS, strict=True))
    return "10X98765432"[total % 11]


def organisation_check_character(body: str) -> str:
    """MOD 11 over 8 characters, letters counting from A = 10 (GB 11714-1997, section 3)."""
    total = sum(int(character, 36) * weight for character, weight in zip(body, _ORGANISATION_WEIGHTS, strict=True))
    return "0X987654321"[total % 11]


def credit_check_character(body: str) -> str:
    """MOD 31-3 over 17 characters (GB 32100-2015, section 5)."""
    total = sum(_CREDIT_VALUES[character] * weight for character, weight in zip(body, _CREDIT_WEIGHTS, strict=True))
    return _CREDIT_ALPHABET[-total % 31]


def luhn_check_digit(body: str) -> str:
    """ISO/IEC 7812-1, annex B."""
    total = 0
    for position, digit in enumerate(reversed(body)):
        value = int(digit) * (2 - position % 2)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


class Numbers:
    """Draws numbers from `random`; no number comes twice from one object."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._drawn: set[str] = set()

    def _new(self, draw: Callable[[], str]) -> str:
        number = draw()
        while number in self._drawn:
            number = draw()
        self._drawn.add(number)
        return number

    def _digits(self, length: int) -> str:
        return f"{int(self._random.random() * 10**length):0{length}d}"

    def mobile(self) -> str:
        """E.164, of a Chinese mobile network."""
        return self._new(lambda: f"+86{self._random.choice(_MOBILE)}{self._mobile_subscriber()}")

    def _mobile_subscriber(self) -> str:
        # 1349… belongs to a satellite network: a first digit up to 8 is valid under every prefix.
        return f"{int(self._random.random() * 9)}{self._digits(7)}"

    def landline(self) -> str:
        """E.164, with the area code of Xuzhou (0516)."""
        return self._new(lambda: f"+865168{self._digits(7)}")

    def identity_number(self, region_code: str, birth_date: date, gender: Gender) -> str:
        """GB 11643-1999; an odd sequence number is a man's, an even one a woman's."""
        parity = 1 if gender is Gender.MALE else 0

        def draw() -> str:
            sequence = int(self._random.random() * 499) * 2 + 2 - parity
            body = f"{region_code}{birth_date:%Y%m%d}{sequence:03d}"
            return body + resident_check_character(body)

        return self._new(draw)

    def credit_code(self, category: str, region_code: str, established_on: date) -> str:
        """GB 32100-2015. `category` is authority and type of body: 91 enterprise, 11 department …"""

        def draw() -> str:
            if established_on < _UNIFIED_FROM:
                code = self._digits(8)
            else:
                code = "MA" + "".join(self._random.choices(_CREDIT_ALPHABET, k=6))
            body = f"{category}{region_code}{code}{organisation_check_character(code)}"
            return body + credit_check_character(body)

        return self._new(draw)

    def bank_account(self) -> str:
        """19 digits, the last one Luhn's."""

        def draw() -> str:
            body = self._random.choice(_CARD_ISSUERS) + self._digits(12)
            return body + luhn_check_digit(body)

        return self._new(draw)


def tax_number(credit_code: str, *, is_old: bool) -> str:
    """The credit code itself; `is_old`: the 15 characters of region and organisation code that it replaced."""
    return credit_code[2:17] if is_old else credit_code
