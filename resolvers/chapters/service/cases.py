"""What tickets and complaints have in common: the standard that holds for them, their clocks, their facts (S2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from documents.access.plan import AccessPlan
from documents.chapters.service.clock import Clocks, StandardRow, TimedCase, standards_in_force
from documents.chapters.service.standards import Priority, TicketCategory
from documents.declaring.kind import Kind
from documents.errors import InvalidField, InvalidValueError
from documents.reading.typed_rows import Known
from documents.reading.where import Where
from documents.storing.layout import CustomerReference
from documents.writing.records import RecordWrites
from policies.authorize import READ
from resolvers.caller import Caller
from resolvers.operations import RecordOperations

Now = Callable[[], datetime]
"""The time. The demo gives its own, to tell what happened earlier."""


class KnownCase(Known, TimedCase):
    customer: str
    state: str


class _KnownStandard(Known, StandardRow):
    pass


@dataclass(frozen=True, slots=True)
class NewCase:
    """A ticket or complaint to be opened: what the caller gave of it, and how it begins where that was not given."""

    kind: Kind
    customer: CustomerReference
    given: Mapping[str, Any]
    begins_with: Mapping[str, Any]


def present() -> datetime:
    """The time in whole milliseconds, as the database keeps it."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


class ServiceCases:
    """The ground of the use cases of tickets and complaints."""

    def __init__(self, operations: RecordOperations, clocks: Clocks, now: Now) -> None:
        self.operations = operations
        self._clocks = clocks
        self.now = now

    async def insert(self, writes: RecordWrites, plan: AccessPlan, new: NewCase, *, by: str) -> str:
        """Opens a case: now, and under the standard in force."""
        case = {**new.begins_with, **new.given, "opened_at": self.now()}
        category, priority = TicketCategory(case["category"]), Priority(case["priority"])
        case |= await self._promised(writes, plan, new.customer.kind, category, priority)
        case |= self._clocks[new.kind].fields(case, case["opened_at"])
        if new.kind is Kind.COMPLAINT:
            del case["category"]
        derived = {name: value for name, value in case.items() if name not in new.given}
        return await writes.insert(plan, new.kind, new.given, customer=new.customer, derived=derived, by=by)

    def clock(self, kind: Kind, case: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        """The fields of the clocks after a change."""
        return self._clocks[kind].fields(case, now)

    async def check_ticket(
        self, writes: RecordWrites, caller: Caller, ticket: str | None, customer: CustomerReference
    ) -> None:
        """Raises InvalidValueError where `ticket` is none of the customer's that the caller sees."""
        if ticket is None:
            return
        plan = await self.operations.plan(caller, Kind.TICKET, READ)
        if not await writes.find(plan, Kind.TICKET, Where(id=ticket, customer=customer)):
            raise InvalidValueError((InvalidField("ticket", "value.unknown_record"),))

    async def _promised(
        self, writes: RecordWrites, plan: AccessPlan, kind: Kind, category: TicketCategory, priority: Priority
    ) -> dict[str, int]:
        """The standard in force, in working minutes."""
        rows = await self.operations.all_known(
            writes, plan, Kind.SERVICE_STANDARD, Where(in_force=True), _KnownStandard
        )
        standards = standards_in_force(rows, self._clocks[Kind.TICKET].standards)
        standard = standards.standard(kind, category, priority)
        return {
            "reply_within": int(standard.reply_within.total_seconds() // 60),
            "resolve_within": int(standard.resolve_within.total_seconds() // 60),
        }
