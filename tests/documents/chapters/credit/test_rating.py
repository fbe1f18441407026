"""Credit rating: weighted, bounded, reproducible, with a limit (K1 to K5)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.chapters.credit.default_rating_schemes import DEFAULT_RATING_SCHEMES
from documents.chapters.credit.rating import (
    Band,
    Grade,
    GradeRule,
    IndicatorGroup,
    Judgement,
    LimitBasis,
    RatingScheme,
    credit_limit,
    rate_credit,
)
from documents.declaring.kind import CUSTOMER_KINDS, Kind
from documents.errors import CurrencyError, InputError, RuleBrokenError
from documents.reckoning.money import Money
from tests.documents.strategies import cents

SCHEME = DEFAULT_RATING_SCHEMES[Kind.ENTERPRISE]
NAMES = [indicator.name for indicator in SCHEME.indicators]
GRADES = list(Grade)
BEST = {
    "current_ratio": Decimal(2),
    "debt_percent": Decimal(10),
    "revenue_growth_percent": Decimal(10),
    "receivable_days": Decimal(30),
    "paid_in_time_percent": Decimal(100),
    "market_share_percent": Decimal(15),
}

values = st.dictionaries(st.sampled_from(NAMES), st.none() | st.decimals(-100, 1000, places=3))
judgements = st.none() | st.builds(Judgement, st.decimals(-10, 10, places=2), st.just("seen on site"))


@given(values, judgements)
def test_a_rating_is_reproduced_from_what_it_records(
    given_values: dict[str, Decimal | None], judgement: Judgement | None
) -> None:
    """By the same scheme; not by another version."""
    rating = rate_credit(SCHEME, given_values, judgement)
    recorded = {score.indicator: score.value for score in rating.scores}
    assert rate_credit(SCHEME, recorded, rating.judgement) == rating
    assert rate_credit(replace(SCHEME, version=2), recorded, rating.judgement) != rating


@given(values, judgements)
def test_the_total_is_the_weighted_sum_and_the_judgement(
    given_values: dict[str, Decimal | None], judgement: Judgement | None
) -> None:
    """Between 0 and 100, rounded once; the indicators add up to the same."""
    rating = rate_credit(SCHEME, given_values, judgement)
    exact = sum((Fraction(one.score) * Fraction(one.weight) / 100 for one in rating.scores), Fraction(0))
    with_judgement = exact + (Fraction(judgement.adjustment) if judgement else 0)
    expected = min(max(with_judgement, Fraction(0)), Fraction(100))
    assert abs(Fraction(rating.total) - expected) <= Fraction(1, 200)
    assert sum(Fraction(one.weighted) for one in rating.scores) == exact
    assert rating.grade == SCHEME.grade(rating.total)
    assert set(rating.missing) == {name for name in NAMES if given_values.get(name) is None}


@given(values, st.decimals(-10, 10, places=2), st.decimals(-10, 10, places=2))
def test_a_better_judgement_is_never_a_worse_grade(
    given_values: dict[str, Decimal | None], one: Decimal, other: Decimal
) -> None:
    """Nor one of more points."""
    worse, better = (rate_credit(SCHEME, given_values, Judgement(points, "why")) for points in sorted((one, other)))
    assert worse.total <= better.total
    assert GRADES.index(Grade(worse.grade)) >= GRADES.index(Grade(better.grade))


@given(values, st.decimals(0, 100, places=2), st.decimals(0, 100, places=2))
def test_paying_better_is_never_a_worse_grade(
    given_values: dict[str, Decimal | None], one: Decimal, other: Decimal
) -> None:
    """Whatever the other indicators say."""
    worse, better = (
        rate_credit(SCHEME, given_values | {"paid_in_time_percent": value}) for value in sorted((one, other))
    )
    assert worse.total <= better.total


@pytest.mark.parametrize(
    ("points", "grade"),
    [
        ("100", Grade.EXCELLENT),
        ("85", Grade.EXCELLENT),
        ("84.99", Grade.GOOD),
        ("70", Grade.GOOD),
        ("69.99", Grade.FAIR),
        ("60", Grade.FAIR),
        ("59.99", Grade.POOR),
        ("0", Grade.POOR),
    ],
)
def test_grades_begin_at_their_threshold(points: str, grade: Grade) -> None:
    """The grades of K4."""
    assert SCHEME.grade(Decimal(points)) == grade


def test_every_group_counts() -> None:
    """The best in everything has 100 points, and loses some in each group by itself."""
    assert rate_credit(SCHEME, BEST).total == 100
    for group in IndicatorGroup:
        worst = {one.name: Decimal(-100) for one in SCHEME.indicators if one.group is group}
        assert rate_credit(SCHEME, BEST | worst).total < 100


@pytest.mark.parametrize("adjustment", ["10.01", "-10.01", "NaN", "Infinity"])
def test_a_judgement_is_bounded(adjustment: str) -> None:
    """By the scheme."""
    with pytest.raises(RuleBrokenError) as refused:
        rate_credit(SCHEME, BEST, Judgement(Decimal(adjustment), "friends"))
    assert refused.value.rule == "judgement.out_of_bounds"


def test_a_judgement_has_a_reason() -> None:
    """Nobody is graded up for nothing."""
    with pytest.raises(RuleBrokenError) as refused:
        rate_credit(SCHEME, BEST, Judgement(Decimal(1), " "))
    assert refused.value.rule == "judgement.reason_missing"


def test_values_that_the_scheme_does_not_know_are_refused() -> None:
    """And those that are no numbers."""
    with pytest.raises(InputError) as unknown:
        rate_credit(SCHEME, {"charm": Decimal(1)})
    assert (unknown.value.rule, unknown.value.input_name) == ("input.unknown_indicator", "charm")
    with pytest.raises(InputError) as wrong:
        rate_credit(SCHEME, {"current_ratio": Decimal("NaN")})
    assert wrong.value.input_name == "current_ratio"


@given(cents, cents)
def test_a_limit_grows_with_the_revenue_up_to_its_ceiling(one: Decimal, other: Decimal) -> None:
    """A share of it, never more than the ceiling; a better grade never has less."""
    less, more = (Money(amount, "CNY") for amount in sorted((one, other)))
    rule = SCHEME.grades[0]
    assert rule.ceiling is not None
    assert rule.share_of_revenue is not None
    low, high = (credit_limit(SCHEME, Grade.EXCELLENT, revenue).amount for revenue in (less, more))
    assert low <= high <= rule.ceiling
    assert abs(low.amount - min(less.amount * rule.share_of_revenue, rule.ceiling.amount)) <= Decimal("0.005")
    by_grade = [credit_limit(SCHEME, grade, more).amount.amount for grade in GRADES]
    assert by_grade == sorted(by_grade, reverse=True)


def test_an_unknown_revenue_gives_no_limit() -> None:
    """And says why; a fixed limit needs none; another currency is refused."""
    unknown = credit_limit(SCHEME, Grade.EXCELLENT, None)
    assert (unknown.amount, unknown.basis) == (Money(Decimal(0), "CNY"), LimitBasis.REVENUE_UNKNOWN)
    individual = DEFAULT_RATING_SCHEMES[Kind.INDIVIDUAL]
    assert credit_limit(individual, Grade.GOOD, None).amount == Money(Decimal(50_000), "CNY")
    with pytest.raises(CurrencyError):
        credit_limit(SCHEME, Grade.GOOD, Money(Decimal(1), "EUR"))
    with pytest.raises(RuleBrokenError) as refused:
        credit_limit(SCHEME, "legendary", None)
    assert refused.value.rule == "grade.unknown"


def test_a_scheme_may_have_more_grades() -> None:
    """K4 says so."""
    top = GradeRule("outstanding", Decimal(95), fixed=Money(Decimal(9), "CNY"))
    scheme = replace(SCHEME, grades=(top, *SCHEME.grades))
    assert rate_credit(scheme, BEST).grade == "outstanding"
    assert credit_limit(scheme, "outstanding", None).amount.amount == 9


def wrong_schemes() -> list[dict[str, object]]:
    first, *others = SCHEME.indicators
    best, *rest = SCHEME.grades
    without_market = tuple(
        replace(one, group=IndicatorGroup.CREDIT_RECORD) if one.group is IndicatorGroup.MARKET_COMPETITIVENESS else one
        for one in SCHEME.indicators
    )
    return [
        {"indicators": (replace(first, weight=first.weight + 1), *others)},
        {"indicators": (replace(first, name=others[0].name), *others)},
        {"indicators": without_market},
        {"grades": (best,)},
        {"grades": ()},
        {"grades": tuple(reversed(SCHEME.grades))},
        {"grades": (replace(best, share_of_revenue=None), *rest)},
        {"grades": (replace(best, ceiling=Money(Decimal(1), "EUR")), *rest)},
        {"grades": (replace(best, grade=Grade.GOOD), *rest)},
    ]


@pytest.mark.parametrize("change", wrong_schemes())
def test_schemes_that_cannot_judge_are_refused(change: dict[str, object]) -> None:
    """When they are edited, not when a customer is rated."""
    fields = {name: getattr(SCHEME, name) for name in ("version", "kind", "indicators", "grades")} | change
    with pytest.raises(ValueError, match=r"weights|once|four groups|last grade|fall|limit"):
        RatingScheme(**fields)


def test_indicators_that_cannot_score_are_refused() -> None:
    """Scores beyond 100, bands that do not rise, no weight."""
    indicator = SCHEME.indicators[0]
    with pytest.raises(ValueError, match="0 to 100"):
        replace(indicator, missing=Decimal(101))
    with pytest.raises(ValueError, match="rise"):
        replace(indicator, bands=(Band(Decimal(1), Decimal(1)), Band(Decimal(1), Decimal(2))))
    with pytest.raises(ValueError, match="weight"):
        replace(indicator, weight=Decimal(0))


@pytest.mark.parametrize("kind", CUSTOMER_KINDS)
def test_every_kind_has_a_scheme_of_its_own(kind: Kind) -> None:
    """K1; of whom nothing is known the grade is POOR."""
    scheme = DEFAULT_RATING_SCHEMES[kind]
    assert scheme.kind is kind
    assert rate_credit(scheme, {}).grade == Grade.POOR
