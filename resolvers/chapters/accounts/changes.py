"""Who is in, and with which lasting rights: disabling, enabling, logging out, roles, purposes and department (D5).

Who may do so is a matter of the rules: rights to fields of `account_change`. The record and the account change in one
transaction; every request looks at the account, so that it counts everywhere within a second. INVARIANT: nobody changes
their own rights, nothing leaves nobody to change the rules, and where approval is needed nothing that gives anything
counts before another person approved it. What only takes away never waits.
"""

from __future__ import annotations

from typing import Any, Final

from documents.access.plan import AccessPlan, Action, Purpose
from documents.chapters.accounts.directory import StoredAccount
from documents.chapters.accounts.kinds import AccountAct as Act
from documents.chapters.accounts.kinds import AccountChangeState as State
from documents.declaring.kind import Kind
from documents.errors import FieldAccessError, RecordNotFoundError, RuleBrokenError
from documents.plain_records import Record
from documents.writing.idempotency import IdempotentRequest
from documents.writing.locks import lock_kind
from documents.writing.records import RecordWrites
from policies.authorize import CREATE, WRITE
from policies.changing.narrowing import only_narrows
from resolvers.caller import Caller
from resolvers.chapters.accounts.principals import Principals
from resolvers.chapters.policies.administration import PolicyAdministration
from resolvers.kernel import Kernel

