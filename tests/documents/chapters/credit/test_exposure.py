"""Exposure against the limit (K5)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.chapters.credit.exposure import ExposureOutcome, ExposurePolicy, check_exposure
from documents.errors import CurrencyError
from documents.reckoning.money import Money, total, zero
from tests.documents.strategies import cents, yuan

BLOCK = ExposurePolicy()
WARN = ExposurePolicy(over_limit=ExposureOutcome.WARN, near_share=None)
ORDER = list(ExposureOutcome)


def cny(amount: str) -> Money:
    return Money(Decimal(amount), "CNY")


@given(st.lists(yuan, max_size=10), yuan, yuan, st.sampled_from([BLOCK, WARN]))
def test_the_limit_is_never_exceeded_unnoticed(
    open_amounts: list[Money], new: Money, limit: Money, policy: ExposurePolicy
) -> None:
    """OK says that all together is within it; what is too much has the policy's outcome."""
    check = check_exposure(open_amounts, new, limit, policy)
    assert check.exposure == total([*open_amounts, new], "CNY")
    assert check.headroom + check.exposure == limit
    if check.headroom.amount < 0:
        assert check.outcome is policy.over_limit
    else:
        assert check.outcome is not ExposureOutcome.BLOCK


@given(st.lists(yuan, max_size=10), yuan, yuan, yuan)
def test_more_owed_is_never_judged_milder(open_amounts: list[Money], new: Money, more: Money, limit: Money) -> None:
    """Nor a lower limit."""
    outcome = check_exposure(open_amounts, new, limit, BLOCK).outcome
    worse = check_exposure([*open_amounts, more], new, limit, BLOCK).outcome
    assert ORDER.index(worse) >= ORDER.index(outcome)
    assert ORDER.index(check_exposure(open_amounts, new, limit + more, BLOCK).outcome) <= ORDER.index(outcome)


@pytest.mark.parametrize(
    ("new", "outcome"),
    [
        ("39.99", ExposureOutcome.OK),
        ("40", ExposureOutcome.WARN),
        ("50", ExposureOutcome.WARN),
        ("50.01", ExposureOutcome.BLOCK),
    ],
)
def test_a_limit_of_a_hundred_with_fifty_owed(new: str, outcome: ExposureOutcome) -> None:
    """Near from ninety, exceeded above a hundred."""
    assert check_exposure([cny("20"), cny("30")], cny(new), cny("100"), BLOCK).outcome is outcome


@given(cents)
def test_no_limit_is_a_limit_of_nothing(amount: Decimal) -> None:
    """A cent is too much."""
    assert check_exposure([], Money(amount, "CNY"), zero("CNY"), BLOCK).outcome is ExposureOutcome.BLOCK
    assert check_exposure([], zero("CNY"), zero("CNY"), BLOCK).outcome is ExposureOutcome.OK


@given(cents, cents)
def test_other_currencies_count_at_their_rate_or_are_refused(owed: Decimal, new: Decimal) -> None:
    """Never left out, never taken for the limit's currency."""
    euro = Money(owed, "EUR")
    check = check_exposure([euro], Money(new, "CNY"), cny("1"), BLOCK, {"EUR": Decimal(8)})
    assert check.exposure.amount == owed * 8 + new
    with pytest.raises(CurrencyError) as refused:
        check_exposure([euro], Money(new, "CNY"), cny("1"), BLOCK, {"USD": Decimal(7)})
    assert refused.value.rule == "currency.no_rate"


def test_a_cent_of_a_cent_is_near() -> None:
    """However small the limit is."""
    cent = cny("0.01")
    assert check_exposure([], cent, cent, BLOCK).outcome is ExposureOutcome.WARN
    assert check_exposure([], cent, cent, WARN).outcome is ExposureOutcome.OK


def test_a_policy_that_notices_nothing_is_refused() -> None:
    """The regulation does not know it."""
    with pytest.raises(ValueError, match="noticed"):
        ExposurePolicy(over_limit=ExposureOutcome.OK)
