"""The memo gives an answer to its own caller, under its own decisions, and to nobody else."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from types import MappingProxyType

from documents.access.plan import AccessPlan, KindGrants, Purpose, RowScope
from documents.declaring.kind import Kind
from documents.reading.plan_memo import PlanMemo

KINDS = MappingProxyType({Kind.INDIVIDUAL: KindGrants(frozenset(), {})})
PLAN = AccessPlan(RowScope("li.na"), Purpose.SUPERVISION, 1, KINDS, key=("decided", 1))


def asked(memo: PlanMemo, *plans: AccessPlan) -> list[int]:
    """The answers for these plans; a new answer is the next number."""
    numbers = count()
    return [memo.get(plan, "question", lambda: next(numbers)) for plan in plans]


def test_same_caller_under_same_decisions_gets_the_kept_answer() -> None:
    """That is what it is for."""
    assert asked(PlanMemo(), PLAN, replace(PLAN)) == [0, 0]


def test_another_caller_gets_an_answer_of_its_own() -> None:
    """The same roles look at other rows."""
    others = [replace(PLAN, row_scope=RowScope("li.na", department)) for department in ("east", "west")]
    assert asked(PlanMemo(), PLAN, replace(PLAN, row_scope=RowScope("wang.wei")), *others) == [0, 1, 2, 3]


def test_other_decisions_get_an_answer_of_their_own() -> None:
    """Other roles, another purpose or another rule set make another key."""
    assert asked(PlanMemo(), PLAN, replace(PLAN, key=("decided", 2))) == [0, 1]


def test_equal_key_with_other_decisions_is_not_believed() -> None:
    """A rule set that came back under an old number cannot revive what the old one granted."""
    changed = replace(PLAN, kinds=MappingProxyType(dict(KINDS)))
    assert asked(PlanMemo(), PLAN, changed, changed, PLAN) == [0, 1, 1, 2]


def test_plan_without_a_key_is_never_remembered() -> None:
    """Nobody knows what decided it."""
    assert asked(PlanMemo(), replace(PLAN, key=()), replace(PLAN, key=())) == [0, 1]


def test_other_questions_have_other_answers_and_memory_is_bounded() -> None:
    """The oldest answer goes first."""
    memo = PlanMemo(size=2)
    assert [memo.get(PLAN, question, lambda question=question: question) for question in range(3)] == [0, 1, 2]  # type: ignore[misc]
    assert len(memo) == 2
    assert memo.get(PLAN, 2, lambda: -1) == 2
    assert memo.get(PLAN, 0, lambda: -1) == -1
