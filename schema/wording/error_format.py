"""How the errors of the layers become GraphQL errors: a published code, a text in the caller's language, no value.

Published codes: `UNAUTHENTICATED`, `UNDERTAKING_REQUIRED`,
`PURPOSE_MISSING`, `PURPOSE_UNKNOWN`, `PURPOSE_NOT_ALLOWED`, `FILTER_DENIED`,
`SORT_DENIED`, `SEARCH_DENIED`, `INVALID_CURSOR`, `IDEMPOTENCY_KEY_REUSED`, `IDEMPOTENCY_KEY_IN_USE`, `BAD_USER_INPUT`,
`SUBSCRIPTION_DENIED`, `EVENTS_LOST`, `SUBSCRIPTION_OVERFLOW`, `TRAIL_UNAVAILABLE`;
those of the endpoint are in web/graphql/endpoint.py and web/graphql/limits.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from graphql import GraphQLError

from documents.access.plan import Purpose
from documents.declaring.catalogue import Catalogue
from documents.declaring.fields import FieldSpec
from documents.errors import (
    EventsLostError,
    EventsOverflowError,
    FieldAccessError,
    IdempotencyConflictError,
    InvalidCursorError,
    InvalidValueError,
    TrailUnavailableError,
)
from policies.errors import PolicyError, PurposeError
from resolvers.errors import NothingVisibleError
from schema.context import RequestContext
from schema.language import NO_PARAMETERS, Words

CODES: Mapping[type[Exception], str] = MappingProxyType(
    {
        InvalidCursorError: "INVALID_CURSOR",
        EventsLostError: "EVENTS_LOST",
        EventsOverflowError: "SUBSCRIPTION_OVERFLOW",
        IdempotencyConflictError: "IDEMPOTENCY_KEY_REUSED",
        NothingVisibleError: NothingVisibleError.code,
        TrailUnavailableError: TrailUnavailableError.code,
    }
)


class InvalidArgumentError(Exception):
    """An argument that its type allows and we do not. `key` names its text."""

    def __init__(self, key: str, **parameters: str) -> None:
        super().__init__(key)
        self.key = key
        self.parameters = parameters


def format_error(error: GraphQLError, context: RequestContext) -> dict[str, Any] | None:
    """The entry for an error that a layer raised on purpose; None for any other, which must be masked."""
    original = error.original_error or error
    words = context.words
    if type(original) in CODES:
        return _entry(_code(original), words)
    match original:
        case FieldAccessError():
            return _field_access(original, context.use_cases.catalogue, words)
        case InvalidValueError() | InvalidArgumentError():
            return _bad_input(original, words)
        case PolicyError():
            return _policy(original, words)
        case GraphQLError(extensions={"code": str(code)}):
            return {"message": original.message, "extensions": {"code": code}}
    return None


def _code(error: Exception) -> str:
    in_progress = isinstance(error, IdempotencyConflictError) and error.in_progress
    return "IDEMPOTENCY_KEY_IN_USE" if in_progress else CODES[type(error)]


def _bad_input(error: InvalidValueError | InvalidArgumentError, words: Words) -> dict[str, Any]:
    if isinstance(error, InvalidArgumentError):
        return _entry("BAD_USER_INPUT", words, error.parameters, error.key)
    broken = error.fields[0]
    return _entry("BAD_USER_INPUT", words, {"label": broken.field, **dict(broken.parameters)}, broken.rule)


def _policy(error: PolicyError, words: Words) -> dict[str, Any]:
    offered: tuple[Purpose, ...] = getattr(error, "offered", ())
    key = error.code if offered or not isinstance(error, PurposeError) else "PURPOSE_NONE"
    return _entry(error.code, words, {"purposes": ", ".join(purpose.value for purpose in offered)}, key)


def _field_access(error: FieldAccessError, catalogue: Catalogue, words: Words) -> dict[str, Any]:
    specs = {name: spec for fields in reversed(tuple(catalogue.by_kind.values())) for name, spec in fields.items()}
    named: list[FieldSpec] = [specs[name] for name in error.fields if name in specs]
    labels = words.of(", ", "、").join(words.of(spec.label.en, spec.label.zh) for spec in named)
    entry = _entry(f"{error.action.upper()}_DENIED", words, {"labels": labels})
    entry["extensions"]["fields"] = [spec.public_name for spec in named]
    return entry


def _entry(
    code: str, words: Words, parameters: Mapping[str, str] = NO_PARAMETERS, key: str | None = None
) -> dict[str, Any]:
    return {"message": words.say(key or code, parameters), "extensions": {"code": code}}
