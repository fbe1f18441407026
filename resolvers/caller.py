"""Who asks and how, as one request hands it to the use cases. Nothing of HTTP or GraphQL in it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import orjson

from documents.access.plan import Purpose
from documents.access.report import AccessReport
from documents.audit.entries import Asker, Author, DecidedBy, Performed
from documents.writing.idempotency import IdempotentRequest
from policies.principal import HOST, Principal

NO_OPERATION: Final = Performed("command")
_PURPOSES = {purpose.value: purpose for purpose in Purpose}


class RuleSetsInForce(Protocol):
    """Whoever knows the rule sets that decide; `PolicyStore` does."""

    def decided_by(self, versions: Collection[int] = ()) -> Sequence[DecidedBy]:
        """Those of these versions; the one in force where there is none."""
        ...


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

    def decided_by(self, rule_sets: RuleSetsInForce) -> Sequence[DecidedBy]:
        """The rule sets under which plans were made so far; the one in force where none was."""
        return rule_sets.decided_by({version for version, _ in self.report.trace.plans})

    def author(self, rule_sets: RuleSetsInForce) -> Author:
        """The caller as the author of a change."""
        return Author(self.asker, self.operation, self.decided_by(rule_sets))


def operator(command: str) -> Caller:
    """Whoever holds the root key and gives the command. No rule is asked for them."""
    return Caller(HOST, None, operation=Performed("command", command))


def idempotent(caller: Caller, path: str, content: list[Any]) -> IdempotentRequest | None:
    """The request of `content` under the caller's key; None where the caller gave none.

    `path` is the mutation's response path: several mutations of one request are several requests."""
    if caller.idempotency_key is None or caller.principal is None:
        return None
    key = f"{caller.idempotency_key}\x00{path}"
    digestible = orjson.dumps(content, option=orjson.OPT_SORT_KEYS, default=str)
    return IdempotentRequest(caller.principal.username, key, digestible)
