"""Stepping up: the caller's password once more, before something that a session alone does not open."""

from __future__ import annotations

from typing import Any, Final

import strawberry

from documents.plain_records import Record
from schema.roots.query import Info
from schema.vocabulary.definitions import Fields
from schema.vocabulary.scalars import DateTime
from schema.wording.user_errors import UserError, in_words


@strawberry.type(description="Until when the session is stepped up, or why it is not.")
class StepUpPayload:
    until: DateTime | None
    retry_after: int | None = strawberry.field(description="Seconds to wait, with TOO_MANY_ATTEMPTS.")
    user_errors: list[UserError]


async def step_up(info: Info, input: StepUpInput) -> Any:  # noqa: A002
    context = info.context
    result = await context.use_cases.accounts.step_up.confirm(context.principal, input.password, context.client_address)
    return Record(
        until=result.until,
        retry_after=result.retry_after,
        user_errors=in_words(result.user_errors, context.words),
    )


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
