"""What the API says is joined of texts that several modules have, and said in one of two languages."""

from __future__ import annotations

import pytest

from schema.language import words_of

PAID, LATE = {"paid": ("Paid: {amount}.", "已付：{amount}。")}, {"late": ("Too late.", "太晚。")}


def test_a_text_is_said_in_the_language_with_its_parameters() -> None:
    """Of whichever part it is."""
    words = words_of([PAID, LATE])
    assert words["en"].say("paid", {"amount": "5"}) == "Paid: 5."
    assert words["zh-CN"].say("paid", {"amount": "5"}) == "已付：5。"
    assert words["zh-CN"].say("late") == "太晚。"


def test_a_code_that_nobody_has_a_text_for_is_still_answered() -> None:
    """In words that say nothing of it."""
    words = words_of([PAID])
    assert "late" not in words["en"]
    assert words["en"].say("late") == "The input is not valid."


def test_a_code_in_two_parts_is_an_error() -> None:
    """Which of the two were said would depend on their order."""
    with pytest.raises(ValueError, match="two texts for paid"):
        words_of([PAID, LATE, PAID])
