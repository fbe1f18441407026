"""What is remembered of an operation between requests, for as long as its parsed document lives.

An entry is found by the operation object itself, held weakly: it dies with the document, and an identity that Python
gives to a later object finds nothing. Never key anything here by the identity of an object that nobody holds.
"""

from __future__ import annotations

import weakref
from collections.abc import Hashable, Iterator, Mapping
from typing import Any

from graphql import DirectiveNode, FragmentDefinitionNode, Node, OperationDefinitionNode, VariableNode

MOST_ENTRIES = 256  # per operation: more would be a client that plays with its conditions


class OperationMemo:
    """Answers about one operation, each under a key that names all that it depends on beyond the document."""

    __slots__ = ("__weakref__", "_conditions", "_entries", "_fragments", "_operation")

    def __init__(
        self, operation: weakref.ref[OperationDefinitionNode], fragments: Mapping[str, FragmentDefinitionNode]
    ) -> None:
        self._operation = operation
        self._fragments = dict(fragments)  # held: keys may name nodes by identity, so none of them may die before us
        node = operation()
        self._conditions = tuple(sorted(set(_directive_variables(node, *fragments.values()))))
        self._entries: dict[Hashable, Any] = {}

    def belongs_to(self, operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]) -> bool:
        """Whether this is the memo of exactly these objects."""
        if self._operation() is not operation or len(fragments) != len(self._fragments):
            return False
        mine = self._fragments
        return all(mine.get(name) is fragment for name, fragment in fragments.items())

    def conditions(self, variables: Mapping[str, Any]) -> tuple[bool | None, ...] | None:
        """The values of the variables that directives use, in a fixed order; None when one is no boolean."""
        if not self._conditions:
            return ()
        values = tuple(variables.get(name) for name in self._conditions)
        return values if all(value is True or value is False or value is None for value in values) else None

    def get(self, key: Hashable) -> Any:
        """The remembered answer, or None."""
        return self._entries.get(key)

    def put(self, key: Hashable, answer: Any) -> None:
        """Remembers `answer`, which must not hold the operation."""
        if len(self._entries) >= MOST_ENTRIES:
            self._entries.clear()
        self._entries[key] = answer


class OperationMemos:
    """The memos of all operations alive, for one schema."""

    __slots__ = ("__weakref__", "_memos")

    def __init__(self) -> None:
        self._memos: dict[int, OperationMemo] = {}

    def __len__(self) -> int:
        return len(self._memos)

    def of(
        self, operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
    ) -> OperationMemo | None:
        """The memo of `operation` in the document of these `fragments`.

        None where fragments take variables of their own: there a node no longer means one thing.
        """
        memo = self._memos.get(id(operation))
        if memo is not None and memo.belongs_to(operation, fragments):
            return memo
        if any(fragment.variable_definitions for fragment in fragments.values()):
            return None
        memos, identity = self._memos, id(operation)

        def forget(reference: weakref.ref[OperationDefinitionNode]) -> None:
            held = memos.get(identity)
            if held is not None and held._operation is reference:
                del memos[identity]

        memo = OperationMemo(weakref.ref(operation, forget), fragments)
        memos[identity] = memo
        return memo


def _directive_variables(*roots: Node | None) -> Iterator[str]:
    """The names of all variables in the directives below `roots`."""
    pending: list[tuple[Any, bool]] = [(root, False) for root in roots]
    while pending:
        node, in_directive = pending.pop()
        if isinstance(node, tuple | list):
            pending.extend((item, in_directive) for item in node)
        elif isinstance(node, VariableNode):
            if in_directive:
                yield node.name.value
        elif isinstance(node, Node):
            inside = in_directive or isinstance(node, DirectiveNode)
            pending.extend((getattr(node, key), inside) for key in node.keys if key != "loc")
