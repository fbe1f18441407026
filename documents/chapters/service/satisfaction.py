"""Satisfaction after service contacts, measured (G3): scores of 1 to 5, of those who were asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from documents.errors import RuleBrokenError
from documents.reckoning.money import EXACT, to_cents

LOWEST: Final = 1
HIGHEST: Final = 5
SATISFIED_FROM: Final = 4


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """Averages and shares have two and four places, half to even; None where there is nothing to divide by."""

    asked: int
    answered: int
    average: Decimal | None
    share_satisfied: Decimal | None
    response_rate: Decimal | None


def checked_score(score: int) -> int:
    """`score`. Raises RuleBrokenError `satisfaction.out_of_range`."""
    if not LOWEST <= score <= HIGHEST:
        raise RuleBrokenError("satisfaction.out_of_range")
    return score


def satisfaction(asked: int, scores: Iterable[int]) -> Satisfaction:
    """Of `asked` people those with a score answered. Raises RuleBrokenError `satisfaction.out_of_range` for a score,
    `satisfaction.more_answers_than_asked`.
    """
    found = [checked_score(score) for score in scores]
    if len(found) > asked:
        raise RuleBrokenError("satisfaction.more_answers_than_asked")
    satisfied = sum(score >= SATISFIED_FROM for score in found)
    average = to_cents(EXACT.divide(Decimal(sum(found)), Decimal(len(found)))) if found else None
    return Satisfaction(asked, len(found), average, share(satisfied, len(found)), share(len(found), asked))


def share(part: int, whole: int) -> Decimal | None:
    """`part` of `whole` between 0 and 1, four places; None of nothing."""
    if whole == 0:
        return None
    return EXACT.divide(Decimal(part), Decimal(whole)).quantize(Decimal("0.0001"), context=EXACT)
