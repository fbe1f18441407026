"""Names for people, in English and Simplified Chinese, and enums whose members carry them.

A member is declared with its labels, once: `FEMALE = "female", "Female", "女"`. Stored is the value alone; whoever
draws a member asks for its `label`. A member without labels does not come into being.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self


@dataclass(frozen=True, slots=True)
class Label:
    """The name of a field, a kind or a value for people."""

    en: str
    zh: str


class Labelled(StrEnum):
    """An enum of texts, each with a label."""

    label: Label

    def __new__(cls, value: str, en: str = "", zh: str = "") -> Self:
        """Makes a member. The labels have defaults for the sake of `Gender("female")`, which only looks one up."""
        if not en or not zh:
            raise TypeError(f"`{value}` of `{cls.__name__}` has no labels")
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = Label(en, zh)
        return member

    @property
    def declaration(self) -> tuple[str, str, str]:
        """(value, English, Chinese): what an enum of some of these members declares its own with."""
        return self.value, self.label.en, self.label.zh
