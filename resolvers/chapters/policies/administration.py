"""The use cases of changing the access rules (D5): draft → submitted → approved → activated, and back to a version.

Who may do so is itself a matter of the rules: rights to fields of `rule_draft`. INVARIANT: nothing is put in force that
does not hold, that breaks its policy tests, that was made from another version than the one in force, or that leaves
nobody to change the rules again; and, where approval is needed, nothing that one person alone wanted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NotRequired, TypedDict

from documents.access.plan import AccessPlan, Action, Scope
from documents.chapters.accounts.directory import StoredAccount
from documents.chapters.policies.kinds import RuleDraftState as State
from documents.chapters.policies.rule_sets import RuleSetRepository
from documents.chapters.policies.stored import NewRuleSet
from documents.declaring.kind import Kind
from documents.errors import FieldAccessError, RuleBrokenError, RulesBrokenError, StaleVersionError
from documents.plain_records import Record
from documents.reading.typed_rows import Known
from documents.registry import FULL_CATALOGUE
from documents.writing.idempotency import IdempotentRequest
from documents.writing.records import RecordWrites
from policies.authorize import CREATE, READ, WRITE
from policies.changing.changes import Person, conflicts, csv_line, locks_out, rebased
from policies.changing.policy_tests import run_tests
from policies.rules.rule_set import RuleSet
from resolvers.caller import Caller
from resolvers.chapters.policies.rule_forms import (
    RoleRow,
    RuleRow,
    RuleRows,
    checked_tests,
    failed_tests,
    read_csv,
    read_rows,
    rows_of,
)
from resolvers.inputs import OfRecord
from resolvers.kernel import Kernel

KIND: Final = Kind.RULE_DRAFT
CONTENT: Final = ("base", "comment", "rules", "inheritance", "tests")
_OPEN: Final = (State.DRAFT, State.SUBMITTED, State.APPROVED)
Request = IdempotentRequest | None


class DraftContent(TypedDict):
    """What a draft is to hold; what is left out stays. `csv`: in place of rules and roles, Casbin's policy.csv."""

    rules: NotRequired[list[RuleRow] | None]
    inheritance: NotRequired[list[RoleRow] | None]
    tests: NotRequired[list[str] | None]
    csv: NotRequired[str | None]


class CreateDraft(DraftContent):
    """A new draft, of the version in force if no `base` is given."""

    comment: str
    base: NotRequired[int | None]


class UpdateDraft(OfRecord, DraftContent):
    """A draft and what it is to hold."""

    comment: NotRequired[str | None]


class StepDraft(OfRecord):
    """A draft that takes a step, with a note to keep."""

    note: NotRequired[str | None]


class RevertRules(TypedDict):
    """The version whose rules are wanted again, and why."""

    comment: str
    to_version: int


class _Content(RuleRows):
    base: int
    comment: str
    tests: list[str]


class _KnownDraft(Known, _Content):
    authors: list[str]
    state: str
    steps: list[Record]
    approved_by: NotRequired[str | None]


class _Changed(TypedDict, total=False):
    base: int
    comment: str
    rules: list[RuleRow]
    inheritance: list[RoleRow]
    tests: list[str]
    approved_by: str


@dataclass(frozen=True, slots=True)
class _Step:
    """A step of a draft from one of the states `allowed` to the state `to`. `names` are the fields that need the right
    to be written; `change` derives what they become, and what follows, from the draft as it is."""

    names: Sequence[str]
    allowed: Sequence[State]
    to: State
    change: Callable[[_KnownDraft], Awaitable[_Changed]] | None = None
    note: str | None = None


