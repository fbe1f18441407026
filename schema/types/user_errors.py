"""What a caller can put right, as data in the payload of a mutation: published codes, texts in two languages."""

from __future__ import annotations

from typing import Self

import strawberry

from documents.catalogue import Catalogue
from documents.fields import FieldSpec, Kind
from resolvers.errors import UserError as UserErrorResult
from schema.messages import MESSAGES, message
from schema.names import camel_case


@strawberry.type(description="Something the caller can put right.")
class UserError:
    code: str = strawberry.field(description="A code of the published list.")
    message: str = strawberry.field(description="For people, in the language of the request.")
    field: list[str] | None = strawberry.field(default=None, description="The path of the input field, if it is one.")
    rule: str | None = strawberry.field(default=None, description="The rule that the value breaks, if it is one.")

    @classmethod
    def of(cls, error: UserErrorResult, language: str, catalogue: Catalogue | None = None) -> Self:
        """The error in `language`, `en` or `zh-CN`; labels of customer fields come from the catalogue."""
        spec = _field(error, catalogue)
        label = "" if spec is None else spec.label.zh if language.startswith("zh") else spec.label.en
        key = error.rule if error.rule is not None and error.rule in MESSAGES else error.code
        if key == "ACCESS_DENIED" and spec is None:
            key = "ACCESS_DENIED_RECORD"
        text = message(key, language, {"label": label, **dict(error.parameters)})
        path = [camel_case(name) for name in error.field] if error.field is not None else None
        return cls(code=error.code, message=text, field=path, rule=error.rule)


def _field(error: UserErrorResult, catalogue: Catalogue | None) -> FieldSpec | None:
    if catalogue is None or error.field is None or len(error.field) != 2:
        return None
    kind, name = error.field
    return catalogue.fields(Kind(kind)).get(name)
