"""Conditions as data (C4)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.chapters.identification.risk_conditions import Condition, Operator, at_least, below, one_of
from documents.errors import InputError


@given(st.integers(-1000, 1000), st.integers() | st.decimals(allow_nan=False, allow_infinity=False))
def test_a_number_is_either_below_or_at_least(bound: int, value: int | Decimal) -> None:
    """Never both, never neither."""
    assert at_least(bound).holds(value) == (value >= bound)
    assert below(bound).holds(value) is not at_least(bound).holds(value)


@given(st.text(), st.lists(st.text(), min_size=1))
def test_a_text_is_one_of_those_listed(value: str, texts: list[str]) -> None:
    """To the letter."""
    assert one_of(*texts).holds(value) == (value in texts)


def test_a_boolean_is_compared_by_its_word() -> None:
    """And is no number."""
    assert one_of("true").holds(True)
    assert not one_of("true").holds(False)


@pytest.mark.parametrize("value", ["12", True, Decimal("NaN"), Decimal("Infinity")])
def test_what_is_no_number_is_not_compared_as_one(value: str | bool | Decimal) -> None:
    """It is refused by the factor's name."""
    with pytest.raises(InputError) as refused:
        at_least(1).holds(value, "years")
    assert (refused.value.rule, refused.value.input_name) == ("input.not_a_number", "years")


@pytest.mark.parametrize(
    ("operator", "operands"),
    [
        (Operator.ONE_OF, ()),
        (Operator.AT_LEAST, ("1", "2")),
        (Operator.AT_LEAST, ("many",)),
        (Operator.BELOW, ("NaN",)),
        (Operator.BELOW, ()),
    ],
)
def test_conditions_that_decide_nothing_are_refused(operator: Operator, operands: tuple[str, ...]) -> None:
    """When the table is edited, not when a customer is assessed."""
    with pytest.raises(ValueError, match=r"condition|number"):
        Condition(operator, operands)
