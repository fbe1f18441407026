"""Every rule code that documents know is published, with its texts."""

from __future__ import annotations

import re

from schema.registry import WORDS
from tests.command import ROOT

CODE = re.compile(r'"((?:\w+)\.(?:\w+))"')
FAMILIES = {code.partition(".")[0] for code in WORDS["en"].texts}
PUBLISHED = ROOT / "docs" / "errors.md"


def test_every_code_has_its_texts_and_is_in_the_list() -> None:
    """In English and Chinese, and in docs/errors.md."""
    modules = (ROOT / "documents").rglob("*.py")
    codes = {code for module in modules for code in CODE.findall(module.read_text("utf-8"))}
    codes = {code for code in codes if code.partition(".")[0] in FAMILIES and not re.fullmatch(r"[\d.]+", code)}
    assert {"step.not_next", "incident.measure_open", "input.not_a_number"} <= codes
    published = PUBLISHED.read_text("utf-8")
    assert [code for code in sorted(codes) if code not in WORDS["en"].texts or f"`{code}`" not in published] == []
