"""Random worlds for the equivalence test: a schema, documents for it, and records with the edge values of each type.

All is drawn from one `random.Random`, so that a seed names a case for good. Records are made anew for each execution.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from random import Random
from typing import Any
from uuid import UUID

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLField,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
    GraphQLUnionType,
    Undefined,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
)
from strawberry.schema.types.base_scalars import isoformat

from documents.plain_records import Record, Records
from schema.execution import install_record_fields, passes_through, serialize_instant, serialize_text
from schema.execution.fields import RecordField
from schema.execution.metrics import ExecutionMetrics


class Tone(StrEnum):
    """Declared values as documents hold them."""

    LOUD = "loud"
    SOFT = "soft"


class Later:
    """An awaitable that may be awaited any number of times, or never."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __repr__(self) -> str:
        return "Later()"

    def __await__(self) -> Generator[None, None, Any]:
        yield
        if isinstance(self.value, Exception):
            raise self.value
        return self.value


@dataclass
class Plain:
    """A source that is no record: some of its attributes are missing."""

    type: str
    key_0: Any = "plain"
    key_1: Any = None


class Text(str):
    """Text of a subclass."""

    __slots__ = ()


class Number(int):
    """An int of a subclass."""


def _picky(value: Any) -> Any:
    """Fails for some, gives nothing for some, and a different type for others."""
    if value in ("fails", 13):
        raise ValueError(f"picky about {value}")
    if value == "nothing":
        return None
    if value == "undefined":
        return Undefined
    if value == "later":
        return Later("came later")
    return f"<{value}>" if isinstance(value, str) else [value] if isinstance(value, int) else value


@passes_through(str, bool)
def _lenient(value: Any) -> Any:
    return value if isinstance(value, str | bool) else f"made of {type(value).__name__}"


INSTANT = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
ODD: list[Any] = [
    None, "", "text", "7", "loud", "LOUD", Text("sub"), 0, 1, -1, 13, True, False, 3.0, 3.5, -0.0, 1e308, float("nan"),
    float("inf"), float("-inf"), 2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 2**53 + 1, 10**18, Number(5), Decimal("4"),
    Decimal("4.5"), b"bytes", [], ["text"], (1, 2), {"key": 1}, Undefined, ValueError("stored error"), Tone.LOUD,
    INSTANT, INSTANT.replace(tzinfo=None), date(2026, 3, 1), UUID(int=7), object, Later("later"),
    Later(ValueError("late error")), Later(None),
]  # fmt: skip
INSTANTS: list[Any] = [
    INSTANT, INSTANT.replace(microsecond=1), INSTANT.replace(microsecond=120000), datetime(1, 1, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), INSTANT.replace(second=59),
]  # fmt: skip
STORED_INSTANTS: list[Any] = [*INSTANTS, INSTANT.replace(tzinfo=None), datetime(1999, 12, 31, 23, 59, 59, 999000)]  # noqa: DTZ001
ODD_INSTANTS: list[Any] = [
    INSTANT.replace(tzinfo=None), INSTANT.astimezone(timezone(timedelta(hours=8))), date(2026, 3, 1), "2026-03-01",
    INSTANT.replace(tzinfo=timezone(timedelta(0), "Z")), INSTANT.replace(tzinfo=timezone(timedelta(seconds=30))),
]  # fmt: skip


class LeafType:
    """A leaf type with the values it usually has, and those on and over its edges."""

    def __init__(self, type_: Any, usual: list[Any], edge: list[Any]) -> None:
        self.type = type_
        self.usual = usual
        self.edge = edge


