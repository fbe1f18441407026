"""What a chapter of the regulation adds to the roots of the schema, and to what the API says.

To add an operation, add it to its chapter; to add a chapter, give its `CHAPTER` a line in `schema.registry`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from documents.declaring.kind import Kind
from schema.language import Texts
from schema.roots.operations import Operation
from schema.roots.subscription import Followed
from schema.vocabulary.customer_types import ChoiceEnums, CustomerTypes
from schema.vocabulary.definitions import Fields
from schema.vocabulary.record_inputs import RecordInputs
from schema.vocabulary.record_types import RecordTypes


@dataclass(frozen=True)
class Vocabulary:
    """The types that a chapter can name."""

    enums: ChoiceEnums
    customers: CustomerTypes
    records: Mapping[Kind, RecordTypes]
    inputs: Mapping[Kind, RecordInputs]


def no_queries(_vocabulary: Vocabulary) -> Fields:
    """Of a chapter that has none beyond the lists of its records."""
    return {}


@dataclass(frozen=True)
class Chapter:
    """All of it may be left out: the lists of every kind of record, and of one, are there without it."""

    operations: tuple[Operation, ...] = ()
    """Mutations that are operations on records."""

    mutations: Fields = field(default_factory=dict)
    """Other mutations."""

    queries: Callable[[Vocabulary], Fields] = no_queries
    """Queries beyond the lists of its records."""

    follows: tuple[Kind, ...] = ()
    """The kinds of record whose changes can be followed: see `schema.roots.subscription`."""

    subscriptions: Mapping[str, Followed] = field(default_factory=dict)
    """Other subscriptions, by field in snake case."""

    texts: Texts = field(default_factory=dict)
    """Those of the codes and rules that only this chapter raises."""
