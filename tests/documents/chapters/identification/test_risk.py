"""Risk assessment: reproducible, explicit about what is missing (C4)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.chapters.identification.default_risk_tables import DEFAULT_RISK_TABLES
from documents.chapters.identification.risk import (
    Basis,
    PointRule,
    RiskFactor,
    RiskLevel,
    RiskTable,
    assess_risk,
)
from documents.chapters.identification.risk_conditions import Input, at_least, one_of
from documents.declaring.kind import CUSTOMER_KINDS, Kind
from documents.errors import InputError

INDUSTRY = RiskFactor("industry", (PointRule(one_of("mining"), 10),), otherwise=2, missing=5)
YEARS = RiskFactor("years", (PointRule(at_least(10), 0), PointRule(at_least(3), 4)), otherwise=20, missing=8)
TABLE = RiskTable(7, Kind.ENTERPRISE, (INDUSTRY, YEARS), medium_from=10, high_from=20)
LEVELS = list(RiskLevel)

texts = st.sampled_from(["mining", "retail", ""])
inputs = st.fixed_dictionaries(
    {}, optional={"industry": st.none() | texts, "years": st.none() | st.integers(0, 40) | st.decimals(0, 40)}
)


@given(inputs)
def test_an_assessment_is_reproduced_from_what_it_records(given_inputs: dict[str, Input | None]) -> None:
    """By the same table; a table with other points does not come to it."""
    assessment = assess_risk(TABLE, given_inputs)
    recorded = dict(assessment.inputs)
    assert assess_risk(TABLE, recorded) == assessment
    assert assess_risk(replace(TABLE, version=8), recorded) != assessment
    dearer = replace(INDUSTRY, otherwise=3, missing=6, rules=(PointRule(one_of("mining"), 11),))
    assert assess_risk(replace(TABLE, factors=(dearer, YEARS)), recorded) != assessment


@given(inputs)
def test_the_points_of_the_factors_are_the_total(given_inputs: dict[str, Input | None]) -> None:
    """One line per factor, and the level is that of their sum."""
    assessment = assess_risk(TABLE, given_inputs)
    assert [one.factor for one in assessment.points] == ["industry", "years"]
    assert assessment.total == sum(one.points for one in assessment.points)
    expected = 2 if assessment.total >= 20 else 1 if assessment.total >= 10 else 0
    assert assessment.level is LEVELS[expected]
    assert assessment.missing == tuple(name for name in ("industry", "years") if given_inputs.get(name) is None)


@given(inputs, st.integers(0, 30), st.integers(0, 30))
def test_more_points_are_never_less_risk(given_inputs: dict[str, Input | None], one: int, other: int) -> None:
    """Of the factor that is not known."""
    given_inputs = given_inputs | {"industry": None}
    fewer, more = sorted((one, other))
    levels = [
        assess_risk(replace(TABLE, factors=(replace(INDUSTRY, missing=points), YEARS)), given_inputs).level
        for points in (fewer, more)
    ]
    assert LEVELS.index(levels[0]) <= LEVELS.index(levels[1])


@pytest.mark.parametrize(
    ("given_inputs", "points", "bases"),
    [
        ({}, [5, 8], [Basis.MISSING, Basis.MISSING]),
        ({"industry": "mining", "years": 10}, [10, 0], [Basis.RULE, Basis.RULE]),
        ({"industry": "retail", "years": 3}, [2, 4], [Basis.OTHERWISE, Basis.RULE]),
        ({"industry": "", "years": 2}, [2, 20], [Basis.OTHERWISE, Basis.OTHERWISE]),
    ],
)
def test_the_first_rule_that_holds_counts(
    given_inputs: dict[str, Input | None], points: list[int], bases: list[Basis]
) -> None:
    """Then `otherwise`; what is not known is neither."""
    assessment = assess_risk(TABLE, given_inputs)
    assert [one.points for one in assessment.points] == points
    assert [one.basis for one in assessment.points] == bases


def test_inputs_that_the_table_does_not_know_are_refused() -> None:
    """They would be recorded and never count. So are texts where a number is compared."""
    with pytest.raises(InputError) as unknown:
        assess_risk(TABLE, {"horoscope": "lion"})
    assert (unknown.value.rule, unknown.value.input_name) == ("input.unknown_factor", "horoscope")
    with pytest.raises(InputError) as wrong:
        assess_risk(TABLE, {"years": "many"})
    assert (wrong.value.rule, wrong.value.input_name) == ("input.not_a_number", "years")


@pytest.mark.parametrize(
    ("points", "level"),
    [(0, RiskLevel.LOW), (9, RiskLevel.LOW), (10, RiskLevel.MEDIUM), (19, RiskLevel.MEDIUM), (20, RiskLevel.HIGH)],
)
def test_levels_begin_at_their_threshold(points: int, level: RiskLevel) -> None:
    """A single point may be enough for MEDIUM."""
    assert TABLE.level(points) is level
    assert replace(TABLE, medium_from=1).level(1) is RiskLevel.MEDIUM


def test_tables_that_cannot_judge_are_refused() -> None:
    """No factor, one twice, negative points, thresholds that do not rise."""
    changes: list[dict[str, Any]] = [
        {"factors": ()},
        {"factors": (YEARS, YEARS)},
        {"factors": (replace(YEARS, missing=-1),)},
        {"high_from": 10},
        {"medium_from": 0},
    ]
    for change in changes:
        with pytest.raises(ValueError, match=r"points|factors|HIGH"):
            replace(TABLE, **change)


@pytest.mark.parametrize("kind", CUSTOMER_KINDS)
def test_default_tables_reach_every_level(kind: Kind) -> None:
    """The best customer is LOW, the worst HIGH, and one of whom nothing is known is not LOW."""
    table = DEFAULT_RISK_TABLES[kind]
    assert table.kind is kind

    points = [(factor.otherwise, *(rule.points for rule in factor.rules)) for factor in table.factors]
    assert table.level(sum(map(min, points))) is RiskLevel.LOW
    assert table.level(sum(map(max, points))) is RiskLevel.HIGH
    assert assess_risk(table, {}).level is not RiskLevel.LOW