KIND: Final = Kind.ACCOUNT_CHANGE
_RIGHTS: Final = ("roles", "purposes", "department")
_FACTS: Final = ("staff", "act", "state", "created_by", *_RIGHTS, *(f"{name}_before" for name in _RIGHTS))
_NEEDED: Final = ("staff", "act", "state", "created_by")
Request = IdempotentRequest | None


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

    async def disable(self, caller: Caller, given: dict[str, Any], request: Request) -> str:
        """Shuts an account out, and ends its sessions."""
        return await self._change(caller, given, Act.DISABLED, request)

    async def enable(self, caller: Caller, given: dict[str, Any], request: Request) -> str:
        """Lets an account that was disabled log in again."""
        return await self._change(caller, given, Act.ENABLED, request)

    async def end_sessions(self, caller: Caller, given: dict[str, Any], request: Request) -> str:
        """Logs a person out everywhere; they may log in again."""
        return await self._change(caller, given, Act.SESSIONS_ENDED, request)

    async def set_rights(self, caller: Caller, given: dict[str, Any], request: Request) -> str:
        """Replaces roles, purposes and department; what is left out stays."""
        return await self._change(caller, given, Act.RIGHTS_SET, request)

    async def approve(self, caller: Caller, given: dict[str, Any], request: Request) -> str:
        """Makes a change count that another person asked for."""
        changed = {"approved_by": caller.username}
        return await self._decide(caller, given, changed, State.DONE, request)

    async def discard(self, caller: Caller, given: dict[str, Any], request: Request) -> str:
        """Ends a change that waits; it never counts."""
        return await self._decide(caller, given, {"state": State.DISCARDED.value}, State.DISCARDED, request)

    async def _change(self, caller: Caller, given: dict[str, Any], act: Act, request: Request) -> str:
        plan = await self._operations.plan(caller, KIND, CREATE)
        username = given["username"]

        async def work(writes: RecordWrites) -> str:
            await lock_kind(self._operations.writer, writes, KIND)
            account = await self._accounts.get(username, writes.session)
            values: dict[str, Any] = {"staff": username, "act": act.value, "reason": given["reason"]}
            derived: dict[str, Any] = {}
            if act is Act.RIGHTS_SET:  # of nobody too, so that a refusal tells not whom there is
                before = _rights(account)
                values |= before | {name: given[name] for name in _RIGHTS if given.get(name) is not None}
                values["department"] = given.get("department", before["department"])
                derived = {f"{name}_before": value for name, value in before.items()}
            waits = account is not None and self._approval and self._gives(act, account, values)
            derived["state"] = (State.WAITING if waits else State.DONE).value
            made = await writes.insert(plan, KIND, values, derived=derived, by=caller.username)
            if account is None:
                raise RecordNotFoundError  # not reached: whom nobody knows is an invalid value
            self._check(caller, act, account, values)
            if not waits:
                await self._carry_out(writes, act, values)
            return made

        return await self._done(username, work, request)

    async def _decide(
        self, caller: Caller, given: dict[str, Any], changed: dict[str, Any], state: State, request: Request
    ) -> str:
        plan = await self._operations.plan(caller, KIND, WRITE)
        record_id, version, told = given["id"], given["version"], list[str]()

        async def work(writes: RecordWrites) -> str:
            await lock_kind(self._operations.writer, writes, KIND)
            await writes.check(plan, KIND, record_id, changed, version=version)
            facts = await self._facts(writes, plan, record_id)
            if facts["state"] != State.WAITING:
                raise RuleBrokenError("step.not_allowed", "state")
            derived = {"state": state.value} if "state" not in changed else {}
            if state is State.DONE:
                await self._check_approval(writes, caller, facts)
            await writes.update(plan, KIND, record_id, changed, derived=derived, version=version)
            if state is State.DONE:
                await self._carry_out(writes, Act(facts["act"]), facts)
            told[:] = [facts["staff"]]
            return str(record_id)

        done = await self._operations.run(work, request)
        for username in told:
            self._principals.forget_account(username)
        return done

    async def _done(self, username: str, work: Any, request: Request) -> str:
        done = await self._operations.run(work, request)
        self._principals.forget_account(username)  # in this process it counts at once
        return done

    def _gives(self, act: Act, account: StoredAccount, after: dict[str, Any]) -> bool:
        """Whether the change can give the person anything that they do not have."""
        if act is not Act.RIGHTS_SET:
            return act is Act.ENABLED
        before, rules = _rights(account), self._store.compiler.rule_set
        is_same_place = after["department"] == before["department"]
        takes_purposes = set(after["purposes"]) <= set(before["purposes"])
        return not (is_same_place and takes_purposes and only_narrows(rules, before["roles"], after["roles"]))

    def _check(self, caller: Caller, act: Act, account: StoredAccount, values: dict[str, Any]) -> None:
        if account.username == caller.username and act is not Act.SESSIONS_ENDED:
            raise RuleBrokenError("account_change.own_account", "staff")
        if act is Act.RIGHTS_SET:
            before = _rights(account)
            if not set(values["roles"]) - set(before["roles"]) <= self._store.compiler.roles:
                raise RuleBrokenError("role_grant.unknown_role", "roles")
            nothing = _same(values, before)
        else:
            nothing = act in (Act.DISABLED, Act.ENABLED) and account.disabled is (act is Act.DISABLED)
        if nothing:
            raise RuleBrokenError("account_change.nothing_to_change", "act")

    async def _check_approval(self, writes: RecordWrites, caller: Caller, facts: Record) -> None:
        """Another person, about the account as it was when the change was asked for."""
        if facts["created_by"] == caller.username:
            raise RuleBrokenError("approval.same_person", "approved_by")
        account = await self._accounts.get(facts["staff"], writes.session)
        if account is None:
            raise RecordNotFoundError
        self._check(caller, Act(facts["act"]), account, {**facts, **_listed(facts)})
        before = {name: facts.get(f"{name}_before") for name in _RIGHTS}
        if facts["act"] == Act.RIGHTS_SET and not _same(before, _rights(account)):
            raise RuleBrokenError("account_change.outdated", "act")

    async def _carry_out(self, writes: RecordWrites, act: Act, change: dict[str, Any] | Record) -> None:
        username, session, rules = change["staff"], writes.session, self._store.compiler.rule_set
        takes = act in (Act.DISABLED, Act.RIGHTS_SET)
        was_locked = takes and await self._administration.locks_out(rules, writes)
        match act:
            case Act.DISABLED:
                await self._accounts.disable(username, session)
            case Act.ENABLED:
                await self._accounts.enable(username, session)
            case Act.SESSIONS_ENDED:
                await self._accounts.end_sessions(username, session)
            case Act.RIGHTS_SET:
                rights = _listed(change)
                rights["purposes"] = [Purpose(purpose) for purpose in rights["purposes"]]
                await self._accounts.set_rights(username, **rights, session=session)
        if takes and not was_locked and await self._administration.locks_out(rules, writes):
            raise RuleBrokenError("draft.locks_out", "staff")

    async def _facts(self, writes: RecordWrites, plan: AccessPlan, record_id: str) -> Record:
        """The change whole. Whoever may not read what it does decides nothing of it."""
        facts = await writes.load(plan, KIND, record_id, *_FACTS)
        needed = (*_NEEDED, *(_RIGHTS[:2] if facts.get("act") == Act.RIGHTS_SET else ()))
        if hidden := [name for name in needed if facts.get(name) is None]:
            raise FieldAccessError(Action.READ, hidden)
        return facts


def _rights(account: StoredAccount | None) -> dict[str, Any]:
    """What the account has for good; nobody has nothing."""
    if account is None:
        return {"roles": [], "purposes": [], "department": None}
    return {
        "roles": sorted(account.base_roles),
        "purposes": sorted(purpose.value for purpose in account.purposes),
        "department": account.department,
    }


def _listed(change: dict[str, Any] | Record) -> dict[str, Any]:
    """What the change sets, with every name."""
    lists = {name: change.get(name) or [] for name in ("roles", "purposes")}
    return {**lists, "department": change.get("department")}


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether both are the same rights, in whatever order."""
    of_one, of_other = _listed(one), _listed(other)
    return all(set(of_one[name]) == set(of_other[name]) for name in ("roles", "purposes")) and (
        of_one["department"] == of_other["department"]
    )
