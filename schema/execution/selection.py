"""Look-ahead: what the operation selects below the field being resolved, so that nothing else is fetched or decrypted.

It tells what is asked for, never what may be answered: that is the access plan's. Aliases, fragments, `@skip` and
`@include` are read by graphql-core's own collection, so that it cannot differ from what execution will ask.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

import strawberry
from graphql import (
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    get_named_type,
    is_abstract_type,
    is_object_type,
)
from graphql.execution.collect_fields import FieldDetails, FieldDetailsList, FragmentDetails, collect_subfields

from schema.execution import declared_name, record_schema

Answer = TypeVar("Answer")
SelectedFields = Mapping[str, frozenset[str]]


def selected_fields(info: strawberry.Info | GraphQLResolveInfo[Any], *path: str) -> SelectedFields:
    """The declared fields selected at `path` below the current field, by name of the concrete type.

    `path` is of GraphQL field names, each below the one before: `selected_fields(info, "edges", "node")` in a resolver
    of `customers` gives {"Individual": frozenset({"name", "id_number"}), "Enterprise": …}. An interface or union counts
    for each of its types, with what fragments select of that type alone. Names are record keys, or for a field with a
    resolver of its own the Python name; `__typename` is none. Empty where nothing on the path is selected.
    """
    core = info if isinstance(info, GraphQLResolveInfo) else info._raw_info
    found: SelectedFields = _remembered(core, "fields", path)
    return found


def selects(info: strawberry.Info | GraphQLResolveInfo[Any], *path: str) -> bool:
    """Whether the field at `path` (GraphQL names) below the current field is selected: `selects(info, "totalCount")`.

    Under an interface or union, whether it is for any of the types.
    """
    core = info if isinstance(info, GraphQLResolveInfo) else info._raw_info
    return bool(_remembered(core, "selects", path))


def selects_each(info: strawberry.Info | GraphQLResolveInfo[Any], *paths: tuple[str, ...]) -> tuple[bool, ...]:
    """`selects` for each of `paths`, in one step."""
    core = info if isinstance(info, GraphQLResolveInfo) else info._raw_info
    answers: tuple[bool, ...] = _remembered(core, "each", paths)
    return answers


def remembered(info: GraphQLResolveInfo[Any], question: Hashable, make: Callable[[], Answer]) -> Answer:
    """What `make` derives from the selection below the current field, and from nothing else.

    Kept under `question` for as long as the document lives, by the values of the variables in its directives."""
    known = record_schema(info.schema)
    memo = known.operations.of(info.operation, info.fragments) if known is not None else None
    conditions = memo.conditions(info.variable_values.coerced) if memo is not None else None
    if memo is None or conditions is None:
        return make()
    # The memo holds these nodes, all parts of its document, so that their identities are theirs alone.
    key = (question, info.parent_type, tuple(id(node) for node in info.field_nodes), conditions)
    answer: Answer | None = memo.get(key)
    if answer is None:
        answer = make()
        memo.put(key, answer)
    return answer


def _remembered(info: GraphQLResolveInfo[Any], question: str, path: tuple[Any, ...]) -> Any:
    return remembered(info, (question, path), lambda: _answer(info, question, path))


def _answer(
    info: GraphQLResolveInfo[Any], question: str, path: tuple[Any, ...]
) -> SelectedFields | bool | tuple[bool, ...]:
    if question == "each":
        return tuple(bool(_answer(info, "selects", one)) for one in path)
    lookahead = _Lookahead(info)
    if question == "selects":
        *above, name = path
        return any(name in lookahead.fields(kind, details) for kind, details in lookahead.at(above).items())
    return MappingProxyType(
        {
            kind.name: frozenset(
                declared_name(name, kind.fields[name])
                for name in lookahead.fields(kind, details)
                if name in kind.fields
            )
            for kind, details in lookahead.at(path).items()
        }
    )


Level = dict[GraphQLObjectType, FieldDetailsList]  # the concrete types at one depth, with the fields that lead to each


class _Lookahead:
    """Walks down the selection from the field being resolved."""

    def __init__(self, info: GraphQLResolveInfo[Any]) -> None:
        self._info = info
        self._fragments = {name: FragmentDetails(definition) for name, definition in info.fragments.items()}

    def at(self, path: Iterable[str]) -> Level:
        """The level that `path` leads to; empty where one of its names is not selected."""
        details = [FieldDetails(node, None) for node in self._info.field_nodes]
        level: Level = dict.fromkeys(self._concrete_types(self._info.return_type), details)
        for name in path:
            level = self._below(level, name)
        return level

    def fields(self, kind: GraphQLObjectType, details: FieldDetailsList) -> dict[str, FieldDetailsList]:
        """The selected fields of `kind` by field name, whatever their response keys."""
        info = self._info
        collected = collect_subfields(info.schema, self._fragments, info.variable_values, info.operation, kind, details)
        fields: dict[str, FieldDetailsList] = {}
        for group in collected.grouped_field_set.values():
            fields.setdefault(group[0].node.name.value, []).extend(group)
        return fields

    def _below(self, level: Level, name: str) -> Level:
        below: dict[GraphQLObjectType, dict[int, FieldDetails]] = {}
        for kind, details in level.items():
            selected = self.fields(kind, details).get(name)
            if selected and name in kind.fields:
                for member in self._concrete_types(kind.fields[name].type):
                    # Types of one interface share field nodes; each is walked once.
                    below.setdefault(member, {}).update({id(detail.node): detail for detail in selected})
        return {member: list(details.values()) for member, details in below.items()}

    def _concrete_types(self, output_type: GraphQLOutputType) -> list[GraphQLObjectType]:
        named_type = get_named_type(output_type)
        if is_abstract_type(named_type):
            return list(self._info.schema.get_possible_types(named_type))
        return [named_type] if is_object_type(named_type) else []
