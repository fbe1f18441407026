"""What the record executor counts, so that a silent fall to the slow path shows. Numbers only, never values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class ExecutionMetrics:
    """Counts of records completed since the process started.

    fast_rows       built wholly by a compiled builder
    mixed_rows      plain fields built, the others resolved one by one (a field with arguments or a resolver)
    bailed_rows     a builder met a value it does not take, and graphql-core completed the record instead: should
                    stay near zero, a rising count means that values are stored or served in another type than declared
    unplanned_rows  no builder could be made for the selection (`@defer`, `@stream`, only resolved fields)

    A record inside a built record is not counted; one inside a bailed or mixed record is tried and counted by itself.
    """

    fast_rows: int = 0
    mixed_rows: int = 0
    bailed_rows: int = 0
    unplanned_rows: int = 0
