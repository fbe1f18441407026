"""The invented customers are valid, consistent, unique, repeatable and of the proportions that a demo needs."""

from __future__ import annotations

import json
import time
from collections import Counter
from datetime import date
from typing import Annotated, Any

import phonenumbers
import pytest
from pydantic import TypeAdapter
from stdnum import luhn
from stdnum.cn import ric

from demo.accounts import owners
from demo.chapters.relationship import AS_OF
from demo.invented.customers import generate_customers
from demo.invented.numbers import organisation_check_character
from demo.invented.places import DISTRICTS
from documents.declaring.fields import FieldSpec
from documents.declaring.kind import CUSTOMER_KINDS, Kind
from documents.registry import CATALOGUE

Customers = list[tuple[Kind, dict[str, Any]]]
MANY = 20_000
# Shares of filled values that the demo counts on; every other field is filled in 20 to 97 of 100 records.
NEARLY_ALWAYS = {"name", "status", "telephone", "id_number", "unified_social_credit_code"}


@pytest.fixture(scope="module")
def customers() -> Customers:
    return list(generate_customers(MANY, owners()))


@pytest.fixture(scope="module")
def adapters() -> dict[tuple[Kind, str], TypeAdapter[Any]]:
    """A validator per declared field: Beanie's documents cannot be made without a database."""
    hints: dict[tuple[Kind, str], Any] = {
        (kind, name): Annotated[info.annotation, *info.metadata]
        for kind, cls in CATALOGUE.classes.items()
        for name, info in cls.model_fields.items()
        if name in CATALOGUE.fields(kind)
    }
    return {key: TypeAdapter(hint) for key, hint in hints.items()}


def unmanaged(kind: Kind) -> dict[str, FieldSpec]:
    return {name: spec for name, spec in CATALOGUE.fields(kind).items() if not spec.declaration.managed}


def of(customers: Customers, kind: Kind) -> list[dict[str, Any]]:
    return [values for each, values in customers if each is kind]


class TestValidity:
    def test_every_value_passes_the_validation_of_its_declaration_and_is_stored_as_it_stands(
        self, customers: Customers, adapters: dict[tuple[Kind, str], TypeAdapter[Any]]
    ) -> None:
        """Wire-ready means that validating and writing down again changes nothing."""
        for kind, values in customers[:500]:
            for name, value in values.items():
                adapter = adapters[kind, name]
                assert adapter.dump_python(adapter.validate_python(value), mode="json") == value, name

    def test_every_unmanaged_field_is_filled_and_no_other(self, customers: Customers) -> None:
        """A field that is added to a kind must be invented too, or the demo cannot show it."""
        for kind in CUSTOMER_KINDS:
            filled = {name for values in of(customers, kind) for name in values}
            assert filled == set(unmanaged(kind))

    def test_required_fields_have_no_gaps_and_gaps_are_absent_keys(self, customers: Customers) -> None:
        """Absent and None mean the same to a record; the demo writes the shorter one."""
        for kind, values in customers:
            assert None not in values.values()
            assert all(name in values for name, spec in unmanaged(kind).items() if spec.required)

    def test_values_are_json(self, customers: Customers) -> None:
        """Nothing but text, numbers and lists of text."""
        for _, values in customers[:500]:
            assert json.loads(json.dumps(values)) == values

    def test_telephones_are_valid_in_china(self, customers: Customers) -> None:
        """As libphonenumber's numbering plan has them."""
        for _, values in customers[:2000]:
            number = phonenumbers.parse(values.get("telephone", "+8651683456789"))
            assert phonenumbers.is_valid_number_for_region(number, "CN")

    def test_bank_accounts_have_nineteen_digits_with_luhns_check(self, customers: Customers) -> None:
        """ISO/IEC 7812."""
        accounts = [account for _, values in customers for account in values.get("bank_accounts", ())]
        assert len(accounts) > MANY / 2
        assert all(len(account) == 19 and luhn.is_valid(account) for account in accounts)

    def test_credit_codes_name_their_kind_and_district(self, customers: Customers) -> None:
        """GB 32100: category, region and an organisation code whose own check character (GB 11714) agrees."""
        codes = {district.code for district in DISTRICTS}
        categories = {Kind.ENTERPRISE: {"91"}, Kind.INSTITUTION: {"11", "12", "51", "52", "53"}}
        for kind, allowed in categories.items():
            for values in of(customers, kind):
                if code := values.get("unified_social_credit_code"):
                    assert code[:2] in allowed
                    assert code[2:8] in codes
                    assert code[16] == organisation_check_character(code[8:16])

    def test_mail_and_websites_are_under_reserved_domains(self, customers: Customers) -> None:
        """RFC 2606: no message of a demo can reach anybody."""
        for _, values in customers:
            for value in (values.get("email"), values.get("website")):
                assert value is None or value.endswith(("example.com", "example.net", "example.org"))


