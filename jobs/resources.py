"""What jobs may use, built by the composition root; and as whom they act.

Jobs act as the principal `@system` (no account can have that name) with the role `system`, for which the rules say
what it may do, like for everybody: a repository of customer data asks for a plan, and there is no other way to one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from documents.access_plan import Purpose
from documents.repositories.jobs import JobLedger
from policies.authorize import PolicyEngine
from policies.principal import Principal

SYSTEM: Final = Principal("@system", frozenset({"system"}), frozenset(Purpose))


@dataclass(frozen=True, slots=True, kw_only=True)
class JobResources:
    """The repositories that jobs use; a chapter adds its own here and in `app.py`."""

    policies: PolicyEngine
    ledger: JobLedger
