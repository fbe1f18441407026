"""Granting roles for a time, and ending them (D5): they begin and end by themselves, to the second.

The account carries a copy of each grant until it is ended, changed in the transaction that changes the grant: every
request looks at it. INVARIANT: nobody grants a role to themselves, whatever the rules say; where approval is needed
no grant counts before another person approved it; and no end of a grant leaves nobody to change the rules. An end
never waits.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, NotRequired, TypedDict

from documents.access.plan import Action, Scope
from documents.access.trace import Served
from documents.chapters.accounts.directory import StoredAccount, refuse_system_role
from documents.chapters.accounts.role_grants import RoleGrantState as State
from documents.declaring.kind import Kind
from documents.errors import FieldAccessError, RuleBrokenError
from documents.plain_records import Record, Records
from documents.reading.typed_rows import Known
from documents.writing.idempotency import IdempotentRequest
from documents.writing.records import RecordWrites
from policies.authorize import CREATE, WRITE
from resolvers.caller import Caller
from resolvers.chapters.policies.administration import PolicyAdministration
from resolvers.inputs import OfRecord
from resolvers.kernel import Kernel

KIND: Final = Kind.ROLE_GRANT
_NAMED: Final = frozenset({"staff", "role"})


class GrantRole(TypedDict):
    """Whom a role is granted, and why: from now, if `since` is left out; for good, if `until` is."""

    staff: str
    role: str
    since: NotRequired[datetime | None]
    until: NotRequired[datetime | None]
    reason: str


class _Term(TypedDict):
    staff: str
    role: str
    since: datetime
    until: NotRequired[datetime | None]


class _KnownGrant(Known, _Term):
    state: str
    created_by: str | None


class _Endable(Known):
    staff: str
    until: NotRequired[datetime | None]
    ended_at: NotRequired[datetime | None]


class RoleGrants:
    """Roles with a beginning and an end."""

    def __init__(self, kernel: Kernel, administration: PolicyAdministration) -> None:
        """A grant needs another person's approval where the administration of rules does."""
        self._approval = administration.approval
        self._operations = kernel.operations
        self._administration = administration
        self._store = kernel.store
        self._accounts = kernel.storage.accounts

    async def grant(self, caller: Caller, given: GrantRole, request: IdempotentRequest | None) -> str:
        """Grants a role from now, or from `since`, until `until`; for good where that is left out. Where approval is
        needed, it waits for that."""
        plan = await self._operations.plan(caller, KIND, CREATE)
        now = _now()
        since = given.get("since") or now
        term: _Term = {"staff": given["staff"], "role": given["role"], "since": since, "until": given.get("until")}
        self._check(caller, term, now)

        async def work(writes: RecordWrites) -> str:
            state = State.WAITING if self._approval else State.GRANTED
            values = {**given, "since": since}
            granted = await writes.insert(plan, KIND, values, derived={"state": state.value}, by=caller.username)
            if not self._approval:
                await self._give(writes, granted, term)
            return granted

        return await self._operations.run(caller, work, request)

    async def approve(self, caller: Caller, given: OfRecord, request: IdempotentRequest | None) -> str:
        """Makes a grant count that another person made for a third."""
        plan = await self._operations.plan(caller, KIND, WRITE)
        record_id, version = given["id"], given["version"]

        async def work(writes: RecordWrites) -> str:
            await writes.check(plan, KIND, record_id, ["approved_by"], version=version)
            known = await writes.load(plan, KIND, record_id, _KnownGrant)
            if known["state"] != State.WAITING:
                raise RuleBrokenError("step.not_allowed", "state")
            if known["created_by"] == caller.username:
                raise RuleBrokenError("approval.same_person", "approved_by")
            self._check(caller, known, _now())
            derived = {"state": State.GRANTED.value}
            values = {"approved_by": caller.username}
            await writes.update(plan, KIND, record_id, values, derived=derived, version=version)
            await self._give(writes, record_id, known)
            return record_id

        return await self._operations.run(caller, work, request)

    async def end(self, caller: Caller, given: OfRecord, request: IdempotentRequest | None) -> str:
        """Ends a grant before its time, or one that has no end."""
        plan = await self._operations.plan(caller, KIND, WRITE)
        record_id, version, now = given["id"], given["version"], _now()
        rules = self._store.compiler.rule_set
        was_locked = await self._administration.locks_out(rules)

        async def work(writes: RecordWrites) -> str:
            await writes.check(plan, KIND, record_id, ["ended_at"], version=version)
            known = await writes.load(plan, KIND, record_id, _Endable)
            until = known.get("until")
            if known.get("ended_at") is not None or (until is not None and until <= now):
                raise RuleBrokenError("role_grant.ended_already", "ended_at")
            derived = {"ended_by": caller.username, "state": State.ENDED.value}
            await writes.update(plan, KIND, record_id, {"ended_at": now}, derived=derived, version=version)
            await self._accounts.end_role_term(known["staff"], record_id, writes.unit)
            if not was_locked and await self._administration.locks_out(rules, writes):
                raise RuleBrokenError("draft.locks_out", "role")
            return record_id

        return await self._operations.run(caller, work, request)

    async def accounts(self, caller: Caller) -> Records:
        """Who there is, with which roles: for those who may read every grant. Raises FieldAccessError."""
        plan = await self._operations.plan(caller, KIND)
        grants = plan.grants(KIND, frozenset({Scope.ALL}))
        if hidden := _NAMED - grants.plain:
            raise FieldAccessError(Action.READ, hidden)
        caller.report.add_row(Served(KIND, tuple(sorted(_NAMED)), ()), None)
        accounts = await self._accounts.list_accounts()
        departments = await self._accounts.departments(one.department for one in accounts if one.department)
        return Records(_account(account, departments.get(account.department or "")) for account in accounts)

    async def _give(self, writes: RecordWrites, grant: str, term: _Term) -> None:
        given = {"role": term["role"], "since": term["since"], "until": term.get("until"), "grant": grant}
        await self._accounts.add_role_term(term["staff"], given, writes.unit)

    def _check(self, caller: Caller, term: _Term, now: datetime) -> None:
        if term["staff"] == caller.username:
            raise RuleBrokenError("role_grant.own_account", "staff")
        refuse_system_role({term["role"]}, "role")
        if term["role"] not in self._store.compiler.roles:
            raise RuleBrokenError("role_grant.unknown_role", "role")
        until = term.get("until")
        if until is not None and until <= max(term["since"], now):
            raise RuleBrokenError("role_grant.ends_before_it_begins", "until")


def _account(account: StoredAccount, department: Record | None) -> Record:
    return Record(
        username=account.username,
        display_name=account.display_name,
        roles=sorted(account.roles),
        lasting_roles=sorted(account.lasting_roles),
        base_roles=sorted(account.base_roles),
        purposes=sorted(account.purposes),
        department=account.department,
        department_named=department,
        disabled=account.disabled,
        cleared_until=account.cleared_until,
    )


def _now() -> datetime:
    """The time in whole milliseconds, as the database keeps it."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
