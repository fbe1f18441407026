"""Who is in, and with which lasting rights: disabling, enabling, logging out, roles, purposes and department (D5).

Who may do so is a matter of the rules: rights to fields of `account_change`. The record and the account change in one
transaction; every request looks at the account, so that it counts everywhere within a second. INVARIANT: nobody changes
their own rights, nothing leaves nobody to change the rules, and where approval is needed nothing that gives anything
counts before another person approved it. What only takes away never waits.
"""

from __future__ import annotations

from typing import Final, NotRequired, TypedDict

from documents.access.plan import AccessPlan, Action, Purpose
from documents.chapters.accounts.directory import StoredAccount, refuse_system_role
from documents.chapters.accounts.kinds import AccountAct as Act
from documents.chapters.accounts.kinds import AccountChangeState as State
from documents.declaring.kind import Kind
from documents.errors import FieldAccessError, RecordNotFoundError, RuleBrokenError
from documents.reading.typed_rows import Known
from documents.writing.idempotency import IdempotentRequest
from documents.writing.records import RecordWrites, Work
from policies.authorize import CREATE, WRITE
from policies.changing.narrowing import only_narrows
from resolvers.caller import Caller
from resolvers.chapters.accounts.principals import Principals
from resolvers.chapters.policies.administration import PolicyAdministration
from resolvers.inputs import OfRecord
from resolvers.kernel import Kernel

KIND: Final = Kind.ACCOUNT_CHANGE
Request = IdempotentRequest | None


class ChangeAccount(TypedDict):
    """Whose account is changed, and why."""

    username: str
    reason: str


class SetRights(ChangeAccount):
    """What the account is to have for good; what is left out stays."""

    roles: NotRequired[list[str] | None]
    purposes: NotRequired[list[str] | None]
    department: NotRequired[str | None]


class _Rights(TypedDict):
    """What an account has for good."""

    roles: list[str]
    purposes: list[str]
    department: str | None


class _KnownChange(Known):
    staff: str
    act: str
    state: str
    created_by: str | None
    roles: NotRequired[list[str] | None]
    purposes: NotRequired[list[str] | None]
    department: NotRequired[str | None]
    roles_before: NotRequired[list[str] | None]
    purposes_before: NotRequired[list[str] | None]
    department_before: NotRequired[str | None]


