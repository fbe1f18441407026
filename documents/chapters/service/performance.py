"""Performance of service staff, from the records of a period themselves (S4).

Owns the reduction: sums per person that can be merged in any order, and the indicators made of them. The aggregation
pipelines compute the same in the database; these functions say what is right.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal

from documents.chapters.service.satisfaction import share
from documents.reckoning.money import EXACT, to_cents


@dataclass(frozen=True, slots=True)
class TicketResult:
    """One ticket of `person`: working minutes to reply and resolution, whether within the standard; None is not yet.

    `score` is the customer's satisfaction, 1 to 5.
    """

    person: str
    reply_minutes: int | None = None
    is_reply_within: bool | None = None
    resolution_minutes: int | None = None
    is_resolution_within: bool | None = None
    score: int | None = None


@dataclass(frozen=True, slots=True)
class PerformanceSums:
    """Counts and sums; adding them is merging periods, teams or shards."""

    tickets: int = 0
    replies: int = 0
    reply_minutes: int = 0
    resolutions: int = 0
    resolution_minutes: int = 0
    judged: int = 0
    within: int = 0
    scores: int = 0
    score_sum: int = 0

    def __add__(self, other: PerformanceSums) -> PerformanceSums:
        return PerformanceSums(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))


@dataclass(frozen=True, slots=True)
class Indicators:
    """Averages in working minutes and points with two places, the share with four; None where nothing was measured."""

    tickets: int
    average_reply_minutes: Decimal | None
    average_resolution_minutes: Decimal | None
    share_within_standard: Decimal | None
    average_satisfaction: Decimal | None


def sums(results: Iterable[TicketResult]) -> Mapping[str, PerformanceSums]:
    """By person."""
    found: dict[str, PerformanceSums] = {}
    for result in results:
        found[result.person] = found.get(result.person, PerformanceSums()) + _sums(result)
    return found


def indicators(total: PerformanceSums) -> Indicators:
    """Of one person, team or period."""
    return Indicators(
        total.tickets,
        average(total.reply_minutes, total.replies),
        average(total.resolution_minutes, total.resolutions),
        share(total.within, total.judged),
        average(total.score_sum, total.scores),
    )


def _sums(result: TicketResult) -> PerformanceSums:
    judged = [within for within in (result.is_reply_within, result.is_resolution_within) if within is not None]
    return PerformanceSums(
        tickets=1,
        replies=int(result.reply_minutes is not None),
        reply_minutes=result.reply_minutes or 0,
        resolutions=int(result.resolution_minutes is not None),
        resolution_minutes=result.resolution_minutes or 0,
        judged=len(judged),
        within=sum(judged),
        scores=int(result.score is not None),
        score_sum=result.score or 0,
    )


def average(total: int, count: int) -> Decimal | None:
    """Of `count` values that add up to `total`, two places; None of nothing."""
    return to_cents(EXACT.divide(Decimal(total), Decimal(count))) if count else None
