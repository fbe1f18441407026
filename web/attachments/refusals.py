"""How the errors of the layers are answered where there is no GraphQL: a status, a published code, a text."""

from __future__ import annotations

from collections.abc import Mapping

from graphql import GraphQLError

from documents.errors import (
    AttachmentFault,
    AttachmentRefusedError,
    FieldAccessError,
    IdempotencyConflictError,
    KeyErasedError,
    RecordNotFoundError,
    TrailUnavailableError,
)
from policies.errors import NotAuthenticatedError, PolicyError, PurposeMissingError, PurposeUnknownError
from schema.context import RequestContext
from schema.wording.error_format import format_error
from web.http.refusals import RequestRefused

_STATUS = {
    AttachmentFault.TOO_LARGE: 413,
    AttachmentFault.TYPE_REFUSED: 415,
    AttachmentFault.TYPE_MISMATCH: 415,
}
_ANSWERS: Mapping[type[Exception], tuple[int, str, str]] = {
    RecordNotFoundError: (404, "NOT_FOUND", "NOT_FOUND_ATTACHMENT"),
    FieldAccessError: (403, "ACCESS_DENIED", "ACCESS_DENIED_RECORD"),
    KeyErasedError: (410, "ERASED", "ERASED"),
    TimeoutError: (408, "REQUEST_TIMEOUT", "REQUEST_TIMEOUT"),
    TrailUnavailableError: (503, "TRAIL_UNAVAILABLE", "TRAIL_UNAVAILABLE"),
}
"""Status, code, and the name of the text."""


def refusal_of(fault: Exception, context: RequestContext) -> RequestRefused | None:
    """The refusal that answers an error which a layer raised on purpose; None for any other, which must be masked."""
    if isinstance(fault, RequestRefused):
        return fault
    if isinstance(fault, AttachmentRefusedError):
        code = fault.fault.value
        text = context.words.say(code, {"limit": str(context.use_cases.attachments.limit)})
        return RequestRefused(_STATUS.get(fault.fault, 400), code, text)
    if isinstance(fault, PolicyError | IdempotencyConflictError):
        return _formatted(fault, context)
    for error, (status, code, key) in _ANSWERS.items():
        if isinstance(fault, error):
            headers = {"connection": "close"} if error is TimeoutError else None
            return RequestRefused(status, code, context.words.say(key), headers)
    return None


def _formatted(fault: PolicyError | IdempotencyConflictError, context: RequestContext) -> RequestRefused | None:
    """In the words of the GraphQL endpoint."""
    entry = format_error(GraphQLError("", original_error=fault), context)
    if entry is None:
        return None
    headers = {}
    match fault:
        case NotAuthenticatedError():
            status, headers = 401, {"WWW-Authenticate": "Bearer"}
        case PurposeMissingError() | PurposeUnknownError():
            status = 400
        case IdempotencyConflictError():
            status = 409
        case _:
            status = 403
    return RequestRefused(status, entry["extensions"]["code"], entry["message"], headers)
