"""Sharing: consented fields, under an agreement, while both last (I7)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from documents.chapters.information.sharing import Agreement, Consent, next_change, shared_fields
from documents.reckoning.validity import Validity
from tests.documents.strategies import at, instants_between, validities

november = instants_between("2026-10-25", "2026-12-05")
INSTANT = timedelta(microseconds=1)
field_sets = st.frozensets(st.sampled_from(["name", "telephone", "email"]))
partners = st.sampled_from(["bank", "insurer"])
consents = st.lists(st.builds(Consent, st.sampled_from(["c1", "c2"]), partners, field_sets, validities()), max_size=5)
agreements = st.lists(st.builds(Agreement, partners, validities(), st.none() | field_sets), max_size=4)


@given(consents, agreements, november)
def test_a_field_is_shared_by_consent_and_agreement_and_by_nothing_else(
    given_ones: list[Consent], signed: list[Agreement], when: datetime
) -> None:
    """Of this customer and this partner, both in force, both naming the field."""
    expected = {
        field
        for consent in given_ones
        for agreement in signed
        for field in consent.fields
        if (consent.customer_id, consent.partner, agreement.partner) == ("c1", "bank", "bank")
        and consent.validity.is_in_force(when)
        and agreement.validity.is_in_force(when)
        and (agreement.fields is None or field in agreement.fields)
    }
    assert set(shared_fields("c1", "bank", given_ones, signed, when)) == expected


@given(consents, agreements, november, st.data())
def test_a_field_is_shared_to_its_end_by_what_is_in_force_now(
    given_ones: list[Consent], signed: list[Agreement], when: datetime, data: st.DataObject
) -> None:
    """Until then it is, from then on it is not, unless something begins in between."""
    shared = shared_fields("c1", "bank", given_ones, signed, when)
    now_given = [one for one in given_ones if one.validity.is_in_force(when)]
    now_signed = [one for one in signed if one.validity.is_in_force(when)]
    for field, ends in shared.items():
        if ends is None:
            assert field in shared_fields("c1", "bank", now_given, now_signed, at("2040-01-01"))
            continue
        assert field in shared_fields("c1", "bank", now_given, now_signed, ends - INSTANT)
        assert field not in shared_fields("c1", "bank", now_given, now_signed, ends)


@given(consents, agreements, november, november)
def test_what_is_shared_changes_at_no_other_instant(
    given_ones: list[Consent], signed: list[Agreement], one: datetime, other: datetime
) -> None:
    """Between two changes it stays as it is."""
    earlier, later = sorted((one, other))
    change = next_change(given_ones, signed, earlier)
    if change is not None:
        assert change > earlier
        later = min(later, change - INSTANT)
    before = shared_fields("c1", "bank", given_ones, signed, earlier)
    assert shared_fields("c1", "bank", given_ones, signed, later) == before


@given(consents, agreements, november)
def test_withdrawing_everything_shares_nothing(
    given_ones: list[Consent], signed: list[Agreement], when: datetime
) -> None:
    """On either side, from that instant on."""
    withdrawn = [replace(one, validity=replace(one.validity, withdrawn_at=when)) for one in given_ones]
    ended = [replace(one, validity=replace(one.validity, withdrawn_at=when)) for one in signed]
    assert not shared_fields("c1", "bank", withdrawn, signed, when)
    assert not shared_fields("c1", "bank", given_ones, ended, when)


def test_the_first_of_both_ends_it() -> None:
    """Consent until the 20th, agreement until the 10th, and the other way round."""
    begin, tenth, twentieth = at("2026-11-01"), at("2026-11-10"), at("2026-11-20")
    for consented, agreed in ((tenth, twentieth), (twentieth, tenth)):
        consent = Consent("c1", "bank", frozenset({"name"}), Validity(begin, consented))
        agreement = Agreement("bank", Validity(begin, agreed))
        assert shared_fields("c1", "bank", [consent], [agreement], begin) == {"name": tenth}


def test_an_agreement_may_be_for_some_fields_only() -> None:
    """What it does not name stays with us, whatever the customer consented to."""
    begin = at("2026-11-01")
    consent = Consent("c1", "bank", frozenset({"name", "telephone"}), Validity(begin))
    narrow = Agreement("bank", Validity(begin), frozenset({"name", "email"}))
    assert shared_fields("c1", "bank", [consent], [narrow], begin) == {"name": None}
    anything = Agreement("bank", Validity(begin))
    assert shared_fields("c1", "bank", [consent], [anything], begin) == {"name": None, "telephone": None}