class TestConsistency:
    def test_identity_number_agrees_with_birth_date_and_gender(self, customers: Customers) -> None:
        """GB 11643: digits 7 to 14, and the parity of the 17th."""
        compared = 0
        for values in of(customers, Kind.INDIVIDUAL):
            if not {"id_number", "birth_date", "gender"} <= values.keys():
                continue
            number = values["id_number"]
            assert ric.get_birth_date(number).isoformat() == values["birth_date"]
            assert ("female", "male")[int(number[16]) % 2] == values["gender"]
            compared += 1
        assert compared > 0.8 * MANY * 0.6

    def test_nobody_is_a_customer_before_coming_of_age_or_being_established(self, customers: Customers) -> None:
        """Nor after the day of the data."""
        compared = 0
        for _, values in customers:
            if since := values.get("customer_since"):
                if birth_date := values.get("birth_date"):
                    assert int(since[:4]) - int(birth_date[:4]) >= 18
                assert values.get("established_on", "") <= since <= AS_OF.isoformat()
                compared += 1
        assert compared > MANY / 2

    def test_ages_are_spread_over_all_generations(self, customers: Customers) -> None:
        """Older people than their county's code among them, who must be valid like all."""
        years = [int(values["birth_date"][:4]) for values in of(customers, Kind.INDIVIDUAL) if "birth_date" in values]
        assert min(years) < 1950
        assert max(years) >= 2005
        assert sum(year < 1983 for year in years) > 0.3 * len(years)

    def test_addresses_are_in_the_region(self, customers: Customers) -> None:
        """Of every district of Xuzhou, and each address in its own."""
        assert {values["region"] for _, values in customers if "region" in values} == {d.name for d in DISTRICTS}
        for _, values in customers:
            if {"region", "address"} <= values.keys():
                assert values["address"].startswith(f"江苏省徐州市{values['region']}")


class TestUniqueness:
    @pytest.mark.parametrize(
        "name",
        sorted({n for kind in CUSTOMER_KINDS for n, s in CATALOGUE.fields(kind).items() if s.declaration.unique}),
    )
    def test_unique_fields_never_repeat(self, customers: Customers, name: str) -> None:
        """Or the second customer would be refused."""
        values = [values[name] for _, values in customers if name in values]
        assert len(values) == len(set(values)) > 0

    def test_telephones_never_repeat(self, customers: Customers) -> None:
        """Over all fields that hold one: a search by telephone finds one customer."""
        fields = ("telephone", "contact_telephone", "emergency_telephone", "person_in_charge_telephone")
        numbers = [values[name] for _, values in customers for name in fields if name in values]
        numbers += [number for _, values in customers for number in values.get("other_telephones", ())]
        assert len(numbers) == len(set(numbers)) > MANY


class TestRepetition:
    def test_same_arguments_give_the_same_customers(self, customers: Customers) -> None:
        """So that two people look at the same demo."""
        assert list(generate_customers(1000, owners())) == customers[:1000]

    def test_another_seed_gives_others(self, customers: Customers) -> None:
        """The seed is what decides."""
        assert list(generate_customers(10, owners(), seed=7)) != customers[:10]

    def test_fewer_customers_are_the_first_of_more(self, customers: Customers) -> None:
        """A larger demo contains the smaller one."""
        for count in (0, 1, 137):
            assert list(generate_customers(count, owners())) == customers[:count]

    def test_impossible_arguments_are_refused_at_once(self) -> None:
        """Before the first customer is asked for."""
        with pytest.raises(ValueError, match="negative"):
            generate_customers(-1, owners())
        with pytest.raises(ValueError, match="staff"):
            generate_customers(1, ())


class TestProportions:
    def test_kinds(self, customers: Customers) -> None:
        """Six, three and one of ten."""
        counts = Counter(kind for kind, _ in customers)
        for kind, share in ((Kind.INDIVIDUAL, 0.6), (Kind.ENTERPRISE, 0.3), (Kind.INSTITUTION, 0.1)):
            assert counts[kind] / MANY == pytest.approx(share, abs=0.02)

    @pytest.mark.parametrize("kind", CUSTOMER_KINDS)
    def test_gaps(self, customers: Customers, kind: Kind) -> None:
        """Identifiers nearly always, everything else with real gaps."""
        rows = of(customers, kind)
        filled = Counter(name for values in rows for name in values)
        for name, spec in unmanaged(kind).items():
            share = filled[name] / len(rows)
            if spec.required or name in NEARLY_ALWAYS:
                assert share > 0.96, name
            else:
                assert 0.2 < share < 0.985, name

    def test_owners(self, customers: Customers) -> None:
        """The demo manager owns about 15 of 100, the service department 20."""
        by_owner = Counter(values["account_manager"] for _, values in customers)
        by_department = Counter(values["department"] for _, values in customers)
        assert by_owner["demo.manager"] / MANY == pytest.approx(0.15, abs=0.01)
        assert by_department["service"] / MANY == pytest.approx(0.20, abs=0.01)

    def test_names_of_persons_are_various(self, customers: Customers) -> None:
        """No name is so frequent that a list looks made up."""
        names = Counter(values["name"] for values in of(customers, Kind.INDIVIDUAL))
        assert len(names) > 0.5 * names.total()
        assert names.most_common(1)[0][1] < 0.01 * names.total()


def test_twenty_thousand_customers_take_seconds() -> None:
    """CPU time, so that neighbours on the machine do not count. Measured at 1.3 s; the demo needs a tenth of them."""
    start = time.process_time()
    assert sum(1 for _ in generate_customers(MANY, owners())) == MANY
    assert time.process_time() - start < 6


def test_dates_are_read_as_dates(customers: Customers) -> None:
    """ISO 8601 calendar dates, not date-times."""
    for _, values in customers[:500]:
        for name in ("birth_date", "customer_since", "established_on", "licence_expires_on"):
            if name in values:
                assert date.fromisoformat(values[name]).isoformat() == values[name]
