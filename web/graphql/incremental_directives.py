"""Whether an operation asks for its answer in parts: where `@defer` and `@stream` stand in it.

Known before anything is executed, so that a client that cannot read parts is told before a change is made. A fragment
counts for every operation that spreads it. `@skip` and `@include` are taken as not skipping, as in the cost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLDeferDirective,
    GraphQLStreamDirective,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    VariableNode,
)

DIRECTIVES = frozenset({GraphQLDeferDirective.name, GraphQLStreamDirective.name})


@dataclass(frozen=True, slots=True)
class IncrementalUse:
    """The directives of one operation: some hold always, others as variables say (name, default)."""

    always: bool = False
    variables: tuple[tuple[str, bool], ...] = ()

    def is_asked(self, variables: Mapping[str, Any]) -> bool:
        """Whether a directive is in force under `variables`, as the client sent them. Without a value it is."""
        return self.always or any(variables.get(name, default) is not False for name, default in self.variables)


NONE = IncrementalUse()


def incremental_use(document: DocumentNode, operation: OperationDefinitionNode) -> IncrementalUse:
    """The use that `operation` of a *validated* document makes of the directives."""
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    defaults = {
        definition.variable.name.value: definition.default_value.value
        for definition in operation.variable_definitions or ()
        if isinstance(definition.default_value, BooleanValueNode)
    }
    always, names = False, set()
    for directive in _directives(operation.selection_set.selections, fragments):
        condition = next((a.value for a in directive.arguments or () if a.name.value == "if"), None)
        if isinstance(condition, VariableNode):
            names.add(condition.name.value)
        elif not (isinstance(condition, BooleanValueNode) and condition.value is False):
            always = True
    if not always and not names:
        return NONE
    return IncrementalUse(always, tuple((name, defaults.get(name, True)) for name in sorted(names)))


def _directives(
    selections: Iterable[SelectionNode], fragments: Mapping[str, FragmentDefinitionNode]
) -> Iterator[DirectiveNode]:
    """The directives of this module's concern; each fragment is walked once, without recursion."""
    pending, seen = [selections], set[str]()
    while pending:
        for node in pending.pop():
            yield from (directive for directive in node.directives or () if directive.name.value in DIRECTIVES)
            if isinstance(node, FragmentSpreadNode):
                name = node.name.value
                if name not in seen and name in fragments:
                    seen.add(name)
                    pending.append(fragments[name].selection_set.selections)
            elif isinstance(node, FieldNode | InlineFragmentNode) and node.selection_set:
                pending.append(node.selection_set.selections)
