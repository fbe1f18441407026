"""Who asks and how, as one request hands it to the use cases. Nothing of HTTP or GraphQL in it."""

from __future__ import annotations

from dataclasses import dataclass, field

from documents.access.report import AccessReport
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
