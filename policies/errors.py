"""The errors of the policy layer. Each class has a published `code`; no message carries customer data.

PolicyError
├── NotAuthenticatedError       UNAUTHENTICATED       nobody is asking
├── PurposeError
│   ├── PurposeMissingError     PURPOSE_MISSING       no purpose stated, and the caller has not exactly one
│   ├── PurposeUnknownError     PURPOSE_UNKNOWN       no such purpose
│   └── PurposeNotAllowedError  PURPOSE_NOT_ALLOWED   not the caller's, or no rule allows its roles anything under it
├── UndertakingRequiredError    UNDERTAKING_REQUIRED  no confidentiality undertaking of the caller is in force
├── RuleError                   RULE_INVALID          a rule cannot be read, or names something that does not exist
├── PolicyTestError             POLICY_TEST_INVALID   a policy test cannot be read, or names something that does not
└── RuleSetConflictError        RULE_SET_CONFLICT     another rule set became active in the meantime
"""

from __future__ import annotations

from typing import ClassVar

from documents.access.plan import Purpose


class PolicyError(Exception):
    """Base of every error that the policy layer raises on purpose."""

    code: ClassVar[str] = "POLICY_ERROR"


class NotAuthenticatedError(PolicyError):
    """There is no principal."""

    code = "UNAUTHENTICATED"

    def __init__(self) -> None:
        super().__init__("authentication is required")


class PurposeError(PolicyError):
    """Base: the purpose of the request does not stand. `offered` are the purposes that the caller could state."""

    code = "PURPOSE_ERROR"

    def __init__(self, message: str, offered: tuple[Purpose, ...]) -> None:
        names = ", ".join(f"`{purpose.value}`" for purpose in offered)
        super().__init__(f"{message}: {names}" if offered else message)
        self.offered = offered


class PurposeMissingError(PurposeError):
    """No purpose was stated; `offered` are the caller's."""

    code = "PURPOSE_MISSING"

    def __init__(self, offered: tuple[Purpose, ...]) -> None:
        super().__init__(
            "state the purpose of the request, one of" if offered else "no purpose is open to you", offered
        )


class PurposeUnknownError(PurposeError):
    """No such purpose; `offered` are all that exist."""

    code = "PURPOSE_UNKNOWN"

    def __init__(self) -> None:
        super().__init__("unknown purpose; the purposes are", tuple(Purpose))


class PurposeNotAllowedError(PurposeError):
    """The purpose exists, but not for this caller; `offered` are the caller's others."""

    code = "PURPOSE_NOT_ALLOWED"

    def __init__(self, purpose: Purpose, offered: tuple[Purpose, ...]) -> None:
        others = tuple(other for other in offered if other is not purpose)
        message = f"the purpose `{purpose.value}` is not open to you"
        super().__init__(f"{message}; yours are" if others else message, others)
        self.purpose = purpose


class UndertakingRequiredError(PolicyError):
    """Staff without a confidentiality undertaking in force have no access (I4)."""

    code = "UNDERTAKING_REQUIRED"

    def __init__(self) -> None:
        super().__init__("sign the confidentiality undertaking first")


class RuleError(PolicyError):
    """A line of a rule set is refused. `line` counts from 1; `nearest` is the known name that was probably meant."""

    code = "RULE_INVALID"

    def __init__(self, line: int, problem: str, nearest: str | None = None, *, reason: str, name: str = "") -> None:
        hint = f"; did you mean `{nearest}`?" if nearest else ""
        super().__init__(f"line {line}: {problem}{hint}")
        self.line = line
        self.problem = problem
        self.nearest = nearest
        self.reason = reason  # `role`, `field` and so on: what `name` is not; else which rule of form is broken
        self.name = name


class PolicyTestError(PolicyError):
    """A policy test is refused. `number` counts from 1; `what` is what `name` is not; `nearest` is one that is."""

    code = "POLICY_TEST_INVALID"

    def __init__(self, number: int, text: str, what: str, name: str, nearest: str | None = None) -> None:
        hint = f"; did you mean `{nearest}`?" if nearest else ""
        problem = "is no sentence of a policy test" if what == "sentence" else f"unknown {what} `{name[:64]}`{hint}"
        super().__init__(f"test {number} (`{text[:200]}`): {problem}")
        self.number = number
        self.text = text
        self.what = what
        self.name = name
        self.nearest = nearest


class RuleSetConflictError(PolicyError):
    """The rule set that was to be replaced is no longer the one in force; nothing was written."""

    code = "RULE_SET_CONFLICT"

    def __init__(self) -> None:
        super().__init__("another rule set became active in the meantime")
