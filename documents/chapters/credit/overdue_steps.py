"""Collection of what is overdue: telephone → letter → visit, each in its time, until paid (K7).

Never skips a step and never repeats one, however late it begins; payment in full ends it, payment in part does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from documents.declaring.labels import Labelled
from documents.errors import StepError
from documents.reckoning.money import Money


class CollectionStage(Labelled):
    TELEPHONE = "telephone", "Telephone", "电话催收"
    LETTER = "letter", "Letter", "信函催收"
    VISIT = "visit", "Visit", "上门催收"


STAGES = tuple(CollectionStage)


@dataclass(frozen=True, slots=True)
class OverdueSchedule:
    """From how many days overdue each stage is due, and the days that lie between two at least.

    Raises ValueError unless the days rise from 1 on.
    """

    telephone: int = 3
    letter: int = 15
    visit: int = 30
    days_between: int = 3

    def __post_init__(self) -> None:
        if any(a >= b for a, b in pairwise((0, self.telephone, self.letter, self.visit))) or self.days_between < 1:
            raise ValueError("each stage is due later than the one before, and the first after the due date")

    def days(self, stage: CollectionStage) -> int:
        return {
            CollectionStage.TELEPHONE: self.telephone,
            CollectionStage.LETTER: self.letter,
            CollectionStage.VISIT: self.visit,
        }[stage]


@dataclass(frozen=True, slots=True)
class OverdueStep:
    """`by` is the account that did it, `result` what came of it."""

    stage: CollectionStage
    by: str
    on: date
    result: str


def next_stage(steps: Sequence[OverdueStep]) -> CollectionStage | None:
    """The stage after those done; None after the last."""
    return STAGES[len(steps)] if len(steps) < len(STAGES) else None


def next_due_on(schedule: OverdueSchedule, due_on: date, balance: Money, steps: Sequence[OverdueStep]) -> date | None:
    """The day from which the next stage is due; None if there is none or nothing is open. To be kept and listed by."""
    stage = next_stage(steps)
    if stage is None or balance.amount <= 0:
        return None
    day = due_on + timedelta(days=schedule.days(stage))
    return max(day, steps[-1].on + timedelta(days=schedule.days_between)) if steps else day


def stage_due(
    schedule: OverdueSchedule, due_on: date, balance: Money, steps: Sequence[OverdueStep], on: date
) -> CollectionStage | None:
    """The stage that is to be done on this day, if one is."""
    day = next_due_on(schedule, due_on, balance, steps)
    return next_stage(steps) if day is not None and day <= on else None


def with_step(
    schedule: OverdueSchedule, due_on: date, balance: Money, steps: Sequence[OverdueStep], step: OverdueStep
) -> tuple[OverdueStep, ...]:
    """The steps with one more. Raises StepError:

    `collection.paid` when nothing is open, `step.finished` after the visit, `step.not_next` for any stage but the next,
    `step.too_early` before its day, `step.by_missing` and `step.result_missing` for a step without them.
    """
    if balance.amount <= 0:
        raise StepError("collection.paid")
    expected = next_stage(steps)
    if expected is None:
        raise StepError("step.finished")
    if step.stage is not expected:
        raise StepError("step.not_next")
    if stage_due(schedule, due_on, balance, steps, step.on) is None:
        raise StepError("step.too_early")
    if not step.by.strip():
        raise StepError("step.by_missing")
    if not step.result.strip():
        raise StepError("step.result_missing")
    return (*steps, step)
