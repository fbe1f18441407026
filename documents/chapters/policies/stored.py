"""What is stored of rule sets: every version as it was activated, and one pointer to the version in force.

A stored version is never changed. Rows are kept as rules write them; what they mean is for `policies` to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from beanie import Document

ACTIVE = "active"  # the `_id` of the only pointer

Rows = Sequence[Sequence[str]]


class RuleSetDocument(Document):
    """One version. `rules` are rows of seven names, `roles` rows of role and parent."""

    id: int  # type: ignore[assignment] # the version number, counted from 1
    rules: list[list[str]]
    roles: list[list[str]]
    created_at: datetime
    created_by: str
    comment: str = ""
    tests: list[str] | None = None  # None: put in force before there were tests; those of the product hold then
    draft: str | None = None
    approved_by: str | None = None

    class Settings:
        name = "rule_sets"


class RuleSetState(Document):
    """The pointer to the version in force."""

    id: str = ACTIVE  # type: ignore[assignment]
    version: int
    activated_at: datetime
    activated_by: str

    class Settings:
        name = "rule_set_state"


@dataclass(frozen=True, slots=True)
class NewRuleSet:
    """A version that is to be put in force: by whom and why, and the draft that it comes from with who approved it."""

    rules: Rows
    roles: Rows
    by: str
    comment: str = ""
    tests: Sequence[str] | None = None
    draft: str | None = None
    approved_by: str | None = None


@dataclass(frozen=True, slots=True)
class StoredRuleSet:
    """One version as read. `rules` and `roles` are unchecked: whoever reads them must validate them. Without a `seal`
    Dossier did not write it, and it must not count."""

    version: int
    rules: object
    roles: object
    tests: object = None
    seal: bytes | None = None


@dataclass(frozen=True, slots=True)
class RuleSetHead:
    """One version without its rules: who put it in force, when and why, and how many rules it has."""

    version: int
    created_at: datetime
    created_by: str
    comment: str
    draft: str | None
    approved_by: str | None
    rules: int
