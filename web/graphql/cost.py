"""The cost of an operation: an upper bound of the fields that its answer can hold.

A field costs 1. A field with a `first` or `last` argument costs its selection as many times as that page has rows.
Where page sizes come from variables, the cost is compiled once per document and computed per request. `@skip` and
`@include` are taken as not skipping. Introspection fields cost 1 each; their lists are as long as the schema.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLArgument,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_composite_type,
)

from web.graphql.limits import fragments_first
from web.http.language import Text
from web.http.refusals import limit_exceeded

ASSUMED_PAGE = 50
"""Rows of a page whose size neither the request nor the schema states."""

PAGE_ARGUMENTS = ("first", "last")


@dataclass(frozen=True, slots=True)
class PageSize:
    """Rows of a page: the greatest of the sizes that are given, else `fallback`.

    `literal` is the size in the document, `variables` are names with the default of their definition, None for none.
    """

    fallback: int
    literal: int | None = None
    variables: tuple[tuple[str, int | None], ...] = ()

    def rows(self, variables: Mapping[str, Any]) -> int:
        """The rows under `variables`, as the client sent them: what is not a number is refused by coercion later."""
        sizes = [self.literal] if self.literal is not None else []
        for name, default in self.variables:
            value = variables.get(name)
            size = _whole(value) if isinstance(value, int | float) else default
            if size is not None:
                sizes.append(size)
        return max(1, *sizes) if sizes else max(1, self.fallback)


def _whole(number: float) -> int:
    return int(number) if math.isfinite(number) else 2**31


@dataclass(frozen=True, slots=True)
class Cost:
    """A sum: a constant, pages of further costs, and fragments by name with how often each is spread."""

    constant: int = 0
    pages: tuple[tuple[PageSize, Cost], ...] = ()
    spreads: tuple[tuple[str, int], ...] = ()

    def value(self, variables: Mapping[str, Any], fragments: Mapping[str, int]) -> int:
        """The number of fields under `variables`, given the values of the fragments."""
        total = self.constant
        for size, cost in self.pages:
            total += size.rows(variables) * cost.value(variables, fragments)
        for name, times in self.spreads:
            total += times * fragments[name]
        return total

    def times(self, factor: int) -> Cost:
        """This cost, `factor` times."""
        return Cost(
            self.constant * factor,
            tuple((size, cost.times(factor)) for size, cost in self.pages),
            tuple((name, times * factor) for name, times in self.spreads),
        )

    @property
    def is_constant(self) -> bool:
        """Whether no variable matters."""
        return not self.pages and not self.spreads


@dataclass(frozen=True, slots=True)
class OperationCost:
    """The cost of one operation with those fragments of its document that depend on variables, inner ones first."""

    root: Cost
    fragments: tuple[tuple[str, Cost], ...]

    def value(self, variables: Mapping[str, Any]) -> int:
        """The number of fields under `variables`."""
        if self.root.is_constant:
            return self.root.constant
        values: dict[str, int] = {}
        for name, cost in self.fragments:
            values[name] = cost.value(variables, values)
        return self.root.value(variables, values)


def refuse_costly(cost: OperationCost, variables: Mapping[str, Any], limit: int) -> None:
    """Raise `DocumentRefused` where the operation costs more than `limit`."""
    actual = cost.value(variables)
    if actual > limit:
        text = Text(
            "the query asks for too much at once: ask for fewer rows or fields",
            "单次查询的数据量过大：请减少行数或字段",
        )
        raise limit_exceeded("COST_LIMIT", text, limit=limit, actual=actual)


def operation_cost(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) -> OperationCost:
    """The cost of `operation` of a *validated* document."""
    compiler = _Compiler(schema, operation)
    fragments: list[tuple[str, Cost]] = []
    for fragment in fragments_first(document):
        name = fragment.name.value
        cost = compiler.selection(fragment.selection_set, schema.get_type(fragment.type_condition.name.value))
        compiler.fragments[name] = cost
        if not cost.is_constant:
            fragments.append((name, cost))
    root = compiler.selection(operation.selection_set, schema.get_root_type(operation.operation))
    return OperationCost(root, tuple(fragments))


class _Compiler:
    """Compiles selections for one operation, whose variable definitions give the sizes of absent variables."""

    def __init__(self, schema: GraphQLSchema, operation: OperationDefinitionNode) -> None:
        self.schema = schema
        self.fragments: dict[str, Cost] = {}
        self.defaults = {
            definition.variable.name.value: int(definition.default_value.value)
            for definition in operation.variable_definitions or ()
            if isinstance(definition.default_value, IntValueNode)
        }

    def selection(self, selection_set: SelectionSetNode, parent: GraphQLNamedType | None) -> Cost:
        """The cost of the selections on type `parent`."""
        constant = 0
        pages: list[tuple[PageSize, Cost]] = []
        spreads: dict[str, int] = {}
        for node in selection_set.selections:
            part = self._node(node, parent)
            constant += part.constant
            pages.extend(part.pages)
            for name, times in part.spreads:
                spreads[name] = spreads.get(name, 0) + times
        return Cost(constant, tuple(pages), tuple(spreads.items()))

    def _node(self, node: object, parent: GraphQLNamedType | None) -> Cost:
        if isinstance(node, FragmentSpreadNode):
            cost = self.fragments[node.name.value]
            return cost if cost.is_constant else Cost(spreads=((node.name.value, 1),))
        if isinstance(node, InlineFragmentNode):
            condition = node.type_condition
            return self.selection(
                node.selection_set, self.schema.get_type(condition.name.value) if condition else parent
            )
        assert isinstance(node, FieldNode)  # noqa: S101 - the grammar has three selections
        return self._field(node, parent)

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None) -> Cost:
        if not node.selection_set or not is_composite_type(parent):
            return Cost(1)
        field = self.schema.get_field(parent, node.name.value)
        if field is None:
            return Cost(1)
        inner = self.selection(node.selection_set, get_named_type(field.type))
        size = self._page_size(node, field)
        if size.variables:
            return Cost(1, ((size, inner),))
        scaled = inner.times(size.rows({}))
        return Cost(scaled.constant + 1, scaled.pages, scaled.spreads)

    def _page_size(self, node: FieldNode, field: GraphQLField) -> PageSize:
        declared = [name for name in PAGE_ARGUMENTS if name in field.args]
        if not declared:
            return PageSize(1)
        given = {argument.name.value: argument.value for argument in node.arguments or ()}
        fallback = max([_default(field.args[name]) or 0 for name in declared]) or ASSUMED_PAGE
        literals = [int(v.value) for name in declared if isinstance(v := given.get(name), IntValueNode)]
        variables = [v.name.value for name in declared if isinstance(v := given.get(name), VariableNode)]
        return PageSize(
            fallback,
            max(literals, default=None),
            tuple((name, self.defaults.get(name)) for name in variables),
        )


def _default(argument: GraphQLArgument) -> int | None:
    """The default of a page argument, declared in code (`default_value`) or in SDL (`default`)."""
    declared = argument.default_value if argument.default is None else argument.default.value
    literal = argument.default.literal if argument.default is not None else None
    if isinstance(literal, IntValueNode):
        return int(literal.value)
    return declared if isinstance(declared, int) else None
