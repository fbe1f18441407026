"""Tables by which customers are judged, one in force for each kind of customer: a table is a record that is never
edited, a change is a new one with the next number, and the newest that is active is in force.

Decides nothing about what a table holds: its chapter does, before it is put in force.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Generic, TypedDict, TypeVar

from documents.access.plan import AccessPlan, Action, Purpose
from documents.declaring.kind import Kind
from documents.errors import FieldAccessError, RuleBrokenError
from documents.reading.typed_rows import Known
from documents.reading.where import Where
from documents.reckoning.tables import TableState
from documents.writing.idempotency import IdempotentRequest
from documents.writing.records import RecordWrites
from policies.authorize import CREATE
from policies.errors import PolicyError
from policies.principal import SYSTEM
from resolvers.caller import Caller
from resolvers.operations import SYSTEM_ACTIONS, RecordOperations
from resolvers.reads import RecordReads

log = logging.getLogger(__name__)


class ActivateTable(TypedDict):
    """What a new table is given as; a chapter adds what its tables hold."""

    applies_to: str


class KnownTable(Known):
    """A stored table; a chapter adds the fields by which its tables judge."""

    number: int
    applies_to: str


class _Version(Known):
    number: int
    state: str


Given = TypeVar("Given", bound=ActivateTable)
Table = TypeVar("Table", bound=KnownTable)


class VersionedTables(Generic[Given, Table]):
    """The tables of one `kind` of record under policy. `row` names the fields by which a table judges; `check` raises
    RuleBrokenError for a table that cannot be put in force; `defaults` are those that the product comes with."""

    def __init__(
        self,
        operations: RecordOperations,
        kind: Kind,
        row: type[Table],
        check: Callable[[Table], object],
        defaults: Iterable[Given],
    ) -> None:
        self._operations = operations
        self._kind = kind
        self._row = row
        self._check = check
        self._defaults = tuple(defaults)

    async def activate(self, caller: Caller, given: Given, request: IdempotentRequest | None) -> str:
        """Puts a new table in force for `given["applies_to"]`, in place of the one that was."""
        plan = await self._operations.plan(caller, self._kind, CREATE)

        async def work(writes: RecordWrites) -> str:
            return await self._activated(writes, plan, given, by=caller.username)

        return await self._operations.run(caller, work, request)

    async def install_defaults(self) -> None:
        """Puts the tables that the product comes with in force, each where there is none for its kind of customer.

        Where the rules in force do not let the system do so, none is put there, and the log says it."""
        try:
            await self._install_defaults()
        except (PolicyError, FieldAccessError):
            log.warning("no `%s` was installed: the rules in force do not let `system` do it", self._kind.value)

    async def in_force(self, writes: RecordWrites, plan: AccessPlan, kind: Kind) -> Table:
        """The table for customers of `kind`, as the system knows it. Raises RuleBrokenError `….none`."""
        where = Where(applies_to=kind, state=TableState.ACTIVE)
        found = await self._operations.all_known(writes, plan, self._kind, where, self._row)
        if not found:
            raise RuleBrokenError(f"{self._kind.value}.none")
        return max(found, key=lambda table: table["number"])

    async def shown(self, reads: RecordReads, caller: Caller, table_id: str) -> Table:
        """The table that a judgement was made by, to make it again.

        Raises FieldAccessError on the judgement's `table` where the caller may not read all of it."""
        try:
            table = await reads.known(caller, self._kind, table_id, self._row)
        except FieldAccessError:
            table = None
        if table is None:
            raise FieldAccessError(Action.READ, ["table"])
        return table

    async def _install_defaults(self) -> None:
        caller = Caller(SYSTEM, Purpose.RISK_ASSESSMENT.value)
        plan = await self._operations.plan(caller, self._kind, CREATE)

        async def work(writes: RecordWrites) -> str:
            made = ""
            for table in self._defaults:
                if not await writes.find(plan, self._kind, Where(applies_to=table["applies_to"])):
                    made = await self._activated(writes, plan, table, by=SYSTEM.username)
            return made

        # The key holds when several processes start at once; later ones find the tables.
        request = IdempotentRequest(SYSTEM.username, f"{self._kind.value.replace('_', ' ')}s", b"1")
        await self._operations.run(caller, work, request)

    async def _activated(self, writes: RecordWrites, plan: AccessPlan, given: Given, *, by: str) -> str:
        own = await self._operations.system_plan(plan, self._kind, SYSTEM_ACTIONS)
        earlier = await writes.find(own, self._kind, Where(applies_to=given["applies_to"]), _Version)
        newest = max((table["number"] for table in earlier), default=0)
        for table in earlier:
            if table["state"] == TableState.ACTIVE.value:  # two at once meet here, and one is done anew
                await writes.update(own, self._kind, table["id"], {"state": TableState.SUPERSEDED.value})
        derived = {"number": newest + 1, "state": TableState.ACTIVE.value}
        made = await writes.insert(plan, self._kind, given, derived=derived, by=by)
        self._check(await writes.load(own, self._kind, made, self._row))  # as stored: its texts are trimmed there
        return made
