"""Validity: from the first instant to before the last (I4, I7)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given

from documents.reckoning.validity import Validity, earliest, latest
from tests.documents.strategies import at, instants_between, validities

november = instants_between("2026-10-25", "2026-12-05")
INSTANT = timedelta(microseconds=1)
SIGNED, EXPIRES = at("2026-11-01T09:00"), at("2026-12-01T00:00")


@given(validities(), november)
def test_it_is_in_force_between_its_beginning_and_its_first_end(validity: Validity, when: datetime) -> None:
    """Expiry and withdrawal each end it."""
    in_force = validity.is_in_force(when)
    assert in_force == (
        when >= validity.begins_at
        and not (validity.expires_at is not None and when >= validity.expires_at)
        and not (validity.withdrawn_at is not None and when >= validity.withdrawn_at)
    )
    if in_force and validity.ends_at is not None:
        assert validity.is_in_force(validity.ends_at - INSTANT)
        assert not validity.is_in_force(validity.ends_at)


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        (SIGNED - INSTANT, False),
        (SIGNED, True),
        (EXPIRES - INSTANT, True),
        (EXPIRES, False),
    ],
)
def test_the_instants_at_its_ends(when: datetime, expected: bool) -> None:
    """The first belongs to it, the last does not."""
    assert Validity(SIGNED, EXPIRES).is_in_force(when) is expected


@given(validities(), november, november)
def test_a_withdrawal_only_shortens(validity: Validity, withdrawn: datetime, when: datetime) -> None:
    """Nothing comes into force by being withdrawn."""
    shorter = Validity(validity.begins_at, validity.expires_at, earliest((withdrawn, validity.withdrawn_at)))
    assert not shorter.is_in_force(when) or (validity.is_in_force(when) and when < withdrawn)


def test_never_is_later_than_every_instant() -> None:
    """And so is no earliest one, and the latest of all."""
    assert earliest((None, EXPIRES, SIGNED)) == SIGNED
    assert earliest((None,)) is None
    assert latest((SIGNED, None)) is None
    assert latest((SIGNED, EXPIRES)) == EXPIRES
