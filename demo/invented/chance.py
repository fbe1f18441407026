"""Shapes of chance, drawn from a seeded generator. Never for anything that must be secret."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import accumulate
from random import Random
from typing import Generic, TypeVar

T = TypeVar("T")


class Weighted(Generic[T]):
    """Alternatives with weights; the weights need not add up to anything."""

    __slots__ = ("_alternatives", "_cumulative")

    def __init__(self, pairs: Iterable[tuple[T, float]]) -> None:
        alternatives, weights = zip(*pairs, strict=True)
        self._alternatives: Sequence[T] = alternatives
        self._cumulative = list(accumulate(weights))

    def draw(self, random: Random) -> T:
        return random.choices(self._alternatives, cum_weights=self._cumulative)[0]


def sometimes(random: Random, share: float, value: T) -> T | None:
    """`value` in `share` of the cases (0 to 1), else the gap that real records have."""
    return value if random.random() < share else None


def pair(random: Random, firsts: str, seconds: str) -> str:
    """Two different characters, one of each text: the way most names are made."""
    first, second = random.choice(firsts), random.choice(seconds)
    while second == first:
        second = random.choice(seconds)
    return first + second


def log_uniform(random: Random, low: float, high: float) -> float:
    """Between `low` and `high`, as sums of money are spread: as often between 1 and 10 as between 10 and 100."""
    return math.exp(random.uniform(math.log(low), math.log(high)))


def day_between(random: Random, first: date, last: date) -> date:
    """Any day from `first` to `last`, both included; `first` where that is the later one."""
    span = last.toordinal() - first.toordinal()
    return date.fromordinal(first.toordinal() + int(random.random() * (max(span, 0) + 1)))


def money(value: float, step: int = 1) -> str:
    """Yuan with two decimals, as text, rounded to multiples of `step` yuan."""
    return f"{round(value / step) * step}.00"
