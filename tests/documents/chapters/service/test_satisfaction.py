"""Satisfaction, measured (G3)."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.chapters.service.satisfaction import checked_score, satisfaction
from documents.errors import RuleBrokenError

scores = st.lists(st.integers(1, 5), max_size=50)


@given(scores, st.integers(0, 50))
def test_averages_and_shares_are_those_of_the_answers(given_scores: list[int], silent: int) -> None:
    """To the last place, in any order."""
    asked = len(given_scores) + silent
    found = satisfaction(asked, given_scores)
    assert found == satisfaction(asked, sorted(given_scores))
    assert (found.asked, found.answered) == (asked, len(given_scores))
    if not given_scores:
        assert (found.average, found.share_satisfied) == (None, None)
        assert found.response_rate == (0 if asked else None)
        return
    assert found.average is not None
    assert found.share_satisfied is not None
    assert found.response_rate is not None
    assert abs(Fraction(found.average) - Fraction(sum(given_scores), len(given_scores))) <= Fraction(1, 200)
    satisfied = len([score for score in given_scores if score in (4, 5)])
    assert abs(Fraction(found.share_satisfied) - Fraction(satisfied, len(given_scores))) <= Fraction(1, 20_000)
    assert abs(Fraction(found.response_rate) - Fraction(len(given_scores), asked)) <= Fraction(1, 20_000)


def test_an_example() -> None:
    """Three of four answered, two of them satisfied."""
    found = satisfaction(4, [5, 4, 1])
    assert (found.average, found.share_satisfied) == (Decimal("3.33"), Decimal("0.6667"))
    assert found.response_rate == Decimal("0.75")


@pytest.mark.parametrize("score", [0, 6, -1])
def test_other_scores_are_refused(score: int) -> None:
    """One to five; and nobody answers who was not asked."""
    with pytest.raises(RuleBrokenError) as refused:
        checked_score(score)
    assert refused.value.rule == "satisfaction.out_of_range"
    with pytest.raises(RuleBrokenError):
        satisfaction(9, [score])
    with pytest.raises(RuleBrokenError) as more:
        satisfaction(1, [5, 5])
    assert more.value.rule == "satisfaction.more_answers_than_asked"