class AccountChanges:
    """Changes of accounts, each with its record."""

    def __init__(self, kernel: Kernel, administration: PolicyAdministration, principals: Principals) -> None:
        """What gives somebody rights needs another person's approval where the administration of rules does."""
        self._operations = kernel.operations
        self._store = kernel.store
        self._accounts = kernel.storage.accounts
        self._administration = administration
        self._principals = principals
        self._approval = administration.approval

    async def disable(self, caller: Caller, given: ChangeAccount, request: Request) -> str:
        """Shuts an account out, and ends its sessions."""
        return await self._change(caller, given, Act.DISABLED, request)

    async def enable(self, caller: Caller, given: ChangeAccount, request: Request) -> str:
        """Lets an account that was disabled log in again."""
        return await self._change(caller, given, Act.ENABLED, request)

    async def end_sessions(self, caller: Caller, given: ChangeAccount, request: Request) -> str:
        """Logs a person out everywhere; they may log in again."""
        return await self._change(caller, given, Act.SESSIONS_ENDED, request)

    async def set_rights(self, caller: Caller, given: SetRights, request: Request) -> str:
        """Replaces roles, purposes and department; what is left out stays."""
        return await self._change(caller, given, Act.RIGHTS_SET, request, given)

    async def approve(self, caller: Caller, given: OfRecord, request: Request) -> str:
        """Makes a change count that another person asked for."""
        changed = {"approved_by": caller.username}
        return await self._decide(caller, given, changed, State.DONE, request)

    async def discard(self, caller: Caller, given: OfRecord, request: Request) -> str:
        """Ends a change that waits; it never counts."""
        return await self._decide(caller, given, {"state": State.DISCARDED.value}, State.DISCARDED, request)

    async def _change(
        self, caller: Caller, given: ChangeAccount, act: Act, request: Request, asked: SetRights | None = None
    ) -> str:
        """`asked`: the rights, where the act is to set them."""
        plan = await self._operations.plan(caller, KIND, CREATE)
        username = given["username"]

        async def work(writes: RecordWrites) -> str:
            await writes.unit.lock_kind(KIND)
            account = await self._accounts.get(username, writes.unit.session)
            values: dict[str, object] = {"staff": username, "act": act.value, "reason": given["reason"]}
            derived: dict[str, object] = {}
            before, after = _rights(account), None
            if asked is not None:  # of nobody too, so that a refusal tells not whom there is
                after = _set(before, asked)
                values |= after
                derived = {f"{name}_before": value for name, value in before.items()}
            waits = account is not None and self._approval and self._gives(act, before, after)
            derived["state"] = (State.WAITING if waits else State.DONE).value
            made = await writes.insert(plan, KIND, values, derived=derived, by=caller.username)
            if account is None:
                raise RecordNotFoundError  # not reached: whom nobody knows is an invalid value
            self._check(caller, act, account, after)
            if not waits:
                await self._carry_out(writes, username, act, after)
            return made

        return await self._done(caller, username, work, request)

    async def _decide(
        self, caller: Caller, given: OfRecord, changed: dict[str, str], state: State, request: Request
    ) -> str:
        plan = await self._operations.plan(caller, KIND, WRITE)
        record_id, version, told = given["id"], given["version"], list[str]()

        async def work(writes: RecordWrites) -> str:
            await writes.unit.lock_kind(KIND)
            await writes.check(plan, KIND, record_id, changed, version=version)
            facts = await self._facts(writes, plan, record_id)
            if facts["state"] != State.WAITING:
                raise RuleBrokenError("step.not_allowed", "state")
            derived = {"state": state.value} if "state" not in changed else {}
            if state is State.DONE:
                await self._check_approval(writes, caller, facts)
            await writes.update(plan, KIND, record_id, changed, derived=derived, version=version)
            if state is State.DONE:
                await self._carry_out(writes, facts["staff"], Act(facts["act"]), _asked(facts))
            told[:] = [facts["staff"]]
            return record_id

        done = await self._operations.run(caller, work, request)
        for username in told:
            self._principals.forget_account(username)
        return done

    async def _done(self, caller: Caller, username: str, work: Work, request: Request) -> str:
        done = await self._operations.run(caller, work, request)
        self._principals.forget_account(username)  # in this process it counts at once
        return done

    def _gives(self, act: Act, before: _Rights, after: _Rights | None) -> bool:
        """Whether the change can give the person anything that they do not have."""
        if after is None:
            return act is Act.ENABLED
        rules = self._store.compiler.rule_set
        is_same_place = after["department"] == before["department"]
        takes_purposes = set(after["purposes"]) <= set(before["purposes"])
        return not (is_same_place and takes_purposes and only_narrows(rules, before["roles"], after["roles"]))

    def _check(self, caller: Caller, act: Act, account: StoredAccount, after: _Rights | None) -> None:
        if account.username == caller.username and act is not Act.SESSIONS_ENDED:
            raise RuleBrokenError("account_change.own_account", "staff")
        if after is not None:
            before = _rights(account)
            refuse_system_role(after["roles"], "roles")
            if not set(after["roles"]) - set(before["roles"]) <= self._store.compiler.roles:
                raise RuleBrokenError("role_grant.unknown_role", "roles")
            nothing = _same(after, before)
        else:
            nothing = act in (Act.DISABLED, Act.ENABLED) and account.disabled is (act is Act.DISABLED)
        if nothing:
            raise RuleBrokenError("account_change.nothing_to_change", "act")

    async def _check_approval(self, writes: RecordWrites, caller: Caller, facts: _KnownChange) -> None:
        """Another person, about the account as it was when the change was asked for."""
        if facts["created_by"] == caller.username:
            raise RuleBrokenError("approval.same_person", "approved_by")
        account = await self._accounts.get(facts["staff"], writes.unit.session)
        if account is None:
            raise RecordNotFoundError
        self._check(caller, Act(facts["act"]), account, _asked(facts))
        if facts["act"] == Act.RIGHTS_SET and not _same(_before(facts), _rights(account)):
            raise RuleBrokenError("account_change.outdated", "act")

    async def _carry_out(self, writes: RecordWrites, username: str, act: Act, after: _Rights | None) -> None:
        unit, rules = writes.unit, self._store.compiler.rule_set
        takes = act in (Act.DISABLED, Act.RIGHTS_SET)
        was_locked = takes and await self._administration.locks_out(rules, writes)
        match act:
            case Act.DISABLED:
                await self._accounts.disable(username, unit)
            case Act.ENABLED:
                await self._accounts.enable(username, unit)
            case Act.SESSIONS_ENDED:
                await self._accounts.end_sessions(username, unit)
        if after is not None:
            purposes = [Purpose(purpose) for purpose in after["purposes"]]
            roles, department = after["roles"], after["department"]
            await self._accounts.set_rights(username, roles=roles, purposes=purposes, department=department, unit=unit)
        if takes and not was_locked and await self._administration.locks_out(rules, writes):
            raise RuleBrokenError("draft.locks_out", "staff")

    async def _facts(self, writes: RecordWrites, plan: AccessPlan, record_id: str) -> _KnownChange:
        """The change whole. Whoever may not read what it does decides nothing of it."""
        facts = await writes.load(plan, KIND, record_id, _KnownChange)
        lists = {"roles": facts.get("roles"), "purposes": facts.get("purposes")}
        hidden = [name for name, value in lists.items() if value is None]
        if facts["act"] == Act.RIGHTS_SET and hidden:
            raise FieldAccessError(Action.READ, hidden)
        return facts


def _rights(account: StoredAccount | None) -> _Rights:
    """What the account has for good; nobody has nothing."""
    if account is None:
        return {"roles": [], "purposes": [], "department": None}
    return {
        "roles": sorted(account.base_roles),
        "purposes": sorted(purpose.value for purpose in account.purposes),
        "department": account.department,
    }


def _set(before: _Rights, given: SetRights) -> _Rights:
    """The rights when those given are set; a department given as None is taken away."""
    roles, purposes = given.get("roles"), given.get("purposes")
    return {
        "roles": roles if roles is not None else before["roles"],
        "purposes": purposes if purposes is not None else before["purposes"],
        "department": given.get("department", before["department"]),
    }


def _asked(known: _KnownChange) -> _Rights | None:
    """The rights that the change sets; None where it sets none."""
    if known["act"] != Act.RIGHTS_SET:
        return None
    return {
        "roles": known.get("roles") or [],
        "purposes": known.get("purposes") or [],
        "department": known.get("department"),
    }


def _before(known: _KnownChange) -> _Rights:
    return {
        "roles": known.get("roles_before") or [],
        "purposes": known.get("purposes_before") or [],
        "department": known.get("department_before"),
    }


def _same(one: _Rights, other: _Rights) -> bool:
    """Whether both are the same rights, in whatever order."""
    is_same_place = one["department"] == other["department"]
    return is_same_place and set(one["roles"]) == set(other["roles"]) and set(one["purposes"]) == set(other["purposes"])
