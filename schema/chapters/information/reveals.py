"""Revealing: one masked field in full, for a reason that is kept."""

from __future__ import annotations

from typing import Any, Final

import strawberry

from documents.plain_records import Record
from schema.roots.query import Info
from schema.vocabulary.access_types import AccessLevel
from schema.vocabulary.definitions import Fields
from schema.wording.user_errors import UserError, in_words

SEPARATOR = ", "


@strawberry.type(description="A field in full, or why not.")
class RevealPayload:
    value: str | None = strawberry.field(description="As one text; null where the field is empty.")
    values: list[str] | None = strawberry.field(description="One text for each value, for fields that hold several.")
    level: AccessLevel | None = strawberry.field(description="How it is shown; null: it is not.")
    revelation: strawberry.ID | None = strawberry.field(description="The record of it; null where none was needed.")
    user_errors: list[UserError]


async def reveal(info: Info, input: RevealInput) -> Any:  # noqa: A002
    context, path = info.context, str(info.path.key)
    result = await context.use_cases.information.reveals.reveal(
        context.caller, input.customer, input.field, input.reason, path
    )
    return Record(
        value=SEPARATOR.join(result.values) if result.values is not None else None,
        values=result.values,
        level=result.level.name if result.level is not None else None,
        revelation=result.revelation,
        user_errors=in_words(result.user_errors, context.words),
    )


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
