"""The limits of one request, and the size of a document measured against them.

A document is measured before it is validated and without the schema: an oversized one costs little. Everything
counts as often as fragments repeat it. Each fragment is measured once, so that spreads that double at each step cost
no more than their text; spreads that form a cycle count nothing here, validation refuses them.

Published codes: `LENGTH_LIMIT`, `TOKEN_LIMIT`, `DEPTH_LIMIT`, `ALIAS_LIMIT`, `DIRECTIVE_LIMIT`, `COST_LIMIT`
(web/graphql/cost.py), `BODY_TOO_LARGE` (web/graphql/endpoint.py), `TIMEOUT` (web/graphql/serving.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)

from web.http.language import Text
from web.http.refusals import limit_exceeded

INTROSPECTION_DEPTH = 20
"""Levels below `__schema` or `__type`. The standard introspection query has 15; cycles are for graphql-core's
MaxIntrospectionDepthRule."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may ask for: levels, counts, characters of document, cost units, bytes of body, seconds."""

    depth: int = 12
    aliases: int = 30
    directives: int = 50
    tokens: int = 2000
    characters: int = 64 * 1024
    cost: int = 10_000
    body_bytes: int = 1024 * 1024
    seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class Size:
    """The size of a selection, fragments expanded: deepest level, deepest introspection level, counts."""

    depth: int = 0
    introspection_depth: int = 0
    aliases: int = 0
    directives: int = 0


def refuse_oversized(document: DocumentNode, limits: Limits) -> None:
    """Raise `DocumentRefused` where an operation of `document` goes beyond `limits`."""
    sizes: dict[str, Size] = {}
    for fragment in fragments_first(document):
        sizes[fragment.name.value] = _size(fragment.selection_set, sizes, len(fragment.directives or ()))
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            _refuse(_size(definition.selection_set, sizes, len(definition.directives or ())), limits)


def _refuse(size: Size, limits: Limits) -> None:
    if size.depth > limits.depth or size.introspection_depth > INTROSPECTION_DEPTH:
        introspection = size.depth <= limits.depth
        raise limit_exceeded(
            "DEPTH_LIMIT",
            Text("the query is nested too deeply", "查询嵌套过深"),
            limit=INTROSPECTION_DEPTH if introspection else limits.depth,
            actual=size.introspection_depth if introspection else size.depth,
        )
    if size.aliases > limits.aliases:
        text = Text("the query has too many aliases", "查询中的别名过多")
        raise limit_exceeded("ALIAS_LIMIT", text, limit=limits.aliases, actual=size.aliases)
    if size.directives > limits.directives:
        text = Text("the query has too many directives", "查询中的指令过多")
        raise limit_exceeded("DIRECTIVE_LIMIT", text, limit=limits.directives, actual=size.directives)


def _size(selection_set: SelectionSetNode, fragments: Mapping[str, Size], directives: int = 0) -> Size:
    depth = introspection_depth = aliases = 0
    for selection in selection_set.selections:
        part = _selection_size(selection, fragments)
        depth = max(depth, part.depth)
        introspection_depth = max(introspection_depth, part.introspection_depth)
        aliases += part.aliases
        directives += part.directives
    return Size(depth, introspection_depth, aliases, directives)


def _selection_size(selection: SelectionNode, fragments: Mapping[str, Size]) -> Size:
    directives = len(selection.directives or ())
    if isinstance(selection, FragmentSpreadNode):
        size = fragments.get(selection.name.value, Size())
        return Size(size.depth, size.introspection_depth, size.aliases, size.directives + directives)
    if isinstance(selection, InlineFragmentNode):
        return _size(selection.selection_set, fragments, directives)
    assert isinstance(selection, FieldNode)  # noqa: S101 - the grammar has three selections
    inner = _size(selection.selection_set, fragments, directives) if selection.selection_set else None
    aliases = (inner.aliases if inner else 0) + (selection.alias is not None)
    if inner is None:
        return Size(1, 0, aliases, directives)
    if selection.name.value in ("__schema", "__type"):
        return Size(1, inner.depth, aliases, inner.directives)
    return Size(1 + inner.depth, inner.introspection_depth, aliases, inner.directives)


def fragments_first(document: DocumentNode) -> list[FragmentDefinitionNode]:
    """The fragments of `document`, each after those that it spreads (except where they form a cycle).

    Walks with an explicit stack: a chain of fragments may be longer than the interpreter's recursion limit.
    """
    fragments = {f.name.value: f for f in document.definitions if isinstance(f, FragmentDefinitionNode)}
    ordered: list[FragmentDefinitionNode] = []
    seen: set[str] = set()
    for root in fragments:
        stack: list[tuple[str, Iterator[str]]] = []
        _enter(root, fragments, seen, stack)
        while stack:
            name, pending = stack[-1]
            following = next(pending, None)
            if following is None:
                stack.pop()
                ordered.append(fragments[name])
            else:
                _enter(following, fragments, seen, stack)
    return ordered


def _enter(
    name: str,
    fragments: Mapping[str, FragmentDefinitionNode],
    seen: set[str],
    stack: list[tuple[str, Iterator[str]]],
) -> None:
    if name in fragments and name not in seen:
        seen.add(name)
        stack.append((name, iter(_spreads(fragments[name].selection_set))))


def _spreads(selection_set: SelectionSetNode) -> list[str]:
    names: list[str] = []
    pending: list[Iterable[SelectionNode]] = [selection_set.selections]
    while pending:
        for selection in pending.pop():
            if isinstance(selection, FragmentSpreadNode):
                names.append(selection.name.value)
            elif isinstance(selection, FieldNode | InlineFragmentNode) and selection.selection_set:
                pending.append(selection.selection_set.selections)
    return names
