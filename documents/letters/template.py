"""The texts of letters, and how values are put in.

A template names its placeholders; a letter is made with exactly those. Owns the words of every letter. It must never
compute: amounts and dates come as text, formatted for the letter's language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Literal

LetterLanguage = Literal["en", "zh-CN"]


class TemplateError(Exception):
    """Values and placeholders of a letter do not fit each other. Names placeholders, never values."""


@dataclass(frozen=True, slots=True)
class LetterTemplate:
    """One letter in one language. Its texts may hold placeholders `{name}`; `column_labels` head the table of items."""

    name: str
    language: LetterLanguage
    letterhead: str
    recipient: str
    title: str
    reference: str
    paragraphs: tuple[str, ...]
    column_labels: tuple[str, ...]
    closing: tuple[str, ...]
    signature: tuple[str, ...]

    @property
    def placeholders(self) -> frozenset[str]:
        """The names of the values that a letter needs."""
        return frozenset(name for text in self.texts() for _, name, _, _ in Formatter().parse(text) if name)

    def filled(self, values: Mapping[str, str]) -> LetterTemplate:
        """The letter's texts with their values. TemplateError when a value is missing or belongs nowhere."""
        if missing := sorted(self.placeholders - values.keys()):
            raise TemplateError(f"the letter `{self.name}` needs values for {', '.join(missing)}")
        if unknown := sorted(values.keys() - self.placeholders):
            raise TemplateError(f"the letter `{self.name}` has no place for {', '.join(unknown)}")

        def fill(texts: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(text.format_map(values) for text in texts)

        letterhead, recipient, title, reference = fill((self.letterhead, self.recipient, self.title, self.reference))
        return LetterTemplate(
            self.name,
            self.language,
            letterhead,
            recipient,
            title,
            reference,
            fill(self.paragraphs),
            self.column_labels,
            fill(self.closing),
            fill(self.signature),
        )

    def texts(self) -> tuple[str, ...]:
        """Every text that may hold placeholders."""
        return (
            self.letterhead,
            self.recipient,
            self.title,
            self.reference,
            *self.paragraphs,
            *self.closing,
            *self.signature,
        )
