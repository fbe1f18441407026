"""The use cases of service (S1 to S6, G3)."""

from __future__ import annotations

from typing import Any

from documents.fields import Kind
from documents.repositories.idempotency import IdempotentRequest
from documents.repositories.record_writes import RecordWrites
from policies.authorize import CREATE
from resolvers.caller import Caller
from resolvers.record_operations import RecordOperations


class Service:
    """Tickets and what becomes of them."""

    def __init__(self, operations: RecordOperations) -> None:
        self._operations = operations

    async def open_ticket(self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None) -> str:
        """Opens a ticket for `given["customer"]`."""
        operations = self._operations
        plan = await operations.plan(caller, Kind.TICKET, CREATE)
        customer = await operations.customer(caller, given.pop("customer"))

        async def work(writes: RecordWrites) -> str:
            return await writes.insert(plan, Kind.TICKET, given, customer=customer, by=caller.username)

        return await operations.run(work, request)
