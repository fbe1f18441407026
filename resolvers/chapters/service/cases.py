"""What tickets and complaints have in common: the standard that holds for them, their clocks, their facts (S2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from documents.access.plan import AccessPlan
from documents.chapters.service.clock import CLOCK_FIELDS, Clocks, standards_in_force
from documents.chapters.service.standards import Priority, TicketCategory
from documents.declaring.kind import Kind
from documents.errors import InvalidField, InvalidValueError
from documents.plain_records import Record
from documents.storing.layout import CustomerReference
from documents.storing.public_ids import parse_id
from documents.writing.records import RecordWrites
from policies.authorize import READ, WRITE
from resolvers.caller import Caller
from resolvers.operations import RecordOperations

Now = Callable[[], datetime]
"""The time. The demo gives its own, to tell what happened earlier."""

_STANDARD_FIELDS = ("customer_kind", "category", "priority", "reply_within", "resolve_within")


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

    async def insert(
        self,
        writes: RecordWrites,
        plan: AccessPlan,
        kind: Kind,
        given: Mapping[str, Any],
        customer: CustomerReference,
        derived: Mapping[str, Any],
        by: str,
    ) -> str:
        """Opens a case of `kind`: `derived` is what it begins with, where the caller did not give it."""
        case = {**derived, **given, "opened_at": self.now()}
        category, priority = TicketCategory(case["category"]), Priority(case["priority"])
        case |= await self._promised(writes, plan, customer.kind, category, priority)
        case |= self._clocks[kind].fields(case, case["opened_at"])
        if kind is Kind.COMPLAINT:
            del case["category"]
        begins_with = {name: value for name, value in case.items() if name not in given}
        return await writes.insert(plan, kind, given, customer=customer, derived=begins_with, by=by)

    async def facts(
        self, writes: RecordWrites, plan: AccessPlan, kind: Kind, given: Mapping[str, Any], changing: str, *names: str
    ) -> Record:
        """The case of `given` (`id`, `version`) as it is, for the system's own judgement; the caller's right to write
        the field `changing` is asked first."""
        await writes.check(plan, kind, given["id"], [changing], version=given["version"])
        system = await self.operations.system_plan(plan, kind, WRITE)
        return await writes.load(system, kind, given["id"], *CLOCK_FIELDS, "customer", "state", *names)

    def clock(self, kind: Kind, case: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        """The fields of the clocks after a change."""
        return self._clocks[kind].fields(case, now)

    async def check_related(
        self, writes: RecordWrites, caller: Caller, field: str, record_id: str | None, customer: CustomerReference
    ) -> None:
        """Raises InvalidValueError where `record_id` is no ticket of the customer that the caller sees."""
        if record_id is None:
            return
        parsed = parse_id(record_id, (Kind.TICKET.value,))
        plan = await self.operations.plan(caller, Kind.TICKET, READ)
        of_customer = {"customer_id": customer.row_id}
        if parsed is None or not await writes.find(plan, Kind.TICKET, {"_id": parsed[1], **of_customer}):
            raise InvalidValueError((InvalidField(field, "value.unknown_record"),))

    async def _promised(
        self, writes: RecordWrites, plan: AccessPlan, kind: Kind, category: TicketCategory, priority: Priority
    ) -> dict[str, int]:
        """The standard in force, in working minutes."""
        system = await self.operations.system_plan(plan, Kind.SERVICE_STANDARD, READ)
        rows = await writes.find(system, Kind.SERVICE_STANDARD, {"in_force": True}, *_STANDARD_FIELDS)
        standards = standards_in_force(rows, self._clocks[Kind.TICKET].standards)
        standard = standards.standard(kind, category, priority)
        return {
            "reply_within": int(standard.reply_within.total_seconds() // 60),
            "resolve_within": int(standard.resolve_within.total_seconds() // 60),
        }
