"""Invented enterprises (企业客户) and institutions (机构客户), whose figures agree with their size."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any

from demo.chapters.relationship import AS_OF, draw_relationship
from demo.invented.chance import Weighted, day_between, log_uniform, money, sometimes
from demo.invented.industries import draw_business_scope, draw_industry
from demo.invented.names import draw_adult_name, draw_name, given_pinyin
from demo.invented.numbers import Numbers, tax_number
from demo.invented.organisations import (
    draw_enterprise_name,
    draw_institution_model,
    draw_institution_name,
    draw_trade_name,
)
from demo.invented.places import District, draw_birth_place_code, draw_business_address, draw_district, with_postal_code
from documents.chapters.customers.kinds import EnterpriseSize, Gender, LegalForm

_CREDIT_ENTERPRISE = "91"
_FORMS = Weighted(((LegalForm.LEGAL_PERSON, 84), (LegalForm.SOLE_PROPRIETORSHIP, 10), (LegalForm.PARTNERSHIP, 6)))
_SIZES = Weighted(((EnterpriseSize.SMALL, 78), (EnterpriseSize.MEDIUM, 18), (EnterpriseSize.LARGE, 4)))
_LICENCE_YEARS = (20, 30, 50)


@dataclass(frozen=True, slots=True)
class _Scale:
    """Ranges for one size: people, yuan of revenue a year and head, yuan of registered capital."""

    people: tuple[float, float]
    revenue: tuple[float, float]
    capital: tuple[float, float]


_SCALES = {
    EnterpriseSize.SMALL: _Scale((3, 180), (180_000, 1_100_000), (100_000, 10_000_000)),
    EnterpriseSize.MEDIUM: _Scale((180, 900), (350_000, 1_600_000), (5_000_000, 80_000_000)),
    EnterpriseSize.LARGE: _Scale((1000, 9000), (600_000, 2_400_000), (50_000_000, 1_500_000_000)),
}


def draw_enterprise(random: Random, numbers: Numbers) -> dict[str, Any]:
    """Values by declared field name; None is a gap."""
    district, industry, trade_name = draw_district(random), draw_industry(random), draw_trade_name(random)
    form = _FORMS.draw(random)
    size = _SIZES.draw(random) if form is LegalForm.LEGAL_PERSON else EnterpriseSize.SMALL
    established_on = day_between(random, date(1994, 7, 1), date(2025, 9, 30))
    return {
        "name": draw_enterprise_name(random, trade_name, industry, district, legal_form=form, size=size),
        **_organisation(
            random,
            numbers,
            district=district,
            category=_CREDIT_ENTERPRISE,
            established_on=established_on,
            site=given_pinyin(trade_name),
        ),
        "legal_form": sometimes(random, 0.96, form.value),
        "size": sometimes(random, 0.92, size.value),
        "industry": sometimes(random, 0.94, industry.name),
        "business_scope": sometimes(random, 0.88, draw_business_scope(random, industry)),
        "licence_expires_on": sometimes(random, 0.7, _licence_end(random, established_on)),
        **_legal_representative(random, numbers, district),
        **_figures(random, size),
    }


def draw_institution(random: Random, numbers: Numbers) -> dict[str, Any]:
    """Values by declared field name; None is a gap."""
    district, model = draw_district(random), draw_institution_model(random)
    name, superior_body = draw_institution_name(random, model, district)
    established_on = day_between(random, date(1956, 1, 1), date(2023, 12, 31))
    staff = round(log_uniform(random, *model.staff))
    budget = staff * log_uniform(random, *model.budget)
    site = given_pinyin(name.removeprefix(district.full_name)[:2])
    return {
        "name": name,
        **_organisation(
            random, numbers, district=district, category=model.category, established_on=established_on, site=site
        ),
        "institution_type": sometimes(random, 0.97, model.institution_type.value),
        "superior_body": sometimes(random, 0.88, superior_body),
        "person_in_charge": sometimes(random, 0.93, draw_adult_name(random).text),
        "person_in_charge_telephone": sometimes(random, 0.82, numbers.mobile()),
        "funding_source": sometimes(random, 0.86, model.funding.value),
        "annual_budget": sometimes(random, 0.72, money(budget, step=1000)),
        "staff_count": sometimes(random, 0.85, staff),
        "service_scope": sometimes(random, 0.85, f"{model.service_scope}。"),
    }


def _organisation(
    random: Random, numbers: Numbers, *, district: District, category: str, established_on: date, site: str
) -> dict[str, Any]:
    """What both kinds have. `site` is the word in the domain of mail and website, under example.com (RFC 2606)."""
    address = draw_business_address(random, district)
    credit_code = numbers.credit_code(category, district.code, established_on)
    domain = f"{site}{int(random.random() * 1000):03d}.example.com"
    mailbox = random.choice(("office", "contact", "info", "bangongshi"))
    telephone = numbers.landline() if random.random() < 0.7 else numbers.mobile()
    others = [numbers.landline() for _ in range(1 + int(random.random() * 2))]
    accounts = [numbers.bank_account() for _ in range(1 + int(random.random() ** 2 * 3))]
    tax_registration = tax_number(credit_code, is_old=random.random() < 0.08)
    return {
        **draw_relationship(random, established_on),
        "region": sometimes(random, 0.97, district.name),
        "telephone": sometimes(random, 0.985, telephone),
        "other_telephones": sometimes(random, 0.4, others),
        "email": sometimes(random, 0.76, f"{mailbox}@{domain}"),
        "address": sometimes(random, 0.96, address),
        "postal_address": sometimes(random, 0.8, with_postal_code(district, address)),
        "bank_accounts": sometimes(random, 0.84, accounts),
        "unified_social_credit_code": sometimes(random, 0.985, credit_code),
        "tax_registration_number": sometimes(random, 0.86, tax_registration),
        "established_on": sometimes(random, 0.92, established_on),
        "website": sometimes(random, 0.45, f"https://www.{domain}"),
        **_contact_person(random, numbers),
    }


def _contact_person(random: Random, numbers: Numbers) -> dict[str, Any]:
    if random.random() >= 0.92:
        return {}
    name = draw_adult_name(random).text
    return {"contact_person": name, "contact_telephone": sometimes(random, 0.92, numbers.mobile())}


def _legal_representative(random: Random, numbers: Numbers, district: District) -> dict[str, Any]:
    """The number is a grown-up's; name and number are known separately, as licences show the name alone."""
    gender = Gender.MALE if random.random() < 0.72 else Gender.FEMALE
    birth_date = day_between(random, date(1955, 1, 1), date(1999, 12, 31))
    id_number = numbers.identity_number(draw_birth_place_code(random, district), birth_date, gender)
    name = draw_name(random, gender, birth_date.year).text
    return {
        "legal_representative": sometimes(random, 0.95, name),
        "legal_representative_id_number": sometimes(random, 0.74, id_number),
    }


def _licence_end(random: Random, established_on: date) -> date:
    """The end of the term; one that is over has been renewed, except for the few who are late."""
    years = random.choice(_LICENCE_YEARS)
    end_year = established_on.year + years
    if end_year < AS_OF.year and random.random() < 0.9:
        end_year += random.choice(_LICENCE_YEARS)
    return date(end_year, established_on.month, min(established_on.day, 28))


def _figures(random: Random, size: EnterpriseSize) -> dict[str, Any]:
    scale = _SCALES[size]
    people = round(log_uniform(random, *scale.people))
    revenue = people * log_uniform(random, *scale.revenue)
    return {
        "registered_capital": sometimes(random, 0.9, money(log_uniform(random, *scale.capital), step=10_000)),
        "annual_revenue": sometimes(random, 0.72, money(revenue, step=1000)),
        "employee_count": sometimes(random, 0.82, people),
    }
