"""How names are found as people in China search: by any part, in characters, pinyin or pinyin initials.

Every suffix of a name, in its three spellings, becomes a term; a search is then a prefix of some term, which an index
answers without scanning. Telephone and identity numbers are found through the blind index, never here.
"""

from __future__ import annotations

import re

LONGEST_TERM = 32  # characters; longer tails add index size and find nothing more
HETERONYMS = 3  # readings kept of a name's first character, which is often a surname with a reading of its own

_WORDS = re.compile(r"[a-z]+|\d+|[^\s\x00]")  # no pattern of the database may hold a NUL


def name_terms(name: str) -> list[str]:
    """The terms under which `name` is found, sorted. Lower case, without spaces."""
    parts = _WORDS.findall(name.lower())
    terms: set[str] = set()
    for syllables in _readings(parts):
        initials = [syllable[0] for syllable in syllables]
        for spelling in (parts, syllables, initials):
            terms.update("".join(spelling[start:])[:LONGEST_TERM] for start in range(len(spelling)))
    return sorted(terms)


def search_prefix(text: str) -> str | None:
    """The prefix that `text` asks for; None when nothing searchable remains."""
    return "".join(_WORDS.findall(text.lower()))[:LONGEST_TERM] or None


def _readings(parts: list[str]) -> list[list[str]]:
    if not parts:
        return []
    syllables = [_reading(part)[0] for part in parts]
    return [[first, *syllables[1:]] for first in _reading(parts[0])]


def _reading(part: str) -> list[str]:
    if len(part) > 1:
        return [part]
    # Its dictionary takes a fifth of a second to load: commands that write no name do without.
    from pypinyin import Style, pinyin  # noqa: PLC0415

    readings = pinyin(part, style=Style.NORMAL, heteronym=True, errors="default")[0]
    distinct = list(dict.fromkeys(reading.replace("ü", "v") for reading in readings))
    return distinct[:HETERONYMS] or [part]