def _leaf_types() -> list[LeafType]:
    scalar = GraphQLScalarType
    mixed: dict[str, Any] = {"ONE": 1, "YES": "yes", "TRUE": True, "ALSO_YES": "yes", "NONE": None}
    ints: list[Any] = [2**31 - 1, -(2**31), 2**31, -(2**31) - 1, True, False, True, 3.0, float("nan")]
    floats: list[Any] = [1, 2**53 + 1, 10**400, float("nan"), float("inf"), -0.0, True, 1e308]
    return [
        LeafType(GraphQLString, ["one", "two", "", "三"], ["\x00", Text("sub"), 5, True, 1.5]),
        LeafType(GraphQLID, ["id-1", "id-2"], [7, 7.0, True, Text("sub")]),
        LeafType(GraphQLInt, [0, 1, -7, 2**31 - 1, -(2**31)], ints),
        LeafType(GraphQLFloat, [0.5, -2.25, 1e10], floats),
        LeafType(GraphQLBoolean, [True, False], [0, 1, 0.0, float("nan"), "true"]),
        LeafType(GraphQLEnumType("Tone", {"LOUD": "loud", "SOFT": "soft"}), ["loud", "soft"], [Tone.LOUD, "LOUD", []]),
        LeafType(GraphQLEnumType("Mixed", mixed), ["yes"], [1, 1.0, True, "YES", "no", {}]),
        LeafType(scalar("PlainText", coerce_output_value=serialize_text), ["a", "b"], [Text("c"), 1, b""]),
        LeafType(scalar("Instant", coerce_output_value=serialize_instant), STORED_INSTANTS, ODD_INSTANTS),
        LeafType(scalar("Iso", coerce_output_value=isoformat), INSTANTS, ODD_INSTANTS),
        LeafType(
            scalar("Picky", coerce_output_value=_picky), ["fine", 4], ["fails", 13, "nothing", "undefined", "later"]
        ),
        LeafType(scalar("Lenient", coerce_output_value=_lenient), ["x", True], [1, 1.5, Tone.SOFT, Text("t")]),
        LeafType(scalar("Any"), [{"a": [1]}, [1], "x", 4], [float("nan"), UUID(int=1), INSTANT, Decimal("1")]),
    ]


class World:
    """One schema, and the records and documents that can be drawn for it; a leaf type in `focus` is common in it."""

    def __init__(self, random: Random, focus: int) -> None:
        self.random = random
        self.leaves = _leaf_types()
        self.focus = self.leaves[focus % len(self.leaves)].type
        self.values = {leaf.type.name: leaf for leaf in self.leaves}
        self.members: list[GraphQLObjectType] = []
        shared = self._leaf_fields("s", 4)
        # Fields of one interface stand under another key in each type, as only a type's own plan knows.
        self.interface = GraphQLInterfaceType("Face", shared)
        for index in range(3):
            self.members.append(self._object_type(f"T{index}", shared if index < 2 else {}))
        self.union = GraphQLUnionType("Sum", self.members[1:])
        root = {name: GraphQLField(kind, resolve=_from_root(name)) for name, kind in self._root_types().items()}
        self.schema = GraphQLSchema(GraphQLObjectType("Query", root), types=self.members)
        self.metrics = install_record_fields(
            self.schema, [kind.name for kind in self.members], type_name=_type_name, metrics=ExecutionMetrics()
        )
        for kind in self.members:
            for name, field in kind.fields.items():
                if isinstance(field.resolve, RecordField):
                    field.resolve = RecordField(_key(kind.name, name))

    # -- the schema

    def _root_types(self) -> dict[str, Any]:
        first = self.members[0]
        return {
            "rows": GraphQLList(GraphQLNonNull(first)),
            "some": GraphQLNonNull(GraphQLList(first)),
            "faces": GraphQLList(self.interface),
            "sums": GraphQLList(GraphQLNonNull(self.union)),
            "one": first,
            "face": GraphQLNonNull(self.interface),
        }

    def _leaf_fields(self, prefix: str, count: int) -> dict[str, GraphQLField]:
        return {f"{prefix}{index}": GraphQLField(self._wrapped(self._leaf())) for index in range(count)}

    def _leaf(self) -> Any:
        return self.focus if self.random.random() < 0.3 else self.random.choice(self.leaves).type

    def _wrapped(self, named: Any) -> Any:
        """`named` in up to two lists, each level nullable or not; mostly bare."""
        wrapped = named
        for _ in range(self.random.choice([0, 0, 0, 1, 1, 2])):
            wrapped = GraphQLList(GraphQLNonNull(wrapped) if self.random.random() < 0.4 else wrapped)
        return GraphQLNonNull(wrapped) if self.random.random() < 0.3 else wrapped

    def _object_type(self, name: str, shared: dict[str, GraphQLField]) -> GraphQLObjectType:
        # The types of the fields are drawn now: the order of thunks is graphql-core's business.
        fields = {key: GraphQLField(field.type) for key, field in shared.items()}
        fields |= self._leaf_fields("f", 7)
        choices = [self.random.random() for _ in range(4)]
        seeds = [self.random.getrandbits(32) for _ in range(2)]

        def with_objects() -> dict[str, GraphQLField]:
            random = Random(seeds[0])
            kinds = [self.members[random.randrange(3)], self.interface, self.union]
            objects = {f"o{index}": GraphQLField(self._wrapped_by(random, kind)) for index, kind in enumerate(kinds)}
            return {**fields, **objects, **self._resolved_fields(name, choices)}

        is_type_of: Callable[..., bool] | None = (
            (lambda value, _info: isinstance(value, Plain)) if choices[3] < 0.5 else None
        )
        return GraphQLObjectType(
            name, with_objects, interfaces=[self.interface] if shared else [], is_type_of=is_type_of
        )

    @staticmethod
    def _wrapped_by(random: Random, named: Any) -> Any:
        wrapped = random.choice([named, named, GraphQLList(named), GraphQLList(GraphQLNonNull(named))])
        return GraphQLNonNull(wrapped) if random.random() < 0.2 else wrapped

    def _resolved_fields(self, name: str, choices: list[float]) -> dict[str, GraphQLField]:
        """Fields that no builder may take."""
        fields = {"r0": GraphQLField(GraphQLString, {"n": GraphQLArgument(GraphQLInt)}, resolve=_counted)}
        if choices[0] < 0.6:
            fields["r1"] = GraphQLField(
                GraphQLNonNull(GraphQLInt) if choices[1] < 0.3 else GraphQLInt, resolve=_sometimes
            )
        if choices[2] < 0.6:
            fields["r2"] = GraphQLField(GraphQLString, resolve=_in_time)
        return fields

    # -- records

    def root(self, seed: int) -> dict[str, Any]:
        """The values of the root fields: the same for the same seed, of new objects each time."""
        random = Random(seed)
        oddity = random.choice([0.0, 0.01, 0.05, 0.3])
        # Half of the time the values of one type alone are odd, so that nothing else hides what becomes of them.
        focus = self.focus.name if random.random() < 0.5 else None
        draw = _Records(self, random, 0.0 if focus else oddity, focus)
        return {name: draw.value(kind, depth=0) for name, kind in self._root_types().items()}


