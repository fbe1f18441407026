"""Invented customers of the three kinds, for demonstrations, tests and benchmarks.

ALL DATA ARE INVENTED. Names, addresses and numbers are put together by chance under a fixed seed; whoever finds
somebody in them has met a coincidence. This module never writes anything anywhere: it yields values by declared field
name, and who takes them decides.

The same seed and staff give the same customers, and the first n of a larger count are those of a smaller one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from random import Random
from typing import Any

from demo.invented.chance import Weighted
from demo.invented.individuals import draw_individual
from demo.invented.legal_bodies import draw_enterprise, draw_institution
from demo.invented.numbers import Numbers
from documents.declaring.kind import Kind

DEFAULT_SEED = 20260101

_KINDS = Weighted(((Kind.INDIVIDUAL, 60), (Kind.ENTERPRISE, 30), (Kind.INSTITUTION, 10)))
_DRAWS: dict[Kind, Callable[[Random, Numbers], dict[str, Any]]] = {
    Kind.INDIVIDUAL: draw_individual,
    Kind.ENTERPRISE: draw_enterprise,
    Kind.INSTITUTION: draw_institution,
}


def generate_customers(
    count: int, staff: Sequence[tuple[str, str]], seed: int = DEFAULT_SEED
) -> Iterator[tuple[Kind, dict[str, Any]]]:
    """`count` customers as (kind, values by declared field name).

    Values are wire-ready: dates ISO 8601 text, decimals and choices text, telephones E.164, headcounts int, lists of
    text. A gap is an absent key; managed fields are absent always. `staff` are (username, department code); each owns
    an equal part, so who stands there twice owns twice as much. Identity numbers, credit codes and all telephones are
    unique within one call. Raises ValueError for a negative count or no staff.
    """
    if count < 0:
        raise ValueError("the number of customers cannot be negative")
    if not staff:
        raise ValueError("customers need staff who own them")
    return _generate(count, tuple(staff), Random(seed))  # noqa: S311  the same data each time is what is wanted


def _generate(count: int, staff: Sequence[tuple[str, str]], random: Random) -> Iterator[tuple[Kind, dict[str, Any]]]:
    numbers = Numbers(random)
    for _ in range(count):
        kind = _KINDS.draw(random)
        username, department = random.choice(staff)
        drawn = _DRAWS[kind](random, numbers)
        drawn |= {"account_manager": username, "department": department}
        yield kind, {name: _wire(value) for name, value in drawn.items() if value is not None}


def _wire(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
