"""What whoever holds the host does to accounts by a command: it is a power of theirs, and the administrators are told.

Each leaves a record among the changes of accounts, by `operator`, and an entry in the audit trail. INVARIANT: what
gives somebody access counts only after both are stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from documents.access.plan import Purpose
from documents.access.trace import Act as Traced
from documents.access.trace import TracedChange
from documents.audit.entries import Performed
from documents.chapters.accounts.directory import AccountRepository, NewAccount
from documents.chapters.accounts.kinds import AccountAct as Act
from documents.chapters.accounts.kinds import AccountChangeState as State
from documents.declaring.kind import Kind
from documents.errors import InvalidField, InvalidValueError, RecordNotFoundError
from documents.storing.public_ids import parse_id
from documents.writing.records import RecordWrites
from policies.principal import HOST
from resolvers.caller import Caller
from resolvers.kernel import Kernel

KIND = Kind.ACCOUNT_CHANGE


class HostAccounts:
    """`dossier account`. Asks no rule."""

    def __init__(self, kernel: Kernel) -> None:
        self._engine = kernel.engine
        self._operations = kernel.operations
        self._recorder = kernel.recorder
        self._accounts: AccountRepository = kernel.storage.accounts

    async def add(self, new: NewAccount, why: str) -> None:
        """Adds an account, which can log in once that is told. Raises what `AccountRepository.add` raises,
        InvalidValueError for a department that there is not, TrailUnavailableError."""
        code = new.department
        if code is not None and not await self._accounts.departments([code]):
            raise InvalidValueError((InvalidField("department", "value.unknown_department"),))
        account = await self._accounts.add(replace(new, disabled=True))
        rights = {
            "roles": sorted(account.base_roles),
            "purposes": sorted(account.purposes),
            "department": account.department,
        }

        async def tell(writes: RecordWrites) -> str:
            return await self._tell(writes, account.username, Act.ADDED, why, rights)

        await self._record("account add", await self._operations.run(tell, None))
        await self._accounts.enable(account.username)

    async def disable(self, username: str, why: str) -> None:
        """Disables an account and ends its sessions. Raises RecordNotFoundError, TrailUnavailableError."""
        if await self._accounts.get(username) is None:
            raise RecordNotFoundError

        async def disable(writes: RecordWrites) -> str:
            await self._accounts.disable(username, writes.session)
            return await self._tell(writes, username, Act.DISABLED, why)

        await self._record("account disable", await self._operations.run(disable, None))

    async def _tell(
        self, writes: RecordWrites, username: str, act: Act, why: str, rights: Mapping[str, Any] | None = None
    ) -> str:
        values = {"staff": username, "act": act.value, "reason": why, **(rights or {})}
        plan, derived = self._engine.told_of_host(KIND), {"state": State.DONE.value}
        return await writes.insert(plan, KIND, values, derived=derived, by=HOST.username)

    async def _record(self, command: str, change: str) -> None:
        caller, parsed = Caller(HOST, Purpose.SUPERVISION.value), parse_id(change, (KIND.value,))
        record = parsed[1] if parsed is not None else None
        caller.report.trace.add_change(TracedChange(Traced.CREATE, KIND, ("act", "reason", "staff"), record=record))
        await self._recorder.record(caller, Performed("command", command))
