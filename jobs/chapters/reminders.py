"""The jobs of the care for information: every day those are reminded whose undertakings, consents or agreements end
soon (I4, I7), and who has reviews to make (I2). None is reminded twice of the same thing on the same day.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol

from documents.chapters.reminders.due import Due
from documents.declaring.kind import Kind
from documents.writing.unit_of_work import UnitOfWork
from jobs.context import JobContext, Pages
from jobs.definition import job
from jobs.schedules import Daily

_BATCH: Final = 200
"""Reminders per transaction."""


class Reminding(Protocol):
    """What reminds people of what ends or is due: a use case, which jobs have from the composition root alone."""

    async def expiring(self, kind: Kind, at: datetime, after: str | None, limit: int) -> Sequence[Due]:
        """A page of the records of `kind` that end soon after `at`, behind the place `after`."""
        ...

    async def reviews(self, at: datetime, after: str | None, limit: int) -> Sequence[Due]:
        """A page of the customers whose review is due soon after `at`, or overdue."""
        ...

    async def remind(self, unit: UnitOfWork, due: Sequence[Due]) -> None:
        """Makes the reminders, in the unit of work; none twice."""
        ...


class ReminderResources(Protocol):
    """What the jobs of reminders work with."""

    @property
    def reminders(self) -> Reminding: ...


@job("information.expiring_undertakings", schedule=Daily(at="05:00"))
async def remind_of_undertakings(context: JobContext[ReminderResources]) -> None:
    """Undertakings that end within 30 days of the tick: without a new one their signer loses all access."""
    await _remind_of_expiring(context, Kind.UNDERTAKING)


@job("information.expiring_consents", schedule=Daily(at="05:05"))
async def remind_of_consents(context: JobContext[ReminderResources]) -> None:
    """Consents to sharing that end within 14 days of the tick."""
    await _remind_of_expiring(context, Kind.CONSENT)


@job("information.expiring_agreements", schedule=Daily(at="05:10"))
async def remind_of_agreements(context: JobContext[ReminderResources]) -> None:
    """Agreements with partners that end within 14 days of the tick."""
    await _remind_of_expiring(context, Kind.SHARING_AGREEMENT)


@job("information.reviews", schedule=Daily(at="05:15"))
async def remind_of_reviews(context: JobContext[ReminderResources]) -> None:
    """Customers whose information is due for review within 14 days of the tick, or overdue."""

    async def page(after: str | None, limit: int) -> Sequence[Due]:
        return await context.resources.reminders.reviews(context.scheduled_at, after, limit)

    await _remind(context, page)


async def _remind_of_expiring(context: JobContext[ReminderResources], kind: Kind) -> None:
    async def page(after: str | None, limit: int) -> Sequence[Due]:
        return await context.resources.reminders.expiring(kind, context.scheduled_at, after, limit)

    await _remind(context, page)


async def _remind(context: JobContext[ReminderResources], pages: Pages[Due]) -> None:
    reminding = context.resources.reminders
    async for batch in context.batches(pages, _BATCH):

        async def remind(unit: UnitOfWork, due: Sequence[Due] = batch.items) -> None:
            await reminding.remind(unit, due)

        await batch.commit(remind)
