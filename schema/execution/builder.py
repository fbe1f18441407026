"""Builders: one Python function per shape, made from source, that completes a record in one pass.

INVARIANT: for every record, a builder returns exactly what graphql-core would complete, or `BAIL`, and has no
side effects either way. It takes only values of the exact expected type; whatever else comes, right or wrong, is
graphql-core's to judge. The source holds names of our own making and literals printed by `repr`, nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLError,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
)
from strawberry.schema.types.base_scalars import isoformat

from documents.plain_records import Record, Records
from schema.execution.fields import RecordField
from schema.execution.shape import TYPENAME, FieldShape, ObjectShape


class _Bail:
    def __repr__(self) -> str:
        return "BAIL"


BAIL: Final = _Bail()

Build = Callable[[Record], Any]

# Of exactly these types a value is neither awaitable nor an error, so a scalar's own function may see it.
_SERIALIZABLE = frozenset({str, int, float, bool, datetime, date, time, Decimal, UUID, bytes, list, dict})
_SERIALIZED = frozenset({str, int, float, bool, list, dict})


@dataclass(frozen=True, slots=True)
class Builder:
    """A compiled shape. `build` gives the response object, with None in place of each key in `resolved`, or `BAIL`."""

    build: Build
    resolved: frozenset[str]


def compile_builder(schema: GraphQLSchema, shape: ObjectShape, type_name: Callable[[Record], str]) -> Builder:
    """Compiles `shape` in about 15 µs a field: keep the result."""
    source = _Source(schema, type_name)
    name = source.object_function(shape)
    resolved = frozenset(field.response_key for field in shape.fields if field.resolved)
    return Builder(source.compile(name), resolved)


class _Source:
    """The source of a builder under way: functions, and the constants that they name."""

    def __init__(self, schema: GraphQLSchema, type_name: Callable[[Record], str]) -> None:
        self._schema = schema
        self._type_name = type_name
        self._lines: list[str] = []
        self._dispatches: list[tuple[dict[str, Build], dict[str, str]]] = []
        self._names: dict[str, Any] = {
            "BAIL": BAIL,
            "Record": Record,
            "Records": Records,
            "datetime": datetime,
            "UTC": UTC,
        }

    def compile(self, name: str) -> Build:
        exec(compile("\n".join(self._lines), "<record builder>", "exec"), self._names)  # noqa: S102 -- see INVARIANT
        for builds, functions in self._dispatches:
            builds.update({type_name: self._names[function] for type_name, function in functions.items()})
        build: Build = self._names[name]
        return build

    def object_function(self, shape: ObjectShape) -> str:
        body: list[str] = []
        items = []
        for index, field in enumerate(shape.fields):
            items.append(f"{field.response_key!r}: {self._field(shape, field, f'v{index}', body)}")
        return self._function(["get = v.get", *body, f"return {{{', '.join(items)}}}"])

    def _field(self, shape: ObjectShape, field: FieldShape, variable: str, body: list[str]) -> str:
        """Adds what completes the field to `body`; returns the expression of its value."""
        if field.resolved:
            return "None"
        if field.name == TYPENAME:
            return repr(shape.type.name)
        graphql_field = self._schema.get_field(shape.type, field.name)
        if graphql_field is None or not isinstance(graphql_field.resolve, RecordField):
            raise LookupError("the shape is of another schema")
        body.append(f"{variable} = get({graphql_field.resolve.key!r})")
        body += self._value(graphql_field.type, variable, field.objects)
        return variable

    def _value(self, output_type: Any, variable: str, objects: tuple[ObjectShape, ...]) -> list[str]:
        """Lines that complete `variable` in place or return `BAIL`."""
        nullable = not isinstance(output_type, GraphQLNonNull)
        inner = output_type if nullable else output_type.of_type
        if isinstance(inner, GraphQLList):
            return _replaced(variable, self._list_function(inner.of_type, objects), nullable)
        if objects:
            return _replaced(variable, self._object_completer(inner, objects), nullable)
        if isinstance(inner, GraphQLEnumType):
            return self._enum(variable, self._constant(_enum_names(inner).get), nullable=nullable)
        refused = self._refused(inner, variable)
        if refused is None:
            return _replaced(variable, self._constant(_scalar_completer(inner)), nullable)
        unless_null = f" and {variable} is not None" if nullable else ""
        return [f"if ({refused}){unless_null}: return BAIL"]

    @staticmethod
    def _enum(variable: str, names: str, *, nullable: bool) -> list[str]:
        """Looks the name up in place: a call for each would cost more than the look-up."""
        lines = [
            f"{variable} = {names}({variable}, BAIL) if type({variable}) is str else BAIL",
            f"if {variable} is BAIL: return BAIL",
        ]
        return [f"if {variable} is not None:", *(f" {line}" for line in lines)] if nullable else lines

    def _refused(self, scalar: GraphQLScalarType, variable: str) -> str | None:
        """The condition under which a value does not pass as it is; None where the scalar must see every value."""
        if scalar is GraphQLString or scalar is GraphQLID:
            return f"type({variable}) is not str"
        if scalar is GraphQLInt:
            return f"type({variable}) is not int or not -2147483648 <= {variable} <= 2147483647"
        if scalar is GraphQLBoolean:
            return f"type({variable}) is not bool"
        if scalar is GraphQLFloat:  # the difference is NaN for NaN and both infinities
            return f"type({variable}) is not float or {variable} - {variable} != 0.0"
        types = _types_passed(scalar)
        if not types:
            return None
        conditions = [f"type({variable}) is not {self._constant(kind)}" for kind in types if kind is not datetime]
        if datetime in types:
            zoneless = "" if scalar.coerce_output_value is isoformat else f" and {variable}.tzinfo is not None"
            conditions.append(f"(type({variable}) is not datetime or {variable}.tzinfo is not UTC{zoneless})")
        return " and ".join(conditions)

    def _list_function(self, item_type: Any, objects: tuple[ObjectShape, ...]) -> str:
        body = ["if type(v) is not list and type(v) is not Records: return BAIL", "out = []", "for x in v:"]
        body += [f" {line}" for line in [*self._value(item_type, "x", objects), "out.append(x)"]]
        return self._function([*body, "return out"])

    def _object_completer(self, named_type: Any, objects: tuple[ObjectShape, ...]) -> str:
        functions = {shape.type.name: self.object_function(shape) for shape in objects}
        if named_type is objects[0].type:
            function = functions[named_type.name]
        else:
            builds: dict[str, Build] = {}
            self._dispatches.append((builds, functions))
            function = self._constant(dispatch(builds, self._type_name))
        return self._function(["if type(v) is not Record: return BAIL", f"return {function}(v)"])

    def _function(self, body: list[str]) -> str:
        name = f"f{len(self._lines)}"
        self._lines += [f"def {name}(v):", *(f" {line}" for line in body)]
        return name

    def _constant(self, value: Any) -> str:
        name = f"c{len(self._names)}"
        self._names[name] = value
        return name


def dispatch(builds: Mapping[str, Build], type_name: Callable[[Record], str]) -> Build:
    """Builds a record by the builder of its type; `BAIL` for a type without one."""

    def build(record: Record) -> Any:
        try:
            found = builds.get(type_name(record))
        except Exception:
            return BAIL  # graphql-core will meet the same and report it where it belongs
        return BAIL if found is None else found(record)

    return build


def _replaced(variable: str, function: str, nullable: bool) -> list[str]:
    lines = [f"{variable} = {function}({variable})", f"if {variable} is BAIL: return BAIL"]
    return [f"if {variable} is not None:", *(f" {line}" for line in lines)] if nullable else lines


def _types_passed(scalar: GraphQLScalarType) -> frozenset[type]:
    serialize = scalar.coerce_output_value
    if serialize is isoformat:  # Strawberry's DateTime, Date and Time; orjson prints an instant in UTC the same
        return frozenset({datetime})
    types: Any = getattr(serialize, "passes_through", None)
    return types if isinstance(types, frozenset) else frozenset()


def _enum_names(enum: GraphQLEnumType) -> dict[str, str]:
    """Names of the enum by declared text values, as the type itself gives them. Members of the enum have none."""
    names: dict[str, str] = {}
    for value in enum.values.values():
        if type(value.value) is str:
            try:
                names[value.value] = enum.coerce_output_value(value.value)
            except (GraphQLError, ValueError):
                continue
    return names


def _scalar_completer(scalar: GraphQLScalarType) -> Callable[[Any], Any]:
    """Calls the scalar's own function, which must be pure: where it raises, graphql-core calls it again."""
    serialize = scalar.coerce_output_value

    def complete(value: Any) -> Any:
        if type(value) not in _SERIALIZABLE:
            return BAIL
        try:
            serialized = serialize(value)
        except Exception:
            return BAIL
        return serialized if type(serialized) in _SERIALIZED else BAIL

    return complete
