"""Invented individuals (个人客户), with the gaps of real records. Birth date, gender and identity number agree."""

from __future__ import annotations

from datetime import date
from random import Random
from typing import Any

from demo.chapters.relationship import AS_OF, draw_relationship
from demo.invented.chance import Weighted, day_between, log_uniform, money, sometimes
from demo.invented.industries import draw_industry
from demo.invented.names import PersonName, draw_adult_name, draw_name
from demo.invented.numbers import Numbers
from demo.invented.occupations import Occupation, draw_education, draw_marital_status, draw_occupation
from demo.invented.organisations import employer_name
from demo.invented.places import District, draw_birth_place_code, draw_district, draw_home_address, with_postal_code
from documents.chapters.customers.kinds import Gender

_OLDEST, _USUAL, _YOUNGEST = 1938, 1984, 2007
_MAIL_DOMAINS = Weighted((("example.com", 6), ("example.net", 3), ("example.org", 1)))  # RFC 2606: nobody's


def draw_individual(random: Random, numbers: Numbers) -> dict[str, Any]:
    """Values by declared field name; None is a gap."""
    birth_date = _birth_date(random)
    age = _age_on(AS_OF, birth_date)
    gender = Gender.FEMALE if random.random() < 0.47 else Gender.MALE
    name = draw_name(random, gender, birth_date.year)
    return {
        "name": name.text,
        **draw_relationship(random, _coming_of_age(birth_date)),
        **_contact(random, numbers, name, birth_date),
        **_person(random, numbers, birth_date, gender),
        **_situation(random, age),
        **_emergency(random, numbers, name),
        "bank_accounts": sometimes(random, 0.78, _accounts(random, numbers)),
    }


def _birth_date(random: Random) -> date:
    year = int(random.triangular(_OLDEST, _YOUNGEST + 1, _USUAL))
    return day_between(random, date(year, 1, 1), date(year, 12, 31))


def _age_on(day: date, birth_date: date) -> int:
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


def _coming_of_age(birth_date: date) -> date:
    """The first day of the month in which somebody is surely eighteen."""
    year, month = divmod(birth_date.year * 12 + birth_date.month + 18 * 12, 12)
    return date(year, month + 1, 1)


def _contact(random: Random, numbers: Numbers, name: PersonName, birth_date: date) -> dict[str, Any]:
    district = draw_district(random)
    address = draw_home_address(random, district)
    other = [numbers.landline() if random.random() < 0.4 else numbers.mobile()]
    mailbox = f"{name.pinyin}{birth_date:%y}{int(random.random() * 1000):03d}@{_MAIL_DOMAINS.draw(random)}"
    return {
        "region": sometimes(random, 0.95, district.name),
        "telephone": sometimes(random, 0.985, numbers.mobile()),
        "other_telephones": sometimes(random, 0.25, other),
        "email": sometimes(random, 0.7, mailbox),
        "address": sometimes(random, 0.9, address),
        "postal_address": sometimes(random, 0.7, _postal_address(random, district, address)),
    }


def _postal_address(random: Random, district: District, address: str) -> str:
    """Mostly the home, sometimes elsewhere in the same district."""
    elsewhere = random.random() < 0.15
    return with_postal_code(district, draw_home_address(random, district) if elsewhere else address)


def _person(random: Random, numbers: Numbers, birth_date: date, gender: Gender) -> dict[str, Any]:
    birth_place = draw_birth_place_code(random, draw_district(random))
    return {
        "id_number": sometimes(random, 0.975, numbers.identity_number(birth_place, birth_date, gender)),
        "birth_date": sometimes(random, 0.95, birth_date),
        "gender": sometimes(random, 0.97, gender.value),
        "nationality": sometimes(random, 0.88, "中国"),
    }


def _situation(random: Random, age: int) -> dict[str, Any]:
    occupation = draw_occupation(random, age)
    return {
        "marital_status": sometimes(random, 0.8, draw_marital_status(random, age).value),
        "education": sometimes(random, 0.78, draw_education(random, occupation, age).value),
        "occupation": sometimes(random, 0.88, occupation.name),
        "employer": sometimes(random, 0.88, _employer(random, occupation)),
        "annual_income": sometimes(random, 0.74, _income(random, occupation)),
    }


def _employer(random: Random, occupation: Occupation) -> str | None:
    return employer_name(random, draw_industry(random), draw_district(random)) if occupation.employed else None


def _income(random: Random, occupation: Occupation) -> str:
    return money(log_uniform(random, occupation.income * 0.6, occupation.income * 1.7), step=100)


def _emergency(random: Random, numbers: Numbers, name: PersonName) -> dict[str, Any]:
    """A relative, as often as not of the same surname; a number without a name is of no use, so both or none."""
    if random.random() >= 0.72:
        return {}
    relative = draw_adult_name(random, (name.surname, name.surname_pinyin) if random.random() < 0.5 else None)
    return {"emergency_contact": relative.text, "emergency_telephone": numbers.mobile()}


def _accounts(random: Random, numbers: Numbers) -> list[str]:
    return [numbers.bank_account() for _ in range(1 + int(random.random() ** 3 * 3))]
