"""The steps of a complaint: accepted → investigated → resolved → answered, in this order and none skipped (S6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from documents.declaring.labels import Labelled
from documents.errors import StepError


class ComplaintStage(Labelled):
    ACCEPTED = "accepted", "Acceptance", "受理"
    INVESTIGATED = "investigated", "Investigation", "调查"
    RESOLVED = "resolved", "Resolution", "处理"
    ANSWERED = "answered", "Answer", "反馈"


STAGES = tuple(ComplaintStage)


@dataclass(frozen=True, slots=True)
class ComplaintStep:
    """`by` is the account that did it; `note` says what was done or found."""

    stage: ComplaintStage
    by: str
    at: datetime
    note: str


def next_stage(steps: Sequence[ComplaintStep]) -> ComplaintStage | None:
    """What is to be done next; None when the complaint is answered."""
    return STAGES[len(steps)] if len(steps) < len(STAGES) else None


def with_step(steps: Sequence[ComplaintStep], step: ComplaintStep) -> tuple[ComplaintStep, ...]:
    """The steps with one more. Raises StepError:

    `step.finished` when all were done, `step.not_next` for any stage but the next, `step.by_missing` and
    `step.note_missing` for a step without them, `step.before_previous` for one dated before the last.
    """
    expected = next_stage(steps)
    if expected is None:
        raise StepError("step.finished")
    if step.stage is not expected:
        raise StepError("step.not_next")
    if not step.by.strip():
        raise StepError("step.by_missing")
    if not step.note.strip():
        raise StepError("step.note_missing")
    if steps and step.at < steps[-1].at:
        raise StepError("step.before_previous")
    return (*steps, step)
