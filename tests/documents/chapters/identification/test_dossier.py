"""The dossier: what it has, lacks, and what has run out (C5, A2)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.chapters.identification.dossier import (
    REQUIREMENTS,
    DossierSection,
    DossierStatus,
    Evidence,
    MissingPart,
    SeenDossier,
    dossier_state,
)
from documents.declaring.kind import CUSTOMER_KINDS, Kind
from documents.registry import CATALOGUE

TODAY = date(2026, 11, 24)
evidence = st.lists(st.builds(Evidence, st.none() | st.dates(date(2026, 11, 20), date(2026, 11, 28))), max_size=3)
kinds = st.sampled_from(CUSTOMER_KINDS)


def all_fields(kind: Kind) -> set[str]:
    return {name for requirement in REQUIREMENTS[kind] for name in requirement.fields}


@pytest.mark.parametrize("kind", CUSTOMER_KINDS)
def test_what_is_required_is_declared(kind: Kind) -> None:
    """Every required field is one of the kind, and every requirement has its own code."""
    assert all_fields(kind) <= set(CATALOGUE.fields(kind))
    assert len({requirement.code for requirement in REQUIREMENTS[kind]}) == len(REQUIREMENTS[kind])


@given(kinds, st.data(), evidence, evidence)
def test_complete_is_what_lacks_nothing(
    kind: Kind, data: st.DataObject, verified: list[Evidence], assessed: list[Evidence]
) -> None:
    """Fields, a verification and an assessment that hold today."""
    present = data.draw(st.sets(st.sampled_from(sorted(all_fields(kind)))))
    state = dossier_state(SeenDossier(kind, present, verified, assessed), TODAY)
    is_informed = all(any(name in present for name in requirement.fields) for requirement in REQUIREMENTS[kind])
    is_there = is_informed and bool(verified) and bool(assessed)
    holds = all(any(one.is_valid(TODAY) for one in found) for found in (verified, assessed))
    assert (state.status is DossierStatus.COMPLETE) == (is_there and holds) == (not state.missing)
    assert (state.status is DossierStatus.INCOMPLETE) == (not is_there)


@given(kinds, st.data(), evidence | st.none(), evidence | st.none())
def test_what_is_hidden_is_unknown_whatever_is_there(
    kind: Kind, data: st.DataObject, verified: list[Evidence] | None, assessed: list[Evidence] | None
) -> None:
    """It is neither missing nor there: the judgement is the same for every value that hidden fields could have."""
    names = st.sets(st.sampled_from(sorted({*all_fields(kind), "licence_expires_on"})))
    present, hidden = data.draw(names), data.draw(names)
    state = dossier_state(SeenDossier(kind, present - hidden, verified, assessed, hidden=hidden), TODAY)
    codes = {part.code for part in state.missing if part.section is DossierSection.INFORMATION}
    for requirement in REQUIREMENTS[kind]:
        is_hidden = not hidden.isdisjoint(requirement.fields)
        is_met = not (present - hidden).isdisjoint(requirement.fields)
        unknown = MissingPart(DossierSection.INFORMATION, requirement.code) in state.unknown
        assert unknown == (is_hidden and not is_met)
        assert (requirement.code in codes) == (not is_hidden and not is_met)
    for section, found in ((DossierSection.VERIFICATION, verified), (DossierSection.ASSESSMENT, assessed)):
        assert (MissingPart(section, "missing") in state.unknown) == (found is None)
    if state.unknown:
        assert state.status in (DossierStatus.UNKNOWN, DossierStatus.INCOMPLETE)


@given(kinds, st.data(), evidence)
def test_more_is_never_less_complete(kind: Kind, data: st.DataObject, verified: list[Evidence]) -> None:
    """A field or a verification more takes parts off the list and adds none."""
    names = st.sets(st.sampled_from(sorted(all_fields(kind))))
    present, more = data.draw(names), data.draw(names)
    before = set(dossier_state(SeenDossier(kind, present, verified, []), TODAY).missing)
    assert set(dossier_state(SeenDossier(kind, present | more, verified, []), TODAY).missing) <= before
    after = set(dossier_state(SeenDossier(kind, present, [*verified, Evidence()], []), TODAY).missing)
    assert after == {part for part in before if part.section is not DossierSection.VERIFICATION}


@given(kinds, st.integers(-3, 3))
def test_evidence_holds_to_its_last_day(kind: Kind, days: int) -> None:
    """The day after, the dossier is EXPIRED, and says which part."""
    until = TODAY + timedelta(days=days)
    state = dossier_state(SeenDossier(kind, all_fields(kind), [Evidence()], [Evidence(until)]), TODAY)
    if days >= 0:
        assert state.status is DossierStatus.COMPLETE
    else:
        assert state.status is DossierStatus.EXPIRED
        assert state.missing == (MissingPart(DossierSection.ASSESSMENT, "expired"),)


def test_a_licence_that_has_expired_is_named() -> None:
    """Not on its last day."""
    have = all_fields(Kind.ENTERPRISE)
    for licence, status in (
        (TODAY, DossierStatus.COMPLETE),
        (TODAY - timedelta(days=1), DossierStatus.EXPIRED),
    ):
        state = dossier_state(SeenDossier(Kind.ENTERPRISE, have, [Evidence()], [Evidence()], licence), TODAY)
        assert state.status is status


def test_nothing_lacks_everything_in_order() -> None:
    """Section by section; one of several ways to reach a customer is enough."""
    state = dossier_state(
        SeenDossier(Kind.INDIVIDUAL, ["name", "id_number", "email"], [], [Evidence(date(2020, 2, 29))]), TODAY
    )
    assert state.status is DossierStatus.INCOMPLETE
    assert state.missing == (
        MissingPart(DossierSection.INFORMATION, "gender"),
        MissingPart(DossierSection.INFORMATION, "birth_date"),
        MissingPart(DossierSection.VERIFICATION, "missing"),
        MissingPart(DossierSection.ASSESSMENT, "expired"),
    )
