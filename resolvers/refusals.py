"""What a refused operation tells its caller: nothing but what the caller can put right."""

from __future__ import annotations

from collections.abc import Iterator

from documents.declaring.kind import Kind
from documents.errors import (
    DuplicateValueError,
    FieldAccessError,
    InvalidValueError,
    KeyErasedError,
    RecordNotFoundError,
    RuleBrokenError,
    RulesBrokenError,
    StaleVersionError,
)
from resolvers.errors import UserError

REFUSALS = (
    FieldAccessError,
    InvalidValueError,
    RecordNotFoundError,
    StaleVersionError,
    DuplicateValueError,
    KeyErasedError,
    RuleBrokenError,
    RulesBrokenError,
)
"""The errors that are answered in the payload of a mutation."""


def user_errors(refusal: Exception, kind: Kind | None) -> Iterator[UserError]:
    """The errors that `refusal` stands for; `kind` heads the paths of fields."""
    prefix = (kind.value,) if kind is not None else ()
    match refusal:
        case FieldAccessError(fields=fields) if fields:
            yield from (UserError("ACCESS_DENIED", (*prefix, name)) for name in fields)
        case FieldAccessError():
            yield UserError("ACCESS_DENIED")
        case InvalidValueError(fields=fields):
            for broken in fields:
                yield UserError("INVALID_VALUE", (*prefix, broken.field), broken.rule, broken.parameters)
        case RuleBrokenError(rule=rule, field=name, parameters=parameters):
            yield UserError("RULE_BROKEN", (*prefix, name) if name is not None else None, rule, parameters)
        case RulesBrokenError(broken=broken_rules):
            for rule_broken in broken_rules:
                yield from user_errors(rule_broken, kind)
        case DuplicateValueError(field=name):
            yield UserError("ALREADY_EXISTS", (*prefix, name))
        case StaleVersionError():
            yield UserError("STALE_VERSION", (*prefix, "version"))
        case KeyErasedError():
            yield UserError("ERASED", (*prefix, "id"))
        case _:
            yield UserError("NOT_FOUND", (*prefix, "id"))
