"""What a caller can put right, as data in the payload of a mutation: published codes, texts in two languages."""

from __future__ import annotations

from collections.abc import Iterable

import strawberry

from documents.declaring.fields import FieldSpec
from documents.declaring.kind import Kind
from documents.declaring.names import camel_case
from documents.plain_records import Record, Records
from documents.registry import FULL_CATALOGUE
from resolvers.errors import UserError as UserErrorResult
from schema.language import Words

_KINDS = frozenset(kind.value for kind in FULL_CATALOGUE.by_kind)


@strawberry.type(description="Something the caller can put right.")
class UserError:
    code: str = strawberry.field(description="A code of the published list.")
    message: str = strawberry.field(description="For people, in the language of the request.")
    field: list[str] | None = strawberry.field(default=None, description="The path of the input field, if it is one.")
    rule: str | None = strawberry.field(default=None, description="The rule that the value breaks, if it is one.")


def in_words(errors: Iterable[UserErrorResult], words: Words) -> Records:
    """The errors as records of `UserError`; labels of declared fields come from the catalogue."""
    return Records(_in_words(error, words) for error in errors)


def _in_words(error: UserErrorResult, words: Words) -> Record:
    spec = _field(error)
    label = words.of(spec.label.en, spec.label.zh) if spec is not None else ""
    key = error.rule if error.rule is not None and error.rule in words else error.code
    if key == "ACCESS_DENIED" and spec is None:
        key = "ACCESS_DENIED_RECORD"
    text = words.say(key, {"label": label, **dict(error.parameters)})
    path = [camel_case(name) for name in error.field] if error.field is not None else None
    return Record(code=error.code, message=text, field=path, rule=error.rule)


def _field(error: UserErrorResult) -> FieldSpec | None:
    if error.field is None or len(error.field) != 2 or error.field[0] not in _KINDS:
        return None
    kind, name = error.field
    return FULL_CATALOGUE.fields(Kind(kind)).get(name)
