"""Who asks and how, as one request hands it to the use cases. Nothing of HTTP or GraphQL in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

from documents.access.report import AccessReport
from documents.writing.idempotency import IdempotentRequest
from policies.principal import Principal


@dataclass(slots=True)
class Caller:
    """One request's caller. `purpose` and `idempotency_key` are as stated, unchecked."""

    principal: Principal | None
    purpose: str | None
    idempotency_key: str | None = None
    report: AccessReport = field(default_factory=AccessReport)

    @property
    def username(self) -> str:
        """Empty for nobody, who is refused before a name is needed."""
        return self.principal.username if self.principal is not None else ""


def idempotent(caller: Caller, path: str, content: list[Any]) -> IdempotentRequest | None:
    """The request of `content` under the caller's key; None where the caller gave none.

    `path` is the mutation's response path: several mutations of one request are several requests."""
    if caller.idempotency_key is None or caller.principal is None:
        return None
    key = f"{caller.idempotency_key}\x00{path}"
    digestible = orjson.dumps(content, option=orjson.OPT_SORT_KEYS, default=str)
    return IdempotentRequest(caller.principal.username, key, digestible)
