"""The two languages in which the API speaks to people, and what it says in each, by published code or rule.

Owns how a text is found and filled in; the texts are in `schema.wording.messages` and in the chapters that raise the
codes. No text repeats a value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Language = Literal["en", "zh-CN"]

Texts = Mapping[str, tuple[str, str]]
"""Code or rule → (English, Simplified Chinese). `{name}` is a parameter of the error, `{label}` the field's label."""

UNKNOWN = ("The input is not valid.", "输入无效。")
NO_PARAMETERS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Words:
    """What the API says in one language."""

    language: Language
    texts: Texts

    def __contains__(self, key: object) -> bool:
        return key in self.texts

    def say(self, key: str, parameters: Mapping[str, str] = NO_PARAMETERS) -> str:
        """The text of code or rule `key`, with its parameters filled in."""
        return self.of(*self.texts.get(key, UNKNOWN)).format_map(dict(parameters))

    def of(self, english: str, chinese: str) -> str:
        """Whichever of the two is in this language."""
        return english if self.language == "en" else chinese


def words_of(parts: Iterable[Texts]) -> Mapping[Language, Words]:
    """The words of each language, joined of several sets of texts. Raises ValueError for a key that is in two."""
    texts: dict[str, tuple[str, str]] = {}
    for part in parts:
        if twice := sorted(texts.keys() & part.keys()):
            raise ValueError(f"two texts for {', '.join(twice)}")
        texts |= part
    languages: tuple[Language, ...] = ("en", "zh-CN")
    return MappingProxyType({language: Words(language, MappingProxyType(texts)) for language in languages})
