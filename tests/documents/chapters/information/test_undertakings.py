"""Undertakings: no valid one, no access (I4)."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from documents.chapters.information.undertakings import Undertaking, access_ends_at
from documents.reckoning.validity import Validity
from tests.documents.strategies import at, instants_between, validities

november = instants_between("2026-10-25", "2026-12-05")
undertakings = st.lists(st.builds(Undertaking, st.sampled_from(["li", "wang"]), validities()), max_size=6)
INSTANT = timedelta(microseconds=1)


def is_bound(given_ones: list[Undertaking], when: datetime) -> bool:
    """Whether an undertaking of `li` is in force, as it stands."""
    return any(one.account == "li" and one.validity.is_in_force(when) for one in given_ones)


@given(undertakings, november)
def test_access_lasts_until_its_end_and_not_longer(given_ones: list[Undertaking], when: datetime) -> None:
    """`access_ends_at` is the first instant without an undertaking."""
    ends = access_ends_at("li", given_ones, when)
    assert is_bound(given_ones, when) == (ends is None or ends > when)
    if ends is None:
        assert is_bound(given_ones, at("2030-01-01"))
        return
    assert not is_bound(given_ones, ends)
    moments = [one.validity.ends_at for one in given_ones if one.validity.ends_at is not None]
    between = [moment for moment in moments if when <= moment < ends]
    assert all(is_bound(given_ones, moment) for moment in between)


@given(undertakings, november)
def test_nobody_is_bound_by_the_promise_of_another(given_ones: list[Undertaking], when: datetime) -> None:
    """Nor by a name that looks like theirs."""
    others = [one for one in given_ones if one.account != "li"]
    assert access_ends_at("li", others, when) == when
    assert access_ends_at("Li", given_ones, when) == when


def test_a_promise_that_follows_without_a_gap_prolongs() -> None:
    """One with a gap of an instant does not."""
    begin, middle, end = at("2026-11-01"), at("2026-11-10"), at("2026-11-20")
    first = Undertaking("li", Validity(begin, middle))
    assert access_ends_at("li", [Undertaking("li", Validity(middle, end)), first], begin) == end
    assert access_ends_at("li", [Undertaking("li", Validity(middle + INSTANT, end)), first], begin) == middle
    assert access_ends_at("li", [Undertaking("li", Validity(middle)), first], begin) is None
