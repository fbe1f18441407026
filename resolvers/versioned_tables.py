"""Tables by which customers are judged, one in force for each kind of customer: a table is a record that is never
edited, a change is a new one with the next number, and the newest that is active is in force.

Decides nothing about what a table holds: its chapter does, before it is put in force.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from documents.access.plan import AccessPlan, Purpose
from documents.declaring.kind import Kind
from documents.errors import FieldAccessError, RuleBrokenError
from documents.plain_records import Record
from documents.reckoning.tables import TableState
from documents.writing.idempotency import IdempotentRequest
from documents.writing.records import RecordWrites
from policies.authorize import CREATE, READ
from policies.errors import PolicyError
from policies.principal import SYSTEM
from resolvers.caller import Caller
from resolvers.operations import SYSTEM_ACTIONS, RecordOperations

log = logging.getLogger(__name__)
Values = Mapping[str, Any]


class VersionedTables:
    """The tables of one `kind` of record under policy. `parts` are the fields by which a table judges; `check` raises
    RuleBrokenError for a table that cannot be put in force; `defaults` are those that the product comes with."""

    def __init__(
        self,
        operations: RecordOperations,
        kind: Kind,
        parts: Iterable[str],
        check: Callable[[Values], object],
        defaults: Iterable[Values],
    ) -> None:
        self._operations = operations
        self._kind = kind
        self._parts = tuple(parts)
        self._check = check
        self._defaults = tuple(defaults)

    async def activate(self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None) -> str:
        """Puts a new table in force for `given["applies_to"]`, in place of the one that was."""
        plan = await self._operations.plan(caller, self._kind, CREATE)

        async def work(writes: RecordWrites) -> str:
            return await self._activated(writes, plan, given, by=caller.username)

        return await self._operations.run(work, request)

    async def install_defaults(self) -> None:
        """Puts the tables that the product comes with in force, each where there is none for its kind of customer.

        Where the rules in force do not let the system do so, none is put there, and the log says it."""
        try:
            await self._install_defaults()
        except (PolicyError, FieldAccessError):
            log.warning("no `%s` was installed: the rules in force do not let `system` do it", self._kind.value)

    async def in_force(self, writes: RecordWrites, plan: AccessPlan, kind: Kind) -> Record:
        """The table for customers of `kind`, as the system knows it. Raises RuleBrokenError `….none`."""
        own = await self._operations.system_plan(plan, self._kind, READ)
        condition = {"applies_to": kind.value, "state": TableState.ACTIVE.value}
        found = await writes.find(own, self._kind, condition, *self._parts)
        if not found:
            raise RuleBrokenError(f"{self._kind.value}.none")
        newest: Record = max(found, key=lambda record: record["number"])
        return newest

    async def _install_defaults(self) -> None:
        caller = Caller(SYSTEM, Purpose.RISK_ASSESSMENT.value)
        plan = await self._operations.plan(caller, self._kind, CREATE)

        async def work(writes: RecordWrites) -> str:
            made = ""
            for table in self._defaults:
                if not await writes.find(plan, self._kind, {"applies_to": table["applies_to"]}):
                    made = await self._activated(writes, plan, table, by=SYSTEM.username)
            return made

        # The key holds when several processes start at once; later ones find the tables.
        request = IdempotentRequest(SYSTEM.username, f"{self._kind.value.replace('_', ' ')}s", b"1")
        await self._operations.run(work, request)

    async def _activated(self, writes: RecordWrites, plan: AccessPlan, given: Values, *, by: str) -> str:
        own = await self._operations.system_plan(plan, self._kind, SYSTEM_ACTIONS)
        condition = {"applies_to": given["applies_to"]}
        earlier = await writes.find(own, self._kind, condition, "number", "state")
        newest = max((record["number"] for record in earlier), default=0)
        for record in earlier:
            if record["state"] == TableState.ACTIVE.value:  # two at once meet here, and one is done anew
                await writes.update(own, self._kind, record["id"], {"state": TableState.SUPERSEDED.value})
        derived = {"number": newest + 1, "state": TableState.ACTIVE.value}
        made = await writes.insert(plan, self._kind, given, derived=derived, by=by)
        self._check(await writes.load(own, self._kind, made, *self._parts))  # as stored: its texts are trimmed there
        return made