class _Records:
    """Draws values by type; each is odd with a probability."""

    def __init__(self, world: World, random: Random, oddity: float, focus: str | None) -> None:
        self.world = world
        self.random = random
        self.oddity = oddity
        self.focus = focus

    def value(self, kind: Any, depth: int) -> Any:
        random = self.random
        if random.random() < self.oddity / 4:
            return random.choice(ODD)
        if isinstance(kind, GraphQLNonNull):
            return None if random.random() < self.oddity / 2 else self._present(kind.of_type, depth)
        if random.random() < 0.06:
            return None
        return self._present(kind, depth)

    def _present(self, kind: Any, depth: int) -> Any:
        if isinstance(kind, GraphQLList):
            return self._list(kind, depth)
        if is_leaf_type(kind):
            return self._leaf(kind)
        return self.record(kind, depth)

    def _list(self, kind: Any, depth: int) -> Any:
        length = self.random.choice([0, 1, 2] if depth else [0, 2, 6])
        items = [self.value(kind.of_type, depth + 1) for _ in range(length)]
        if is_leaf_type(get_named_type(kind)):
            return tuple(items) if self.random.random() < self.oddity else items
        if self.random.random() < 0.1:
            return items
        return Records(items)

    def _leaf(self, kind: Any) -> Any:
        values, draw = self.world.values[kind.name], self.random.random()
        if draw < (0.15 if kind.name == self.focus else self.oddity):
            return self.random.choice(values.edge)
        return self.random.choice(values.usual)

    def record(self, kind: Any, depth: int) -> Any:
        random = self.random
        if is_abstract_type(kind):
            members = self.world.schema.get_possible_types(kind)
            kind = members[random.randrange(len(members))]
        if random.random() < self.oddity / 4:
            return Plain(kind.name)
        record = Record(type=kind.name)
        for field in kind.fields.values():
            if not isinstance(field.resolve, RecordField):
                continue
            deep = depth > 2 and not is_leaf_type(get_named_type(field.type))
            if not deep and (isinstance(field.type, GraphQLNonNull) or random.random() > 0.05):
                record[field.resolve.key] = self.value(field.type, depth + 1)
        if random.random() < self.oddity / 4:
            record["type"] = random.choice(["T0", "Nobody", "Query", None, [], 5])
            if record["type"] == 5:
                del record["type"]
        record["count"] = random.choice([1, 2, 3])
        return record


