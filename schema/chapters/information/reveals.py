"""The GraphQL vocabulary of stepping up and of revealing: the payloads and the two mutations."""

from __future__ import annotations

from typing import Any, Self

import strawberry

from resolvers.chapters.accounts.step_up import StepUpResult
from resolvers.chapters.information.reveals import RevealResult
from schema.context import RequestContext
from schema.vocabulary.access_types import AccessLevel
from schema.vocabulary.scalars import DateTime
from schema.wording.user_errors import UserError

SEPARATOR = ", "


@strawberry.type(description="Until when the session is stepped up, or why it is not.")
class StepUpPayload:
    until: DateTime | None
    retry_after: int | None = strawberry.field(description="Seconds to wait, with TOO_MANY_ATTEMPTS.")
    user_errors: list[UserError]

    @classmethod
    def of(cls, result: StepUpResult, language: str) -> Self:
        return cls(
            until=DateTime(result.until) if result.until is not None else None,
            retry_after=result.retry_after,
            user_errors=[UserError.of(error, language) for error in result.user_errors],
        )


@strawberry.type(description="A field in full, or why not.")
class RevealPayload:
    value: str | None = strawberry.field(description="As one text; null where the field is empty.")
    values: list[str] | None = strawberry.field(description="One text for each value, for fields that hold several.")
    level: AccessLevel | None = strawberry.field(description="How it is shown; null: it is not.")
    revelation: strawberry.ID | None = strawberry.field(description="The record of it; null where none was needed.")
    user_errors: list[UserError]

    @classmethod
    def of(cls, result: RevealResult, language: str) -> Self:
        return cls(
            value=SEPARATOR.join(result.values) if result.values is not None else None,
            values=result.values,
            level=AccessLevel(result.level.name) if result.level is not None else None,
            revelation=strawberry.ID(result.revelation) if result.revelation is not None else None,
            user_errors=[UserError.of(error, language) for error in result.user_errors],
        )


async def step_up(info: strawberry.Info[Any, None], input: StepUpInput) -> StepUpPayload:  # noqa: A002
    context: RequestContext = info.context
    result = await context.use_cases.accounts.step_up.confirm(context.principal, input.password, context.client_address)
    return StepUpPayload.of(result, context.language)


async def reveal(info: strawberry.Info[Any, None], input: RevealInput) -> RevealPayload:  # noqa: A002
    context: RequestContext = info.context
    result = await context.use_cases.information.reveals.reveal(
        context.caller, input.customer, input.field, input.reason, str(info.path.key)
    )
    return RevealPayload.of(result, context.language)


@strawberry.type
class RevealMutations:
    """To be inherited by the mutation root."""

    step_up: StepUpPayload = strawberry.mutation(
        resolver=step_up, description="Confirms the caller's password again, for five minutes of this session."
    )
    reveal: RevealPayload = strawberry.mutation(
        resolver=reveal,
        description="Opens one field that the caller sees masked, after `stepUp` and for a reason that is kept.",
    )


@strawberry.input
class StepUpInput:
    password: str = strawberry.field(description="Your own, again. Never logged, never kept.")


@strawberry.input
class RevealInput:
    customer: strawberry.ID
    field: str = strawberry.field(description="As this schema spells it.")
    reason: str = strawberry.field(description="3 to 500 characters; kept with the record of it, sealed.")
