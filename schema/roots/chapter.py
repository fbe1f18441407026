"""The operations of the regulation, chapter by chapter: what each adds to the roots of the schema.

A chapter's module lists its mutations as `Operation`s, and its queries beyond the lists that every kind of record has.
To add an operation, add it to its chapter; to add a chapter, name its module in `CHAPTERS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from documents.declaring.kind import Kind
from schema.roots.operations import Operation
from schema.vocabulary.customer_types import ChoiceEnums, CustomerTypes
from schema.vocabulary.record_inputs import RecordInputs
from schema.vocabulary.record_types import RecordTypes

Fields = dict[str, tuple[Any, Any]]
"""Root field in snake case → (its type, the Strawberry field)."""


@dataclass(frozen=True)
class Vocabulary:
    """The types that a chapter can name."""

    enums: ChoiceEnums
    customers: CustomerTypes
    records: Mapping[Kind, RecordTypes]
    inputs: Mapping[Kind, RecordInputs]


class Chapter(Protocol):
    """What a chapter's module has. `plain_types` are the names of object types that it serves from records."""

    def operations(self, vocabulary: Vocabulary) -> list[Operation]: ...

    def queries(self, vocabulary: Vocabulary) -> Fields: ...

    @property
    def PLAIN_TYPES(self) -> tuple[str, ...]: ...  # noqa: N802 - a module's constant
