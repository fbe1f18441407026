"""One search box over all the ways in which people look for a customer: any part of the name (characters, pinyin,
initials), an exact telephone, identity or account number, e-mail address, or the last four digits of a number.

It only says in which fields a text could stand. Who may find customers by those fields is the plan's business.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from documents.declaring.catalogue import Catalogue
from documents.declaring.fields import FieldSpec, Search, ValueType
from documents.encryption.blind_index import BlindIndex
from documents.reading.filters import name_condition
from documents.storing.name_terms import search_prefix

_LAST_FOUR = re.compile(r"\d{3}[\dXx]")
_NUMBER = re.compile(r"\+?[0-9A-Za-z][0-9A-Za-z \-()]{5,40}")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A field in which the text could stand. `revealing`: the search could give the value away piece by piece."""

    field: str
    condition: dict[str, Any]
    revealing: bool


class SearchTranslator:
    """Makes candidates of a search text, from the declarations."""

    def __init__(self, catalogue: Catalogue, blind_index: BlindIndex) -> None:
        specs = {name: spec for by_name in catalogue.by_kind.values() for name, spec in by_name.items()}
        self._specs = tuple(spec for spec in specs.values() if spec.search)
        self._blind_index = blind_index

    def candidates(self, text: str) -> list[Candidate]:
        """The candidates of `text`; none for a text without anything searchable."""
        return [candidate for spec in self._specs for candidate in self._of(spec, text.strip())]

    def _of(self, spec: FieldSpec, text: str) -> Iterator[Candidate]:
        if Search.NAME in spec.search and search_prefix(text) is not None:
            yield Candidate(spec.name, name_condition(spec.name, text), revealing=True)
        if not spec.encrypted:
            return
        if Search.LAST_FOUR in spec.search and _LAST_FOUR.fullmatch(text):
            yield self._blind(spec, self._blind_index.last_four_asked(spec.name, text))
        if Search.EQUALITY in spec.search and _could_be(spec, text):
            yield self._blind(spec, self._blind_index.equality(spec.name, spec.value_type, text))

    def _blind(self, spec: FieldSpec, token: bytes | None) -> Candidate:
        return Candidate(spec.name, {f"_tokens.{spec.name}": token}, revealing=False)


def _could_be(spec: FieldSpec, text: str) -> bool:
    if spec.value_type is ValueType.EMAIL_ADDRESS:
        return "@" in text
    return _NUMBER.fullmatch(text) is not None and any(char.isdigit() for char in text)
