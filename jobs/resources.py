"""What jobs may use, built by the composition root; and as whom they act.

Jobs act as the principal `@system` (no account can have that name) with the role `system`, for which the rules say
what it may do, like for everybody: a repository of customer data asks for a plan, and there is no other way to one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Protocol

from bson import ObjectId

from documents.access.plan import Purpose
from documents.chapters.attachments.storage import AttachmentStorage
from documents.chapters.credit.figures import OverdueReceivable
from documents.chapters.encryption.rotation import KeyRotation
from documents.chapters.jobs.ledger import JobLedger, Session
from documents.chapters.reminders.due import Due
from documents.declaring.kind import Kind
from policies.authorize import PolicyEngine
from policies.principal import Principal

SYSTEM: Final = Principal("@system", frozenset({"system"}), frozenset(Purpose))


class CollectionPlanning(Protocol):
    """What plans the collection of overdue receivables: a use case, which jobs have from the composition root alone."""

    async def overdue(self, on: date, after: str | None, limit: int) -> Sequence[OverdueReceivable]:
        """At most `limit` receivables that are overdue on the day, behind the id `after`."""
        ...

    async def plan_steps(self, session: Session, receivables: Sequence[OverdueReceivable], on: date) -> None:
        """Plans the steps that are due on the day, in the transaction of `session`; none twice."""
        ...


class ServiceKeeping(Protocol):
    """What moves the clocks of service on: a use case too. Whatever writes does so in the transaction of `session`."""

    async def due(self, kind: Kind, now: datetime, limit: int) -> Sequence[ObjectId]:
        """Tickets or complaints whose clock has reached its next instant."""
        ...

    async def move_clocks(self, session: Session, kind: Kind, ids: Sequence[ObjectId], now: datetime) -> None:
        """Notes where they stand, and whom that is escalated to."""
        ...

    async def lapsing(self, on: date, limit: int) -> Sequence[ObjectId]:
        """Trainings whose validity is another on the day than the stored one."""
        ...

    async def judge_validity(self, session: Session, ids: Sequence[ObjectId], on: date) -> None:
        """Notes how they still hold."""
        ...


class Reminding(Protocol):
    """What reminds people of what ends or is due: a use case too."""

    async def expiring(self, kind: Kind, at: datetime, after: str | None, limit: int) -> Sequence[Due]:
        """A page of the records of `kind` that end soon after `at`, behind the place `after`."""
        ...

    async def reviews(self, at: datetime, after: str | None, limit: int) -> Sequence[Due]:
        """A page of the customers whose review is due soon after `at`, or overdue."""
        ...

    async def remind(self, session: Session, due: Sequence[Due]) -> None:
        """Makes the reminders, in the transaction of `session`; none twice."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class JobResources:
    """The repositories that jobs use; a chapter adds its own here and in `app.py`."""

    policies: PolicyEngine
    ledger: JobLedger
    collection: CollectionPlanning | None = None
    service: ServiceKeeping | None = None
    reminding: Reminding | None = None
    attachments: AttachmentStorage | None = None
    keys: KeyRotation | None = None
