"""The language of texts for people: English or Simplified Chinese, by `Accept-Language` (RFC 9110 section 12.5.4).

Owns the choice and the pair of texts. It must never look at anything but the header: a language is not a right.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from web.http.accept import quality_values

Language = Literal["en", "zh-CN"]


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence in both languages."""

    en: str
    zh: str

    def in_language(self, language: Language) -> str:
        """The sentence in `language`."""
        return self.zh if language == "zh-CN" else self.en


@lru_cache(maxsize=256)
def negotiate_language(header: str) -> Language:
    """The better liked of our two languages in `header`, the value of an `Accept-Language` field.

    Every Chinese range (`zh`, `zh-Hans`, `zh-CN`, `zh-SG`, but also `zh-TW`, for which there is nothing closer) means
    Simplified Chinese. Of equals the first listed wins; a range of quality 0 is refused.
    """
    chosen: Language = "en"
    best = 0.0
    for language_range, quality in quality_values(header):
        primary = language_range.partition("-")[0]
        if quality > best and primary in ("zh", "en", "*"):
            chosen = "zh-CN" if primary == "zh" else "en"
            best = quality
    return chosen
