"""The steps of a complaint: in order, none skipped, each by whom and when (S6)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.chapters.service.complaint_steps import STAGES, ComplaintStage, ComplaintStep, next_stage, with_step
from documents.errors import StepError
from tests.documents.strategies import at, instants

NOW = at("2026-11-24T09:00")
attempts = st.lists(
    st.builds(ComplaintStep, st.sampled_from(ComplaintStage), st.sampled_from(["li", ""]), instants, st.just("done")),
    max_size=12,
)


def step(stage: ComplaintStage, minutes: int = 0, by: str = "li", note: str = "done") -> ComplaintStep:
    return ComplaintStep(stage, by, NOW + timedelta(minutes=minutes), note)


@given(attempts)
def test_whatever_is_tried_the_steps_are_in_order(steps: list[ComplaintStep]) -> None:
    """What is kept is always a beginning of the four stages, by somebody, in the order of time."""
    kept: tuple[ComplaintStep, ...] = ()
    for attempt in steps:
        before = kept
        try:
            kept = with_step(kept, attempt)
        except StepError:
            assert kept == before
    assert tuple(one.stage for one in kept) == STAGES[: len(kept)]
    assert all(one.by for one in kept)
    assert [one.at for one in kept] == sorted(one.at for one in kept)


def test_all_four_lead_to_the_end() -> None:
    """Each is next exactly once; after the last nothing is."""
    steps: tuple[ComplaintStep, ...] = ()
    for number, stage in enumerate(STAGES):
        assert next_stage(steps) is stage
        steps = with_step(steps, step(stage, number))
    assert next_stage(steps) is None
    with pytest.raises(StepError) as refused:
        with_step(steps, step(ComplaintStage.ANSWERED, 9))
    assert refused.value.rule == "step.finished"


@pytest.mark.parametrize("done", range(4))
@pytest.mark.parametrize("stage", ComplaintStage)
def test_only_the_next_stage_is_taken(done: int, stage: ComplaintStage) -> None:
    """Every other is skipped or repeated."""
    steps = tuple(step(one) for one in STAGES[:done])
    if stage is STAGES[done]:
        assert with_step(steps, step(stage))[-1].stage is stage
        return
    with pytest.raises(StepError) as refused:
        with_step(steps, step(stage))
    assert refused.value.rule == "step.not_next"


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        (step(ComplaintStage.INVESTIGATED, by=" "), "step.by_missing"),
        (step(ComplaintStage.INVESTIGATED, note="\n"), "step.note_missing"),
        (step(ComplaintStage.INVESTIGATED, minutes=-1), "step.before_previous"),
    ],
)
def test_a_step_says_who_what_and_when(wrong: ComplaintStep, rule: str) -> None:
    """Or it is none."""
    with pytest.raises(StepError) as refused:
        with_step((step(ComplaintStage.ACCEPTED),), wrong)
    assert refused.value.rule == rule
