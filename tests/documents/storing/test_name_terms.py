"""How names are found: any part, in characters, pinyin and initials."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.storing.name_terms import LONGEST_TERM, name_terms, search_prefix


def is_found(text: str, name: str) -> bool:
    prefix = search_prefix(text)
    return prefix is not None and any(term.startswith(prefix) for term in name_terms(name))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("张伟", "张"),
        ("张伟", "伟"),
        ("张伟", "zhangwei"),
        ("张伟", "Zhang Wei"),
        ("张伟", "zhang"),
        ("张伟", "zw"),
        ("单田芳", "shan"),
        ("单田芳", "dtf"),
        ("吕方", "lv"),
        ("徐州恒源机械有限公司", "恒源"),
        ("徐州恒源机械有限公司", "hengyuan"),
        ("徐州恒源机械有限公司", "hyjx"),
        ("徐州ABC贸易", "abc"),
    ],
)
def test_a_name_is_found_by(name: str, text: str) -> None:
    """Characters, full pinyin, initials, from any part; a surname in each of its readings."""
    assert is_found(text, name)


@pytest.mark.parametrize(("name", "text"), [("张伟", "li"), ("张伟", "wz"), ("徐州恒源机械", "徐机")])
def test_a_name_is_not_found_by(name: str, text: str) -> None:
    """What is no part of it."""
    assert not is_found(text, name)


@given(st.text(min_size=1, max_size=60), st.data())
def test_every_part_of_any_name_finds_it(name: str, data: st.DataObject) -> None:
    """Whatever the script: a prefix of any suffix that begins a word."""
    terms = name_terms(name)
    assert terms == sorted(set(terms))
    assert all(0 < len(term) <= LONGEST_TERM for term in terms)
    if terms:
        term = data.draw(st.sampled_from(terms))
        assert any(other.startswith(term[: data.draw(st.integers(1, len(term)))]) for other in terms)
