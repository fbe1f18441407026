"""The registry of channels: small scripts of requests through which a value could show.

A channel is a generator: it yields an `Ask`, is sent the answer (which was the same in both worlds, or the run has
ended), and goes on. The modules `reads`, `conditions` and `mutations` register theirs on import.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from random import Random
from typing import Any

from graphql import GraphQLInputObjectType, GraphQLSchema, get_named_type, is_interface_type, is_object_type

from documents.declaring.fields import FieldSpec
from documents.declaring.kind import Kind
from documents.declaring.names import camel_case
from resolvers.reads import RECENT
from tests.leaks.values import ValuePool
from tests.leaks.worlds import CALLER, Row

FULL = os.environ.get("DOSSIER_FULL_LEAK_MATRIX") == "1"
Answer = dict[str, Any]


@dataclass(frozen=True)
class Ask:
    """One request. `writes_nothing`: what both databases hold must be the same afterwards, byte by byte.
    `by` another than the caller, the answers may differ: that one may see what the caller may not."""

    document: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    key: str | None = None
    by: str | None = CALLER
    writes_nothing: bool = True
    language: str = "en"
    in_parts: bool = False


Script = Generator[Ask, Answer, None]


@dataclass
class Subject:
    """What a script is about: a field of a kind with its values in both worlds, a kind, or just the caller."""

    schema: GraphQLSchema
    rows: Sequence[Row]  # all of world A; of the subject's kind only, if it has one
    random: Random
    pool: ValuePool
    kind: Kind | None = None
    spec: FieldSpec | None = None

    @property
    def of_kind(self) -> Kind:
        assert self.kind is not None
        return self.kind

    @property
    def field(self) -> FieldSpec:
        assert self.spec is not None
        return self.spec

    @property
    def visible(self) -> list[Row]:
        return [row for row in self.rows if row.grants.is_visible]

    @property
    def hidden(self) -> list[Row]:
        return [row for row in self.rows if not row.grants.is_visible]

    @property
    def differing(self) -> list[Row]:
        """The rows in which the field is another in world B; removed ones count."""
        return [row for row in self.rows if row.removed or self.field.name in row.changes]

    def some(self, rows: Sequence[Row], count: int) -> list[Row]:
        """`count` rows, of different scopes first; all of them in the full matrix."""
        if FULL:
            return list(rows)
        shuffled = self.random.sample(list(rows), len(rows))
        first = {(row.scopes, row.removed): row for row in reversed(shuffled)}.values()
        return [*first, *(row for row in shuffled if row not in first)][:count]

    def pairs(self, count: int) -> list[tuple[Any, Any]]:
        """Values of A and B of some differing rows."""
        rows = [row for row in self.differing if row.values.get(self.field.name) is not None] or list(self.rows)
        chosen = rows if FULL else self.random.sample(rows, min(count, len(rows)))
        return [(row.values.get(self.field.name), row.in_b(self.field.name)) for row in chosen]


class Per(Enum):
    """What a channel is generated over."""

    CALLER = auto()
    KIND = auto()
    FIELD = auto()


@dataclass(frozen=True)
class Channel:
    """`compares`: it asks whether a field equals a given value, which a caller may ask of findable fields.
    `covers` are the root fields that it uses, and `customers(argument:)`s."""

    name: str
    script: Callable[[Subject], Script]
    per: Per
    compares: bool
    covers: frozenset[str]
    writes: bool
    applies: Callable[[FieldSpec], bool]

    @property
    def changes(self) -> bool:
        """Whether it asks for changes, permitted or not."""
        return any(name.startswith("Mutation.") for name in self.covers)

    def __str__(self) -> str:
        return self.name


CHANNELS: dict[str, Channel] = {}


def channel(
    *covers: str,
    per: Per,
    compares: bool = False,
    writes: bool = False,
    applies: Callable[[FieldSpec], bool] = lambda _: True,
) -> Callable[[Callable[[Subject], Script]], Callable[[Subject], Script]]:
    """Registers a script under its own name."""

    def register(script: Callable[[Subject], Script]) -> Callable[[Subject], Script]:
        name = script.__name__
        assert name not in CHANNELS
        CHANNELS[name] = Channel(name, script, per, compares, frozenset(covers), writes, applies)
        return script

    return register


def selection(schema: GraphQLSchema, type_name: str, *, depth: int = 3, without: frozenset[str] = frozenset()) -> str:
    """Everything that can be selected on a type, by the schema's own word."""
    kind: Any = schema.type_map[type_name]
    parts: list[str] = []
    for name, definition in kind.fields.items():
        named = get_named_type(definition.type)
        if name in without or definition.args:
            continue
        if is_object_type(named) or is_interface_type(named):
            if depth > 0:
                below = selection(schema, named.name, depth=depth - 1, without=without | {"customer"})
                parts.append(f"{name} {{ {below} }}")
        else:
            parts.append(name)
    return " ".join(parts)


def type_name(kind: Kind) -> str:
    return kind.value.capitalize()


RECORDS = frozenset(map(camel_case, RECENT))
"""What hangs on a customer has a matrix of its own (tests/leaks/test_record_leaks.py)."""


def whole(schema: GraphQLSchema, kind: Kind) -> str:
    """An inline fragment with everything of a kind."""
    return f"... on {type_name(kind)} {{ {selection(schema, type_name(kind), without=RECORDS)} }}"


def filter_operators(schema: GraphQLSchema) -> dict[str, tuple[str, ...]]:
    """The operators of each field of `CustomerFilter`, by public name."""
    declared = schema.type_map["CustomerFilter"]
    assert isinstance(declared, GraphQLInputObjectType)
    found: dict[str, tuple[str, ...]] = {}
    for name, definition in declared.fields.items():
        named = get_named_type(definition.type)
        if named is not declared:
            assert isinstance(named, GraphQLInputObjectType)
            found[name] = tuple(named.fields)
    return found
