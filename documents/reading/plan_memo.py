"""What was derived from access plans, kept: filters, projections and the like, which few combinations of callers and
selections ask for again and again.

INVARIANT: an answer is given only to the caller for whom it was made, and only under the very decisions from which it
was made. It must never hold a value of a row.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from documents.access.plan import AccessPlan

_T = TypeVar("_T")


class PlanMemo:
    """At most `size` answers, each of a few kilobytes; the oldest goes first. What it gives is shared: not to be
    changed."""

    def __init__(self, size: int = 2_048) -> None:
        self._size = size
        self._answers: dict[Hashable, tuple[object, Any]] = {}

    def __len__(self) -> int:
        return len(self._answers)

    def get(self, plan: AccessPlan, question: Hashable, make: Callable[[], _T]) -> _T:
        """The answer to `question` under `plan`, made by `make` when it is not here.

        `question` must name everything beside the plan that `make` looks at. What `make` raises is not kept."""
        if not plan.key:
            return make()
        key = (plan.key, plan.row_scope, question)
        held = self._answers.get(key)
        # The key names the decisions; that they are the same object proves it, whatever a version number says.
        if held is not None and held[0] is plan.kinds:
            answer: _T = held[1]
            return answer
        answer = make()
        if len(self._answers) >= self._size:
            del self._answers[next(iter(self._answers))]
        self._answers[key] = (plan.kinds, answer)
        return answer
