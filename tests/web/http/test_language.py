"""The choice of a language."""

from __future__ import annotations

import pytest

from web.http.language import Text, negotiate_language


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        ("", "en"),
        ("zh-CN", "zh-CN"),
        ("zh", "zh-CN"),
        ("ZH-Hans-CN;q=0.8", "zh-CN"),
        ("zh-TW", "zh-CN"),
        ("en;q=0.5, zh;q=0.6", "zh-CN"),
        ("zh;q=0.5, en;q=0.6", "en"),
        ("en, zh", "en"),
        ("zh, en", "zh-CN"),
        ("fr, de;q=0.9", "en"),
        ("fr, zh;q=0.1", "zh-CN"),
        ("zh;q=0", "en"),
        ("zh;q=nan, en;q=0.1", "en"),
        ("*", "en"),
        (";;q=,,", "en"),
    ],
)
def test_the_better_liked_language_is_chosen(header: str, chosen: str) -> None:
    """RFC 9110 section 12.5.4; English where nothing fits."""
    assert negotiate_language(header) == chosen


def test_a_text_has_both_languages() -> None:
    """One sentence, twice."""
    text = Text("yes", "是")
    assert (text.in_language("en"), text.in_language("zh-CN")) == ("yes", "是")
