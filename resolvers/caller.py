"""Who asks and how, as one request hands it to the use cases. Nothing of HTTP or GraphQL in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from documents.access.plan import Purpose
from documents.access.report import AccessReport
from documents.audit.entries import Asker, Author, Performed
from documents.writing.idempotency import IdempotentRequest
from policies.principal import Principal

NO_OPERATION: Final = Performed("command")
OPERATOR: Final = "operator"
"""As whom the trail knows whoever gives commands on the host."""

_PURPOSES = {purpose.value: purpose for purpose in Purpose}


@dataclass(slots=True)
class Caller:
    """One request's caller. `purpose` and `idempotency_key` are as stated, unchecked; `operation` is what the audit
    trail calls it."""

    principal: Principal | None
    purpose: str | None
    idempotency_key: str | None = None
    operation: Performed = NO_OPERATION
    report: AccessReport = field(default_factory=AccessReport)

    @property
    def username(self) -> str:
        """Empty for nobody, who is refused before a name is needed."""
        return self.principal.username if self.principal is not None else ""

    @property
    def asker(self) -> Asker:
        """The caller in the words of the audit trail."""
        principal, purpose = self.principal, _PURPOSES.get(self.purpose or "")
        if principal is None:
            return Asker("", frozenset(), None, purpose)
        return Asker(principal.username, principal.roles, principal.session_id, purpose)

    def author(self, rule_set_version: int) -> Author:
        """The caller as the author of a change, under the rule sets that decided so far: `rule_set_version` where none
        did."""
        decided = {version for version, _ in self.report.trace.plans}
        return Author(self.asker, self.operation, tuple(sorted(decided)) or (rule_set_version,))


def operator(command: str) -> Caller:
    """Whoever holds the root key and gives the command. No rule is asked for them."""
    principal = Principal(OPERATOR, frozenset(), frozenset())
    return Caller(principal, None, operation=Performed("command", command))


def idempotent(caller: Caller, path: str, content: list[Any]) -> IdempotentRequest | None:
    """The request of `content` under the caller's key; None where the caller gave none.

    `path` is the mutation's response path: several mutations of one request are several requests."""
    if caller.idempotency_key is None or caller.principal is None:
        return None
    key = f"{caller.idempotency_key}\x00{path}"
    digestible = orjson.dumps(content, option=orjson.OPT_SORT_KEYS, default=str)
    return IdempotentRequest(caller.principal.username, key, digestible)
