"""The history of a customer (I2), and the text of the confidentiality undertaking (I4)."""

from __future__ import annotations

from typing import Any

import strawberry

from documents.declaring.record import SourceChannel
from schema.roots.chapter import Vocabulary
from schema.roots.query import DEFAULT_PAGE, LARGEST_PAGE, Info
from schema.vocabulary.access_types import AccessLevel
from schema.vocabulary.definitions import Fields
from schema.vocabulary.scalars import DateTime
from schema.vocabulary.staff_types import Staff
from schema.wording.error_format import InvalidArgumentError


@strawberry.type(description="The text of the confidentiality undertaking (保密承诺书).")
class UndertakingText:
    version: int
    text_en: str
    text_zh: str
    digest: str = strawberry.field(description="SHA-256 of both texts, hex; kept with the signature.")


@strawberry.type(description="A change of one field of a customer.")
class FieldChange:
    field: str
    label_en: str
    label_zh: str
    level: AccessLevel = strawberry.field(description="How the values are shown.")
    version: int = strawberry.field(description="The customer's version that the change made.")
    at: DateTime
    by: Staff | None
    channel: SourceChannel
    important: bool = strawberry.field(description="Contact details, or the scope of business.")
    before: list[str] | None = strawberry.field(description="One text per value; null where there was none.")
    after: list[str] | None


@strawberry.type(description="Changes, newest first; of the fields that you may read.")
class ChangeHistory:
    nodes: list[FieldChange]
    has_next_page: bool
    end_cursor: str | None


def queries(_vocabulary: Vocabulary) -> Fields:
    """The queries of the chapter."""

    def undertaking_text(info: Info) -> Any:
        return info.context.use_cases.information.undertakings.text()

    async def history(
        info: Info,
        record: strawberry.ID,
        field: str | None = None,
        first: int = DEFAULT_PAGE,
        after: str | None = None,
    ) -> Any:
        if not 1 <= first <= LARGEST_PAGE:
            raise InvalidArgumentError("page.size", argument="first", maximum=str(LARGEST_PAGE))
        context = info.context
        return await context.use_cases.customers.history.find_page(context.caller, record, field, first, after)

    return {
        "history": (
            ChangeHistory | None,
            strawberry.field(
                resolver=history,
                description="Changes of a customer or record by field, newest first; null where there is none for you.",
            ),
        ),
        "undertaking_text": (
            UndertakingText,
            strawberry.field(resolver=undertaking_text, description="The text that `signUndertaking` signs."),
        ),
    }
