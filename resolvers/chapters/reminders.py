"""Reminders (I2, I4, I7): the system makes them of what ends or is due; whose own they are says when it is done.

What is written for the system is written in the unit of work of whoever calls, and doing it again changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

from documents.access.plan import Purpose
from documents.chapters.reminders.due import EXPIRIES, Due, ReminderRepository
from documents.chapters.reminders.kinds import ReminderState
from documents.declaring.kind import Kind
from documents.errors import RuleBrokenError
from documents.reading.typed_rows import Known
from documents.reckoning.working_time import SHANGHAI
from documents.writing.idempotency import IdempotentRequest
from documents.writing.records import RecordWrites
from documents.writing.unit_of_work import UnitOfWork
from policies.authorize import CREATE, READ, WRITE
from policies.principal import SYSTEM
from resolvers.caller import Caller
from resolvers.inputs import OfRecord
from resolvers.kernel import Kernel

REVIEW_NOTICE_DAYS: Final = 14


class _KnownReminder(Known):
    state: str


class Reminders:
    """What there is to remind of, and the reminders."""

    def __init__(self, kernel: Kernel) -> None:
        storage = kernel.storage
        self._operations = kernel.operations
        self._reminders = ReminderRepository(storage.readers, storage.reader)

    async def expiring(self, kind: Kind, at: datetime, after: str | None, limit: int) -> Sequence[Due]:
        """A page of the records of `kind` that expire within its days of notice, counted from `at`."""
        plan = await self._operations.plan(_system(), kind, READ)
        return await self._reminders.expiring(plan, EXPIRIES[kind], at, after, limit)

    async def reviews(self, at: datetime, after: str | None, limit: int) -> Sequence[Due]:
        """A page of the customers whose review is due within the days of notice, or overdue."""
        today: date = at.astimezone(SHANGHAI).date()
        plan = await self._operations.customers_plan(_system())
        until = today + timedelta(days=REVIEW_NOTICE_DAYS)
        return await self._reminders.reviews(plan, today, until, after, limit)

    async def remind(self, unit: UnitOfWork, due: Sequence[Due]) -> None:
        """Makes the reminders that there are not yet."""
        plan = await self._operations.plan(_system(), Kind.REMINDER, CREATE)
        await self._reminders.remind(unit, plan, due, SYSTEM.username)

    async def complete(self, caller: Caller, given: OfRecord, request: IdempotentRequest | None) -> str:
        """Notes that what the reminder is about was seen to."""
        plan = await self._operations.plan(caller, Kind.REMINDER, WRITE)
        record_id, version = given["id"], given["version"]

        async def work(writes: RecordWrites) -> str:
            await writes.check(plan, Kind.REMINDER, record_id, ["state"], version=version)
            known = await self._operations.known(writes, plan, Kind.REMINDER, record_id, _KnownReminder)
            if known["state"] == ReminderState.DONE.value:
                raise RuleBrokenError("step.finished", "state")
            values, derived = {"state": ReminderState.DONE.value}, {"done_at": datetime.now(UTC)}
            await writes.update(plan, Kind.REMINDER, record_id, values, version=version, derived=derived)
            return record_id

        return await self._operations.run(caller, work, request)


def _system() -> Caller:
    return Caller(SYSTEM, Purpose.BUSINESS_OPERATION.value)
