"""A state machine as data: which action leads from which state to which. Whatever is not listed is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from documents.errors import StepError

State = TypeVar("State", bound=StrEnum)
Action = TypeVar("Action", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class StateMachine(Generic[State, Action]):
    """`transitions` maps (state, action) to the next state."""

    initial: State
    transitions: Mapping[tuple[State, Action], State]

    def after(self, state: State, action: Action) -> State:
        """The state after `action`. Raises StepError `step.not_allowed` for an action that `state` does not offer."""
        try:
            return self.transitions[state, action]
        except KeyError:
            raise StepError("step.not_allowed") from None

    def actions(self, state: State) -> tuple[Action, ...]:
        """What can be done in `state`, in the order of declaration."""
        return tuple(action for source, action in self.transitions if source is state)
