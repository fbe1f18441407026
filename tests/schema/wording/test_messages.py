"""Texts and codes: complete, published, and without anything but their parameters."""

from __future__ import annotations

import re
from string import Formatter

import pytest

from documents.declaring.validation import _RULES
from schema.registry import WORDS
from tests.command import ROOT

MESSAGES = WORDS["en"].texts
PUBLISHED = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("key", MESSAGES)
def test_both_languages_say_the_same(key: str) -> None:
    """The same parameters in both, and Chinese where Chinese is meant."""
    english, chinese = MESSAGES[key]
    parameters = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in (english, chinese)]
    assert parameters[0] == parameters[1]
    assert english.isascii()
    assert not chinese.isascii()


def test_every_rule_that_validation_can_name_has_a_text() -> None:
    """No caller is told of a rule in no words."""
    values = (ROOT / "documents" / "declaring" / "values.py").read_text(encoding="utf-8")
    rules = {*_RULES.values(), *re.findall(r'"(value\.[a-z_]+)"', values)}
    assert rules <= MESSAGES.keys()


def test_every_code_of_the_edge_and_every_rule_is_published() -> None:
    """docs/errors.md is the list that clients rely on."""
    codes = {
        code
        for folder in ("web", "schema", "resolvers", "policies")
        for path in (ROOT / folder).rglob("*.py")
        for code in re.findall(
            r'(?:code = |"code": |Refused\(\s*(?:\d+, )?|limit_exceeded\(\s*)"([A-Z_]{5,})"',
            path.read_text(encoding="utf-8"),
        )
    }
    assert len(codes) > 20
    internal = {"POLICY_ERROR", "PURPOSE_ERROR", "RULE_INVALID", "RULE_SET_CONFLICT"}  # reach no client yet
    shown = codes - internal | {key for key in MESSAGES if key.startswith(("value.", "password."))}
    assert {code for code in shown if f"`{code}`" not in PUBLISHED} == set()
