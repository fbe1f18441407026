"""The errors of the use cases, and the errors that a user can put right, which are results and not exceptions.

ResolversError
├── InvalidTokenError            an access token is malformed, forged, expired, foreign, or its session has ended
├── IssuerUnavailableError       the identity provider cannot be reached and none of its keys is at hand
└── NothingVisibleError          whoever wants to follow changes can see nothing that could change
"""

from __future__ import annotations

from dataclasses import dataclass


class ResolversError(Exception):
    """Base of every error that the use cases raise on purpose."""


class InvalidTokenError(ResolversError):
    """The bearer token is refused; deliberately without a reason."""

    code = "INVALID_TOKEN"

    def __init__(self) -> None:
        super().__init__("the access token is not valid")


class IssuerUnavailableError(ResolversError):
    """Nothing is known about the token yet: the caller may try again later."""

    code = "ISSUER_UNAVAILABLE"

    def __init__(self) -> None:
        super().__init__("the identity provider cannot be reached")


class NothingVisibleError(ResolversError):
    """No record that the subscription is about could be visible to the caller."""

    code = "SUBSCRIPTION_DENIED"

    def __init__(self) -> None:
        super().__init__("nothing to follow is visible")


@dataclass(frozen=True, slots=True)
class UserError:
    """What the caller can put right. `code` and `rule` are published; `parameters` fill the text of either.

    `field` is the path of the input field, in declared (snake case) names; never a value.
    """

    code: str
    field: tuple[str, ...] | None = None
    rule: str | None = None
    parameters: tuple[tuple[str, str], ...] = ()
