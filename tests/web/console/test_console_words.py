"""Every text of the console exists in both languages, and every text that a screen asks for exists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from web.console import DIRECTORY

DECLARED = re.compile(
    r"^\s*'([\w.]+)': \[('(?:[^'\\]|\\.)*'|\"[^\"]*\"), ('(?:[^'\\]|\\.)*'|\"[^\"]*\")\],?$", re.MULTILINE
)
ASKED = re.compile(r"\bt\('([\w.]+)'")
HAN = re.compile(r"[一-鿿]")
PLACES = re.compile(r"\{(\w+)\}")


def modules() -> Iterator[Path]:
    for path in sorted(DIRECTORY.rglob("*.js")):
        if "node_modules" not in path.parts:
            yield path


def declared() -> dict[str, tuple[str, str]]:
    words: dict[str, tuple[str, str]] = {}
    for path in modules():
        if path.name == "words.js":
            text = path.read_text()
            found = {key: (english[1:-1], chinese[1:-1]) for key, english, chinese in DECLARED.findall(text)}
            lines = [line for line in text.splitlines() if re.match(r"^\s*'[\w.]+': ", line)]
            assert len(found) == len(lines), f"{path.name} of {path.parent.name} has a text that is not one line"
            words |= found
    return words


def test_every_text_is_chinese_too() -> None:
    """No key has its English text in both places."""
    texts = {key: pair for key, pair in declared().items() if re.search("[A-Za-z]", PLACES.sub("", pair[0]))}
    assert not {key for key, (_, chinese) in texts.items() if not HAN.search(chinese)}


def test_both_texts_have_the_same_places() -> None:
    """What is filled in for one is filled in for the other."""
    different = {key for key, (en, zh) in declared().items() if set(PLACES.findall(en)) != set(PLACES.findall(zh))}
    assert not different


def test_every_text_that_is_asked_for_is_there() -> None:
    """A key without a text would be shown as it is."""
    words = declared()
    missing = {(path.name, key) for path in modules() for key in ASKED.findall(path.read_text()) if key not in words}
    assert not missing