class PolicyAdministration:
    """Drafts of rules, and putting them in force."""

    def __init__(self, kernel: Kernel, *, approval: bool) -> None:
        """`approval`: whether another person than the authors has to approve."""
        self._operations = kernel.operations
        self._store = kernel.store
        self._rule_sets = RuleSetRepository(kernel.storage.database, kernel.storage.seals, kernel.storage.units)
        self._accounts = kernel.storage.accounts
        self._catalogue = FULL_CATALOGUE
        self.approval = approval

    async def rights(self, caller: Caller) -> Record:
        """What the caller may do in changing the rules, by the rights to fields of drafts; of which draft is another
        question. Raises FieldAccessError where they may read nothing of them."""
        plan = await self._operations.plan(caller, KIND, READ | CREATE | WRITE)
        grants = plan.grants(KIND, frozenset({Scope.ALL}))
        if not grants.is_visible:
            raise FieldAccessError(Action.READ, ["rules"])
        content = {"rules", "inheritance", "tests"}
        return Record(
            write=content <= grants.writable and content <= grants.creatable,
            decide="state" in grants.writable,
            approve="approved_by" in grants.writable,
            activate="activated_version" in grants.writable,
            approval_required=self.approval,
        )

    async def create_draft(self, caller: Caller, given: CreateDraft, request: Request) -> str:
        """A draft of the given rules; those of the base version where none are given."""
        plan = await self._operations.plan(caller, KIND, CREATE)
        base = given.get("base")
        version = base if base is not None else self._store.compiler.version
        content = await self._new_content(version, given["comment"], given)

        async def work(writes: RecordWrites) -> str:
            derived = _begun(State.DRAFT, caller)
            return await writes.insert(plan, KIND, content, derived=derived, by=caller.username)

        return await self._operations.run(caller, work, request)

    async def update_draft(self, caller: Caller, given: UpdateDraft, request: Request) -> str:
        """Changes a draft. It has to be submitted and approved anew; the caller is one of its authors from now on."""
        wanted = [name for name in CONTENT if given.get(name) is not None]
        names = [*wanted, *(("rules", "inheritance") if given.get("csv") is not None else ())]

        async def change(known: _KnownDraft) -> _Changed:
            texts = given.get("tests")
            rules, tests = self._given_rules(given, known), texts if texts is not None else known["tests"]
            await asyncio.to_thread(checked_tests, tests, self._catalogue, rules)
            rows, comment = rows_of(rules), given.get("comment") or known["comment"]
            return _Changed(tests=list(tests), comment=comment, rules=rows["rules"], inheritance=rows["inheritance"])

        return await self._changed(caller, given, request, _Step(names, _OPEN, State.DRAFT, change))

    async def submit_draft(self, caller: Caller, given: StepDraft, request: Request) -> str:
        """Hands a draft over for approval."""
        step = _Step(["state"], (State.DRAFT,), State.SUBMITTED, note=given.get("note"))
        return await self._changed(caller, given, request, step)

    async def discard_draft(self, caller: Caller, given: StepDraft, request: Request) -> str:
        """Ends a draft that is not wanted any more; it is kept."""
        step = _Step(["state"], _OPEN, State.DISCARDED, note=given.get("note"))
        return await self._changed(caller, given, request, step)

    async def approve_draft(self, caller: Caller, given: StepDraft, request: Request) -> str:
        """Approves what another person submitted."""

        async def change(known: _KnownDraft) -> _Changed:
            if caller.username in known["authors"]:
                raise RuleBrokenError("approval.same_person", "approved_by")
            return {"approved_by": caller.username}

        step = _Step(["approved_by"], (State.SUBMITTED,), State.APPROVED, change, given.get("note"))
        return await self._changed(caller, given, request, step)

    async def rebase_draft(self, caller: Caller, given: StepDraft, request: Request) -> str:
        """Makes the draft's change on top of the version in force, if that did not touch the same rules."""

        async def change(known: _KnownDraft) -> _Changed:
            base, draft, active = await self._three(known)
            met = conflicts(base, draft, active)
            if met:
                raise RulesBrokenError(RuleBrokenError("draft.conflict", "rules", line=csv_line(line)) for line in met)
            rows = rows_of(rebased(base, draft, active))
            return {"base": active.version, "rules": rows["rules"], "inheritance": rows["inheritance"]}

        step = _Step(["base", "rules", "inheritance"], _OPEN, State.DRAFT, change, given.get("note"))
        return await self._changed(caller, given, request, step)

    async def activate_draft(self, caller: Caller, given: StepDraft, request: Request) -> str:
        """Puts the draft in force: here on return, in every other process within a second."""
        plan = await self._operations.plan(caller, KIND, WRITE)

        async def work(writes: RecordWrites) -> str:
            record_id = given["id"]
            await writes.check(plan, KIND, record_id, ["activated_version"], version=given["version"])
            known = await self._known(writes, plan, record_id)
            _require(known, (State.APPROVED,) if self.approval else _OPEN)
            await self._activate(writes, plan, caller, known)
            return record_id

        done = await self._operations.run(caller, work, request)
        await self._store.refresh()
        return done

    async def revert_rules(self, caller: Caller, given: RevertRules, request: Request) -> str:
        """Goes back to the rules of an earlier version: at once, or where approval is needed as a submitted draft."""
        plan = await self._operations.plan(caller, KIND, CREATE | WRITE)
        number = given["to_version"]
        content = await self._new_content(number, given["comment"], {})
        content["base"] = self._store.compiler.version

        async def work(writes: RecordWrites) -> str:
            derived = {"reverts_to": number, **_begun(State.SUBMITTED, caller)}
            made = await writes.insert(plan, KIND, content, derived=derived, by=caller.username)
            if not self.approval:
                await self._activate(writes, plan, caller, await self._known(writes, plan, made))
            return made

        done = await self._operations.run(caller, work, request)
        await self._store.refresh()
        return done

    async def _changed(self, caller: Caller, given: OfRecord, request: Request, step: _Step) -> str:
        """Takes a draft one step further."""
        plan = await self._operations.plan(caller, KIND, WRITE)

        async def work(writes: RecordWrites) -> str:
            record_id, version = given["id"], given["version"]
            await writes.check(plan, KIND, record_id, step.names, version=version)
            known = await self._known(writes, plan, record_id)
            _require(known, step.allowed)
            changed: dict[str, object] = {"state": step.to.value}
            if step.change is not None:
                changed |= await step.change(known)
            values = {name: changed[name] for name in step.names if name in changed}
            derived = {name: value for name, value in changed.items() if name not in values}
            derived["steps"] = [*known["steps"], _taken(step.to, caller, step.note)]
            if step.to is State.DRAFT:
                derived |= {"approved_by": None, "authors": sorted({*known["authors"], caller.username})}
            await writes.update(plan, KIND, record_id, values, derived=derived, version=version)
            return record_id

        return await self._operations.run(caller, work, request)

    async def _activate(self, writes: RecordWrites, plan: AccessPlan, caller: Caller, known: _KnownDraft) -> None:
        rules, active = read_rows(known, self._catalogue), self._store.compiler.version
        if known["base"] != active:
            raise RuleBrokenError("draft.outdated", "base", version=str(active))
        await self.hold(rules, known["tests"])
        try:
            new = NewRuleSet(
                rules.rules,
                rules.inheritance,
                by=caller.username,
                comment=known["comment"],
                tests=known["tests"],
                draft=known["id"],
                approved_by=known.get("approved_by"),
            )
            number = await self._rule_sets.swap(writes.unit, active, new)
        except StaleVersionError as error:  # another process was faster
            raise RuleBrokenError("draft.outdated", "base", version=str(active + 1)) from error
        derived = {"state": State.ACTIVATED.value, "steps": [*known["steps"], _taken(State.ACTIVATED, caller)]}
        await writes.update(plan, KIND, known["id"], {"activated_version": number}, derived=derived)

    async def account(self, username: str) -> StoredAccount | None:
        """The account, for what is done in its name beside a request."""
        return await self._accounts.get(username)

    async def hold(self, rules: RuleSet, texts: Sequence[str]) -> None:
        """Refuses rules that break their tests, or that would lock everybody out."""
        tests = checked_tests(texts, self._catalogue, rules)
        if violations := await asyncio.to_thread(run_tests, tests, self._catalogue, rules):
            raise failed_tests(violations)
        if await self.locks_out(rules):
            raise RuleBrokenError("draft.locks_out", "rules")

    async def locks_out(self, rules: RuleSet, writes: RecordWrites | None = None) -> bool:
        """Whether nobody could change the rules any more; roles that end by themselves do not count. With `writes`: as
        the accounts are in their transaction."""
        people = [
            Person(account.username, account.lasting_roles, account.purposes)
            for account in await self._accounts.who_can_log_in(writes.unit.session if writes is not None else None)
        ]
        return await asyncio.to_thread(locks_out, self._catalogue, rules, people, approval=self.approval)

    async def _new_content(self, version: int, comment: str, given: DraftContent) -> _Content:
        base, tests = await self._store.version_with_tests(version)
        if base is None:
            raise RuleBrokenError("draft.no_such_version", "base", version=str(version))
        rules = self._given_rules(given, rows_of(base))
        texts = given.get("tests")
        kept = list(texts if texts is not None else tests)
        await asyncio.to_thread(checked_tests, kept, self._catalogue, rules)
        return {"base": version, "comment": comment, "tests": kept, **rows_of(rules)}

    def _given_rules(self, given: DraftContent, known: RuleRows) -> RuleSet:
        csv, roles, rules = given.get("csv"), given.get("inheritance"), given.get("rules")
        if csv is not None:
            return read_csv(csv, self._catalogue)
        rows: RuleRows = {
            "inheritance": roles if roles is not None else known["inheritance"],
            "rules": rules if rules is not None else known["rules"],
        }
        return read_rows(rows, self._catalogue)

    async def _three(self, known: _KnownDraft) -> tuple[RuleSet, RuleSet, RuleSet]:
        """The draft's base, the draft, and the version in force."""
        base = await self._store.version(known["base"])
        if base is None:
            raise RuleBrokenError("draft.no_such_version", "base", version=str(known["base"]))
        return base, read_rows(known, self._catalogue), self._store.compiler.rule_set

    async def _known(self, writes: RecordWrites, plan: AccessPlan, record_id: str) -> _KnownDraft:
        """The draft whole. Whoever may not read its rules neither approves nor activates them."""
        return await writes.load(plan, KIND, record_id, _KnownDraft)


def _require(known: _KnownDraft, allowed: Sequence[State]) -> None:
    state = State(known["state"])
    if state not in allowed:
        waits = state in (State.DRAFT, State.SUBMITTED) and tuple(allowed) == (State.APPROVED,)
        raise RuleBrokenError("draft.not_approved" if waits else "step.not_allowed", "state")


def _begun(state: State, caller: Caller) -> dict[str, object]:
    """What a new draft has by itself."""
    return {"authors": [caller.username], "state": state.value, "steps": [_taken(state, caller)]}


def _taken(state: State, caller: Caller, note: str | None = None) -> Record:
    return Record(state=state.value, at=datetime.now(UTC), by=caller.username, note=note or None)
