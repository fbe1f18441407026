"""Revealing: one masked field in full, for a reason that is kept."""

from __future__ import annotations

from typing import Any, Final, Self

import strawberry

from resolvers.chapters.information.reveals import RevealResult
from schema.context import RequestContext
from schema.language import Words
from schema.vocabulary.access_types import AccessLevel
from schema.vocabulary.definitions import Fields
from schema.wording.user_errors import UserError

SEPARATOR = ", "


@strawberry.type(description="A field in full, or why not.")
class RevealPayload:
    value: str | None = strawberry.field(description="As one text; null where the field is empty.")
    values: list[str] | None = strawberry.field(description="One text for each value, for fields that hold several.")
    level: AccessLevel | None = strawberry.field(description="How it is shown; null: it is not.")
    revelation: strawberry.ID | None = strawberry.field(description="The record of it; null where none was needed.")
    user_errors: list[UserError]

    @classmethod
    def of(cls, result: RevealResult, words: Words) -> Self:
        return cls(
            value=SEPARATOR.join(result.values) if result.values is not None else None,
            values=result.values,
            level=AccessLevel(result.level.name) if result.level is not None else None,
            revelation=strawberry.ID(result.revelation) if result.revelation is not None else None,
            user_errors=[UserError.of(error, words) for error in result.user_errors],
        )


async def reveal(info: strawberry.Info[Any, None], input: RevealInput) -> RevealPayload:  # noqa: A002
    context: RequestContext = info.context
    result = await context.use_cases.reveals.reveal(
        context.caller, input.customer, input.field, input.reason, str(info.path.key)
    )
    return RevealPayload.of(result, context.words)


@strawberry.input
class RevealInput:
    customer: strawberry.ID
    field: str = strawberry.field(description="As this schema spells it.")
    reason: str = strawberry.field(description="3 to 500 characters; kept with the record of it, sealed.")


MUTATIONS: Final[Fields] = {
    "reveal": (
        RevealPayload,
        strawberry.mutation(
            resolver=reveal,
            description="Opens one field that the caller sees masked, after `stepUp` and for a reason that is kept.",
        ),
    ),
}