class Documents:
    """Draws documents for a world: valid in syntax, mostly valid otherwise."""

    def __init__(self, world: World, random: Random) -> None:
        self.world = world
        self.random = random
        self.fragments: list[str] = []

    def document(self) -> str:
        self.fragments = []
        roots = self.random.sample(["rows", "some", "faces", "sums", "one", "face"], self.random.choice([1, 2, 3]))
        types = self.world.schema.query_type.fields  # type: ignore[union-attr]
        body = " ".join(self._object_field(root, types[root].type, depth=0) for root in roots)
        variables = "$a: Boolean!, $b: Boolean = true, $n: Int"
        return f"query ({variables}) {{ {body} }} {' '.join(self.fragments)}"

    def _object_field(self, name: str, kind: Any, depth: int) -> str:
        return f"{self._key(name)}{self._condition()} {{ {self._selections(get_named_type(kind), depth + 1)} }}"

    def _key(self, name: str) -> str:
        draw = self.random.random()
        return f"{self.random.choice(['x', 'y', 'a'])}{name}: {name}" if draw < 0.3 else name

    def _condition(self) -> str:
        draw = self.random.random()
        if draw < 0.85:
            return ""
        value = self.random.choice(["$a", "$b", "true", "false"])
        return f" @{self.random.choice(['skip', 'include'])}(if: {value})"

    def _selections(self, kind: Any, depth: int) -> str:
        return " ".join(self._selection(kind, depth) for _ in range(self.random.choice([2, 3, 5, 8])))

    def _selection(self, kind: Any, depth: int) -> str:
        draw = self.random.random()
        if draw < 0.08:
            return f"{self._key('__typename')}{self._condition()}"
        if draw < 0.28 and depth < 4:
            condition = self.random.choice([kind, *self.world.members, self.world.interface])
            return self._inline(kind, condition, depth) if draw < 0.2 else self._spread(condition, depth)
        return self._field(kind, depth)

    def _inline(self, kind: Any, condition: Any, depth: int) -> str:
        on = "" if condition is kind and self.random.random() < 0.5 else f" on {condition.name}"
        return f"...{on}{self._condition()} {{ {self._selections(condition, depth + 1)} }}"

    def _spread(self, condition: Any, depth: int) -> str:
        position = len(self.fragments)
        self.fragments.append("")  # takes the name: those below it get others
        selections = self._selections(condition, depth + 1)
        self.fragments[position] = f"fragment F{position} on {condition.name} {{ {selections} }}"
        spread = f"...F{position}{self._condition()}"
        return f"{spread} ...F{position}" if self.random.random() < 0.2 else spread

    def _field(self, kind: Any, depth: int) -> str:
        fields = getattr(kind, "fields", {})
        leaves = [name for name, field in fields.items() if is_leaf_type(get_named_type(field.type))]
        objects = [name for name in fields if name not in leaves]
        if objects and depth < 4 and self.random.random() < 0.25:
            name = self.random.choice(objects)
            return self._object_field(name, fields[name].type, depth)
        if not leaves:
            return "__typename"
        name = self.random.choice(leaves)
        if name == "r0":
            return f"{self.random.choice(['', 'n1: ', 'n2: '])}r0{self.random.choice(['', '(n: 2)', '(n: $n)'])}"
        if self.random.random() < 0.01:
            return "unknown"
        return f"{self._key(name)}{self._condition()}"


def _key(type_name: str, field_name: str) -> str:
    """The record key: never the GraphQL name, and for fields of the interface another one in each type."""
    number = int(field_name[1:]) if field_name[1:].isdigit() else 0
    if field_name.startswith("s"):
        return f"key_{(number + int(type_name[1:])) % 4}"
    return f"{field_name[0]}_{number}"


def _type_name(record: Record) -> str:
    name: str = record["type"]
    return name


def _from_root(name: str) -> Callable[..., Any]:
    return lambda root, _info: root[name]


def _counted(source: Any, _info: Any, n: int | None = None) -> Any:
    return f"{n} of {len(source) if isinstance(source, Record) else 0}"


def _sometimes(source: Any, _info: Any) -> Any:
    if source["count"] == 3:
        raise LookupError("the third fails")
    return source["count"]


def _in_time(source: Any, _info: Any) -> Any:
    return Later(LookupError("late")) if source["count"] == 2 else Later("in time")
