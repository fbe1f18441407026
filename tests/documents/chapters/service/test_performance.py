"""Performance, from the records themselves (S4)."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from documents.chapters.service.performance import Indicators, PerformanceSums, TicketResult, indicators, sums

minutes = st.none() | st.integers(0, 10_000)
judged = st.none() | st.booleans()
results = st.lists(
    st.builds(
        TicketResult,
        st.sampled_from(["li", "wang"]),
        minutes,
        judged,
        minutes,
        judged,
        st.none() | st.integers(1, 5),
    ),
    max_size=30,
)


@given(results, st.integers(0, 30))
def test_parts_merge_to_the_whole(rows: list[TicketResult], cut: int) -> None:
    """However the records are split over months or shards, and whatever their order."""
    parts = [sums(rows[:cut]), sums(rows[cut:])]
    merged = {
        person: parts[0].get(person, PerformanceSums()) + parts[1].get(person, PerformanceSums())
        for person in parts[0].keys() | parts[1].keys()
    }
    assert merged == sums(rows) == sums(rows[::-1])


@given(results)
def test_indicators_are_averages_of_what_was_measured(rows: list[TicketResult]) -> None:
    """What is not yet measured counts in the number of tickets only."""
    for person, total in sums(rows).items():
        own = [row for row in rows if row.person == person]
        found = indicators(total)
        assert found.tickets == len(own)
        for value, measured in (
            (found.average_reply_minutes, [row.reply_minutes for row in own]),
            (found.average_resolution_minutes, [row.resolution_minutes for row in own]),
            (found.average_satisfaction, [row.score for row in own]),
            (found.share_within_standard, [w for r in own for w in (r.is_reply_within, r.is_resolution_within)]),
        ):
            known = [int(one) for one in measured if one is not None]
            assert (value is None) == (not known)
            if value is not None:
                assert abs(Fraction(value) - Fraction(sum(known), len(known))) <= Fraction(1, 200)


def test_an_example() -> None:
    """Two tickets, one still open; nothing at all is no indicator and no division by nothing."""
    rows = [TicketResult("li", 10, True, 100, False, 5), TicketResult("li", 15, True)]
    assert indicators(sums(rows)["li"]) == Indicators(
        2, Decimal("12.50"), Decimal("100.00"), Decimal("0.6667"), Decimal("5.00")
    )
    assert indicators(PerformanceSums()) == Indicators(0, None, None, None, None)
    assert sums([]) == {}
