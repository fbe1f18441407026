"""Every rule code that documents raise is published, with its texts."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from schema.registry import WORDS
from tests.command import ROOT

RULE_ERRORS = {"CurrencyError", "InputError", "RuleBrokenError", "StepError"}
PUBLISHED = ROOT / "docs" / "errors.md"


def raised_codes(tree: ast.AST) -> Iterator[str]:
    """The codes that are given to an error of broken rules, as they stand."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in RULE_ERRORS:
            code = next(iter(node.args), None)
            for part in ast.walk(code) if code is not None else ():
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield part.value


def test_every_code_has_its_texts_and_is_in_the_list() -> None:
    """In English and Chinese, and in docs/errors.md."""
    modules = (ROOT / "documents").rglob("*.py")
    codes = {code for module in modules for code in raised_codes(ast.parse(module.read_text("utf-8")))}
    assert {"step.not_next", "incident.measure_open", "input.not_a_number"} <= codes
    published = PUBLISHED.read_text("utf-8")
    assert [code for code in sorted(codes) if code not in WORDS["en"] or f"`{code}`" not in published] == []
