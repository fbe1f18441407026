"""What the clocks of service demand when nobody asks: escalations (S2, S6), trainings that expire (S3).

The system acts under its own rules. Each method that writes does so in the transaction of whoever calls it, and doing
it again changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from bson import ObjectId

from documents.access.plan import Purpose
from documents.chapters.service.clock import Clocks, TimedCase, TimedTicket
from documents.chapters.service.figures import ServiceFigures
from documents.chapters.service.training import NOTICE_DAYS, validity
from documents.declaring.kind import Kind
from documents.reading.typed_rows import Known
from documents.reading.where import OneOf, Where
from documents.writing.unit_of_work import UnitOfWork
from policies.authorize import READ, WRITE
from policies.principal import SYSTEM
from resolvers.caller import Caller
from resolvers.operations import RecordOperations

_MOVED = ("standing", "next_due_at", "escalations", "escalation_level")
"""What changes by itself as time goes by."""


class _Case(Known, TimedCase):
    pass


class _Ticket(Known, TimedTicket):
    pass


class _Result(Known):
    valid_until: str | None


_TIMED: Mapping[Kind, type[_Case]] = {Kind.TICKET: _Ticket, Kind.COMPLAINT: _Case}


class ServiceUpkeep:
    """Clocks that have moved on."""

    def __init__(self, operations: RecordOperations, figures: ServiceFigures, clocks: Clocks) -> None:
        self._operations = operations
        self._clocks = clocks
        self._figures = figures

    async def due(self, kind: Kind, now: datetime, limit: int) -> Sequence[ObjectId]:
        """Tickets or complaints whose standing or escalation changes by `now`, those due for longest first."""
        plan = await self._operations.plan(_system(Purpose.CUSTOMER_SERVICE), kind, READ)
        return await self._figures.due(plan, kind, now, limit)

    async def move_clocks(self, unit: UnitOfWork, kind: Kind, ids: Sequence[ObjectId], now: datetime) -> None:
        """Notes where each stands at `now` and whom it is escalated to: once per measure and level."""
        writes = self._operations.writer.writes(unit)
        plan = await self._operations.plan(_system(Purpose.CUSTOMER_SERVICE), kind, WRITE)
        for case in await writes.find(plan, kind, Where(id=OneOf(ids)), _TIMED[kind]):
            fields = self._clocks[kind].fields(case, now)
            await writes.update(plan, kind, case["id"], {name: fields[name] for name in _MOVED})

    async def lapsing(self, on: date, limit: int) -> Sequence[ObjectId]:
        """Passed trainings whose validity is another on this day than the stored one."""
        plan = await self._operations.plan(_system(Purpose.BUSINESS_OPERATION), Kind.TRAINING_RESULT, READ)
        return await self._figures.lapsing(plan, on, NOTICE_DAYS, limit)

    async def judge_validity(self, unit: UnitOfWork, ids: Sequence[ObjectId], on: date) -> None:
        """Notes how each still holds on the day."""
        writes = self._operations.writer.writes(unit)
        kind = Kind.TRAINING_RESULT
        plan = await self._operations.plan(_system(Purpose.BUSINESS_OPERATION), kind, WRITE)
        for result in await writes.find(plan, kind, Where(id=OneOf(ids)), _Result):
            until = date.fromisoformat(result["valid_until"]) if result["valid_until"] is not None else None
            await writes.update(plan, kind, result["id"], {"validity": validity(until, on).value})


def _system(purpose: Purpose) -> Caller:
    return Caller(SYSTEM, purpose.value)
