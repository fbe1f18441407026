"""Refusals of a GraphQL request: each has a published code, an HTTP status and a text in two languages.

RequestRefused           an HTTP-level refusal: its status holds whatever media type the client accepts
└── DocumentRefused      the request is well formed but its document, operation or variables are not acceptable

They describe the client's own request only; nothing about data, the schema's insides or the server goes into one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from web.http.language import Language, Text


class RequestRefused(Exception):  # noqa: N818 - a refusal is an answer, named like one
    """The request is refused as a whole, with `status` and one GraphQL error.

    `message` is a plain text or a `Text` in both languages, `headers` go out with the answer (`WWW-Authenticate`,
    `Allow`), `details` stand beside the code in the error's `extensions`.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str | Text,
        headers: Mapping[str, str] | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})
        self.details = dict(details or {})

    def errors(self, language: Language) -> list[dict[str, Any]]:
        """The GraphQL errors of the answer."""
        message = self.message.in_language(language) if isinstance(self.message, Text) else self.message
        return [{"message": message, "extensions": {"code": self.code, **self.details}}]


class DocumentRefused(RequestRefused):
    """The document cannot be executed: 400, or 200 for a legacy client that accepts `application/json` only."""

    def __init__(
        self,
        code: str,
        message: str | Text = "",
        *,
        errors: Sequence[dict[str, Any]] | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(400, code, message, details=details)
        self._errors = errors

    def errors(self, language: Language) -> list[dict[str, Any]]:
        """The errors that graphql-core found, or the one that this refusal was made with."""
        if self._errors is None:
            return super().errors(language)
        return [{**error, "extensions": {**error.get("extensions", {}), "code": self.code}} for error in self._errors]


def bad_request(en: str, zh: str) -> RequestRefused:
    """A request that is not a well-formed GraphQL-over-HTTP request."""
    return RequestRefused(400, "BAD_REQUEST", Text(en, zh))


def method_not_allowed(allow: str, message: Text) -> RequestRefused:
    """405 with the `Allow` header that RFC 9110 section 15.5.6 demands."""
    return RequestRefused(405, "METHOD_NOT_ALLOWED", message, {"allow": allow})


def limit_exceeded(code: str, message: Text, *, limit: int, actual: int | None = None) -> DocumentRefused:
    """A document beyond one of the limits. `actual` is None where counting stopped at the limit."""
    details = {"limit": limit}
    if actual is not None:
        details["actual"] = min(actual, 2**53 - 1)  # what every JSON reader can hold
    return DocumentRefused(code, message, details=details)
