"""What whoever holds the host does to accounts by a command: it is a power of theirs, and the administrators are told.

Each leaves a record among the changes of accounts, by `operator`, in one unit of work with what it does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from documents.chapters.accounts.directory import AccountRepository, NewAccount
from documents.chapters.accounts.kinds import AccountAct as Act
from documents.chapters.accounts.kinds import AccountChangeState as State
from documents.declaring.kind import Kind
from documents.errors import InvalidField, InvalidValueError, RecordNotFoundError
from documents.writing.records import RecordWrites
from policies.principal import HOST
from resolvers.caller import operator
from resolvers.kernel import Kernel

KIND = Kind.ACCOUNT_CHANGE


class HostAccounts:
    """`dossier account`. Asks no rule."""

    def __init__(self, kernel: Kernel) -> None:
        self._engine = kernel.engine
        self._operations = kernel.operations
        self._accounts: AccountRepository = kernel.storage.accounts

    async def add(self, new: NewAccount, why: str) -> None:
        """Adds an account. Raises what `AccountRepository.add` raises,
        InvalidValueError for a department that there is not, TrailUnavailableError."""
        code = new.department
        if code is not None and not await self._accounts.departments([code]):
            raise InvalidValueError((InvalidField("department", "value.unknown_department"),))

        async def add(writes: RecordWrites) -> str:
            account = await self._accounts.add(new, writes.unit)
            rights = {
                "roles": sorted(account.base_roles),
                "purposes": sorted(account.purposes),
                "department": account.department,
            }
            return await self._tell(writes, account.username, Act.ADDED, why, rights)

        await self._operations.run(operator("account add"), add, None)

    async def disable(self, username: str, why: str) -> None:
        """Disables an account and ends its sessions. Raises RecordNotFoundError, TrailUnavailableError."""
        if await self._accounts.get(username) is None:
            raise RecordNotFoundError

        async def disable(writes: RecordWrites) -> str:
            await self._accounts.disable(username, writes.unit)
            return await self._tell(writes, username, Act.DISABLED, why)

        await self._operations.run(operator("account disable"), disable, None)

    async def _tell(
        self, writes: RecordWrites, username: str, act: Act, why: str, rights: Mapping[str, Any] | None = None
    ) -> str:
        values = {"staff": username, "act": act.value, "reason": why, **(rights or {})}
        plan, derived = self._engine.told_of_host(KIND), {"state": State.DONE.value}
        return await writes.insert(plan, KIND, values, derived=derived, by=HOST.username)
