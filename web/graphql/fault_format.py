"""The errors of an execution, as the client sees them.

An error that one of our layers raised on purpose is formatted by the composition root's `format_error`. An argument
that a variable made invalid is the client's own and is told in graphql-core's words. Everything else is our fault: the
client gets a fixed text and an error id, the log gets the id, the types of the exceptions and the lines of code.
Neither gets the exception's text: it may hold a value.
"""

from __future__ import annotations

import logging
import secrets
import traceback
from collections.abc import Callable
from typing import Any, TypeVar

from graphql import GraphQLError

from web.http.language import Language, Text

Context = TypeVar("Context")
FormatError = Callable[[GraphQLError, Context], dict[str, Any] | None]

UNEXPECTED = Text("an unexpected error occurred", "发生了意外错误")

_log = logging.getLogger("dossier.web.graphql")


def formatted(
    error: GraphQLError, context: Context, format_error: FormatError[Context], language: Language
) -> dict[str, Any]:
    """The entry of `errors` for `error`, with its locations and path."""
    if is_argument_error(error):
        entry: dict[str, Any] | None = {"message": error.message, "extensions": {"code": "BAD_USER_INPUT"}}
    elif is_internal(error):
        entry = None
    else:
        entry = format_error(error, context)
    if entry is None:
        entry = unexpected(error.original_error or error, language)
    entry = dict(entry)
    if error.locations and "locations" not in entry:
        entry["locations"] = [location.formatted for location in error.locations]
    if error.path is not None:
        entry.setdefault("path", error.path)
    return entry


def unexpected(fault: BaseException, language: Language) -> dict[str, Any]:
    """A masked error. What happened goes to the log under the error id that the client is told."""
    error_id = secrets.token_hex(8)
    _log.error("unexpected error %s: %s", error_id, _without_texts(fault))
    return {
        "message": UNEXPECTED.in_language(language),
        "extensions": {"code": "INTERNAL_ERROR", "errorId": error_id},
    }


def is_argument_error(error: GraphQLError) -> bool:
    """Whether coercing an argument failed: the fault was raised below graphql-core's argument coercion."""
    fault = error.original_error or error
    if not isinstance(fault, GraphQLError):
        return False
    frames = traceback.walk_tb(fault.__traceback__)
    return any(frame.f_globals.get("__name__") == "graphql.execution.values" for frame, _ in frames)


def is_internal(error: GraphQLError) -> bool:
    """Whether graphql-core itself raised it while completing a value: its text may quote the stored value."""
    fault = error.original_error or error
    return type(fault) is GraphQLError and not (fault.extensions or {}).get("code")


def _without_texts(fault: BaseException) -> str:
    """The types and code lines of a fault and its causes; never the texts of exceptions."""
    parts: list[str] = []
    current: BaseException | None = fault
    while current is not None and len(parts) < 5:
        lines = "".join(traceback.format_tb(current.__traceback__, limit=-8))
        parts.append(f"{type(current).__module__}.{type(current).__qualname__}\n{lines}")
        current = current.__cause__ or current.__context__
    return "caused by ".join(parts)
