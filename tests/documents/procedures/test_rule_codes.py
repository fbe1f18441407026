"""Every rule code that a procedure raises is published, with its texts."""

from __future__ import annotations

import re
from pathlib import Path

import documents.procedures
from schema.messages import MESSAGES

CODE = re.compile(r'"((?:\w+)\.(?:\w+))"')
PROCEDURES = Path(documents.procedures.__file__).parent
ERRORS = Path(__file__).parents[3] / "docs" / "errors.md"


def test_every_code_has_its_texts_and_is_in_the_list() -> None:
    """In English and Chinese, and in docs/errors.md."""
    codes = {code for module in PROCEDURES.glob("*.py") for code in CODE.findall(module.read_text("utf-8"))}
    codes = {code for code in codes if not re.fullmatch(r"[\d.]+", code)}
    assert {"step.not_next", "incident.measure_open", "input.not_a_number"} <= codes
    published = ERRORS.read_text("utf-8")
    assert [code for code in sorted(codes) if code not in MESSAGES or f"`{code}`" not in published] == []
