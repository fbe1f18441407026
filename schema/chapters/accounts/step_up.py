"""Stepping up: the caller's password once more, before something that a session alone does not open."""

from __future__ import annotations

from typing import Any, Final, Self

import strawberry

from resolvers.chapters.accounts.step_up import StepUpResult
from schema.context import RequestContext
from schema.language import Words
from schema.vocabulary.definitions import Fields
from schema.vocabulary.scalars import DateTime
from schema.wording.user_errors import UserError


@strawberry.type(description="Until when the session is stepped up, or why it is not.")
class StepUpPayload:
    until: DateTime | None
    retry_after: int | None = strawberry.field(description="Seconds to wait, with TOO_MANY_ATTEMPTS.")
    user_errors: list[UserError]

    @classmethod
    def of(cls, result: StepUpResult, words: Words) -> Self:
        return cls(
            until=DateTime(result.until) if result.until is not None else None,
            retry_after=result.retry_after,
            user_errors=[UserError.of(error, words) for error in result.user_errors],
        )


async def step_up(info: strawberry.Info[Any, None], input: StepUpInput) -> StepUpPayload:  # noqa: A002
    context: RequestContext = info.context
    result = await context.use_cases.step_up.confirm(context.principal, input.password, context.client_address)
    return StepUpPayload.of(result, context.words)


@strawberry.input
class StepUpInput:
    password: str = strawberry.field(description="Your own, again. Never logged, never kept.")


MUTATIONS: Final[Fields] = {
    "step_up": (
        StepUpPayload,
        strawberry.mutation(
            resolver=step_up, description="Confirms the caller's password again, for five minutes of this session."
        ),
    ),
}
