"""Collection: telephone, letter, visit, in this order and in their time, until paid (K7)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.chapters.credit.overdue_steps import (
    STAGES,
    CollectionStage,
    OverdueSchedule,
    OverdueStep,
    next_due_on,
    next_stage,
    stage_due,
    with_step,
)
from documents.errors import StepError
from documents.reckoning.money import Money

DUE = date(2026, 1, 31)
OPEN = Money(Decimal(100), "CNY")
PAID = Money(Decimal(0), "CNY")
SCHEDULE = OverdueSchedule()
Steps = tuple[OverdueStep, ...]


@st.composite
def schedules(draw: st.DrawFn) -> OverdueSchedule:
    first, second, third = sorted(draw(st.sets(st.integers(1, 200), min_size=3, max_size=3)))
    return OverdueSchedule(first, second, third, draw(st.integers(1, 30)))


def day(overdue: int) -> date:
    return DUE + timedelta(days=overdue)


def step(stage: CollectionStage, overdue: int, by: str = "wang", result: str = "promised") -> OverdueStep:
    return OverdueStep(stage, by, day(overdue), result)


attempts = st.lists(st.builds(step, st.sampled_from(CollectionStage), st.integers(-30, 400)), max_size=20)


@given(schedules(), attempts)
def test_whatever_is_tried_no_step_is_skipped_or_repeated(schedule: OverdueSchedule, tried: list[OverdueStep]) -> None:
    """What is kept is a beginning of the three, each on its day at the earliest and some days after the last."""
    kept: Steps = ()
    for attempt in tried:
        before = kept
        try:
            kept = with_step(schedule, DUE, OPEN, kept, attempt)
        except StepError:
            assert kept == before
    assert tuple(one.stage for one in kept) == STAGES[: len(kept)]
    for one in kept:
        assert (one.on - DUE).days >= schedule.days(one.stage)
    for one, other in pairwise(kept):
        assert (other.on - one.on).days >= schedule.days_between


@given(schedules(), st.lists(st.integers(0, 40), min_size=60, max_size=60))
def test_a_job_that_runs_irregularly_takes_every_step(schedule: OverdueSchedule, pauses: list[int]) -> None:
    """Whenever it runs it does what is due, and in the end all three were done once."""
    kept: Steps = ()
    overdue = 0
    for pause in pauses:
        overdue += pause
        stage = stage_due(schedule, DUE, OPEN, kept, day(overdue))
        if stage is not None:
            kept = with_step(schedule, DUE, OPEN, kept, step(stage, overdue))
            # Running again on the same day does nothing.
            assert stage_due(schedule, DUE, OPEN, kept, day(overdue)) is None
    if overdue > 300:
        assert [one.stage for one in kept] == list(STAGES)
        assert next_stage(kept) is None


@given(schedules(), st.integers(0, 2), st.integers(-30, 400), st.integers(-30, 400))
def test_more_overdue_is_never_an_earlier_step(schedule: OverdueSchedule, done: int, one: int, other: int) -> None:
    """What is due stays due until it is done."""
    steps = tuple(step(stage, schedule.days(stage)) for stage in STAGES[:done])
    earlier, later = sorted((one, other))
    if stage_due(schedule, DUE, OPEN, steps, day(earlier)) is not None:
        assert stage_due(schedule, DUE, OPEN, steps, day(later)) is STAGES[done]


@given(st.integers(0, 3), st.integers(0, 400))
def test_paid_stops_it_and_paid_in_part_does_not(done: int, overdue: int) -> None:
    """Nothing is due any more, and no step is taken; a cent that is open keeps it going."""
    steps = tuple(step(stage, SCHEDULE.days(stage)) for stage in STAGES[:done])
    assert next_due_on(SCHEDULE, DUE, PAID, steps) is None
    assert stage_due(SCHEDULE, DUE, PAID, steps, day(overdue)) is None
    with pytest.raises(StepError) as refused:
        with_step(SCHEDULE, DUE, PAID, steps, step(CollectionStage.TELEPHONE, overdue))
    assert refused.value.rule == "collection.paid"
    cent = Money(Decimal("0.01"), "CNY")
    assert stage_due(SCHEDULE, DUE, cent, steps, day(overdue)) is stage_due(SCHEDULE, DUE, OPEN, steps, day(overdue))


@pytest.mark.parametrize(
    ("overdue", "stage"),
    [(-1, None), (0, None), (2, None), (3, CollectionStage.TELEPHONE), (99, CollectionStage.TELEPHONE)],
)
def test_the_first_step_is_a_call(overdue: int, stage: CollectionStage | None) -> None:
    """Even when it is late enough for a visit."""
    assert stage_due(SCHEDULE, DUE, OPEN, (), day(overdue)) is stage


def test_the_way_to_the_end() -> None:
    """Call, letter and visit on their days, over the end of February; then nothing."""
    steps: Steps = ()
    for stage, due in zip(STAGES, (date(2026, 2, 3), date(2026, 2, 15), date(2026, 3, 2)), strict=True):
        assert next_due_on(SCHEDULE, DUE, OPEN, steps) == due
        steps = with_step(SCHEDULE, DUE, OPEN, steps, OverdueStep(stage, "wang", due, "no answer"))
    assert next_due_on(SCHEDULE, DUE, OPEN, steps) is None
    with pytest.raises(StepError) as refused:
        with_step(SCHEDULE, DUE, OPEN, steps, step(CollectionStage.VISIT, 99))
    assert refused.value.rule == "step.finished"


def test_a_late_call_puts_the_letter_off_by_some_days() -> None:
    """So that the customer can answer; and a cent that is open is called for."""
    cent = Money(Decimal("0.01"), "CNY")
    called = with_step(SCHEDULE, DUE, cent, (), step(CollectionStage.TELEPHONE, 40))
    assert next_due_on(SCHEDULE, DUE, cent, called) == day(43)
    assert stage_due(SCHEDULE, DUE, cent, called, day(42)) is None
    assert stage_due(SCHEDULE, DUE, cent, called, day(43)) is CollectionStage.LETTER


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        (step(CollectionStage.LETTER, 99), "step.not_next"),
        (step(CollectionStage.TELEPHONE, 2), "step.too_early"),
        (step(CollectionStage.TELEPHONE, 3, by=""), "step.by_missing"),
        (step(CollectionStage.TELEPHONE, 3, result=" "), "step.result_missing"),
    ],
)
def test_a_step_that_is_none_is_refused(wrong: OverdueStep, rule: str) -> None:
    """By a published code."""
    with pytest.raises(StepError) as refused:
        with_step(SCHEDULE, DUE, OPEN, (), wrong)
    assert refused.value.rule == rule


@pytest.mark.parametrize("days", [(0, 1, 2), (3, 3, 4), (3, 2, 4), (3, 5, 5)])
def test_schedules_that_do_not_rise_are_refused(days: tuple[int, int, int]) -> None:
    """Nobody writes before having called."""
    with pytest.raises(ValueError, match="later"):
        OverdueSchedule(*days)
