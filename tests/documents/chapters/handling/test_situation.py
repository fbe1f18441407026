"""Handling: what changes when grade, risk or arrears change, and why (G5)."""

from __future__ import annotations

from dataclasses import fields, replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.chapters.credit.overdue_steps import CollectionStage
from documents.chapters.credit.rating import Grade
from documents.chapters.handling.situation import Handling, Situation, handling, handling_changes
from documents.chapters.identification.risk import RiskLevel
from documents.chapters.service.standards import Priority
from documents.reckoning.money import Money
from tests.documents.strategies import yuan

situations = st.builds(
    Situation,
    yuan,
    st.integers(1, 36),
    st.none() | st.sampled_from([str(grade) for grade in Grade]),
    st.none() | st.sampled_from(RiskLevel),
    st.none() | st.sampled_from(CollectionStage),
)
GOOD = Situation(Money(Decimal(1000), "CNY"), 12, Grade.GOOD, RiskLevel.LOW)


def shallow(found: Handling) -> dict[str, object]:
    return {one.name: getattr(found, one.name) for one in fields(found)}


@given(situations, situations)
def test_the_changes_lead_from_one_handling_to_the_other(before: Situation, after: Situation) -> None:
    """Each once, each with a cause that changed; the way back has the same ones turned round."""
    changes = handling_changes(before, after)
    changed = shallow(handling(before)) | {change.what: change.after for change in changes}
    assert changed == shallow(handling(after))
    assert len({change.what for change in changes}) == len(changes)
    for change in changes:
        assert change.before != change.after
        assert change.why
        assert all(getattr(before, cause) != getattr(after, cause) for cause in change.why)
    back = handling_changes(after, before)
    assert [(change.what, change.after, change.before) for change in back] == [
        (change.what, change.before, change.after) for change in changes
    ]


@given(situations)
def test_no_change_is_an_empty_list(situation: Situation) -> None:
    """Whatever the situation."""
    assert handling_changes(situation, replace(situation)) == ()


@given(situations, st.sampled_from(RiskLevel), st.sampled_from(RiskLevel))
def test_more_risk_is_never_handled_more_lightly(situation: Situation, one: RiskLevel, other: RiskLevel) -> None:
    """Limit, reviews, approval: and what is not known is handled as the worst."""
    order = list(RiskLevel)
    less, more = sorted((one, other), key=order.index)
    for worse in (more, None):
        light, strict = handling(replace(situation, risk=less)), handling(replace(situation, risk=worse))
        assert strict.limit <= light.limit <= situation.granted
        assert strict.review_months <= light.review_months <= situation.review_months
        assert strict.needs_approval >= light.needs_approval


@given(situations, st.sampled_from(CollectionStage))
def test_a_further_step_is_never_handled_more_lightly(situation: Situation, stage: CollectionStage) -> None:
    """From the letter on there is no new credit."""
    light, strict = handling(replace(situation, collection=None)), handling(replace(situation, collection=stage))
    assert strict.limit <= light.limit
    assert strict.needs_approval >= light.needs_approval
    assert strict.stops_new_credit == (stage is not CollectionStage.TELEPHONE)
    assert strict.limit.amount == 0 or not strict.stops_new_credit


@given(situations)
def test_without_a_grade_there_is_no_credit(situation: Situation) -> None:
    """And every contract needs approval."""
    found = handling(replace(situation, grade=None))
    assert found.limit.amount == 0
    assert found.needs_approval


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (replace(GOOD, grade=Grade.EXCELLENT), [("priority", ("grade",))]),
        (replace(GOOD, grade=Grade.POOR), [("needs_approval", ("grade",))]),
        (
            replace(GOOD, risk=RiskLevel.HIGH),
            [("limit", ("risk",)), ("review_months", ("risk",)), ("needs_approval", ("risk",))],
        ),
        (replace(GOOD, collection=CollectionStage.TELEPHONE), []),
        (
            replace(GOOD, collection=CollectionStage.LETTER),
            [("limit", ("collection",)), ("needs_approval", ("collection",)), ("stops_new_credit", ("collection",))],
        ),
        (
            # Each by itself would need approval: both are named.
            replace(GOOD, grade=Grade.POOR, collection=CollectionStage.LETTER),
            [
                ("limit", ("collection",)),
                ("needs_approval", ("grade", "collection")),
                ("stops_new_credit", ("collection",)),
            ],
        ),
    ],
)
def test_what_changes_and_why(after: Situation, expected: list[tuple[str, tuple[str, ...]]]) -> None:
    """Of a good customer with low risk."""
    assert [(change.what, change.why) for change in handling_changes(GOOD, after)] == expected


def test_an_excellent_customer_in_arrears_is_not_served_first() -> None:
    """Until the arrears are paid."""
    best = replace(GOOD, grade=Grade.EXCELLENT)
    assert handling(best).priority is Priority.HIGH
    assert handling(replace(best, collection=CollectionStage.VISIT)).priority is Priority.NORMAL


def test_risk_sets_the_reviews_of_a_kind_that_is_reviewed_seldom() -> None:
    """Two years, one, three months; the limit is halved at HIGH."""
    seldom = replace(GOOD, review_months=60)
    found = [handling(replace(seldom, risk=risk)) for risk in RiskLevel]
    assert [one.review_months for one in found] == [24, 12, 3]
    assert [one.limit.amount for one in found] == [1000, 1000, 500]
