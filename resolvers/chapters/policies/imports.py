"""Rules from files: as a draft of whoever may write one, or, where nobody can change the rules any more, in force.

INVARIANT: an import goes around neither rights nor approval while anybody has the right to change the rules.
"""

from __future__ import annotations

from collections.abc import Sequence

from documents.access.plan import Purpose
from documents.audit.entries import Performed
from documents.errors import RecordNotFoundError
from policies.in_force import PolicyStore
from policies.principal import HOST, principal_of
from policies.rules.rule_set import RuleSet
from resolvers.caller import Caller
from resolvers.chapters.policies.administration import CreateDraft, PolicyAdministration
from resolvers.chapters.policies.rule_forms import rows_of
from resolvers.recording import Recorder


class PolicyImport:
    """What `dossier policy import` does."""

    def __init__(self, administration: PolicyAdministration, store: PolicyStore, recorder: Recorder) -> None:
        self._administration = administration
        self._store = store
        self._recorder = recorder

    async def draft(self, username: str, rules: RuleSet, tests: Sequence[str] | None, why: str) -> str:
        """Makes a draft as the account `username` would, under its rights, and returns its id; the trail has it.

        Raises RecordNotFoundError where there is no such account, and what `create_draft` raises."""
        account = await self._administration.account(username)
        if account is None:
            raise RecordNotFoundError
        performed = Performed("command", "policy import")
        caller = Caller(principal_of(account, None), Purpose.SUPERVISION.value, operation=performed)
        rows, texts = rows_of(rules), list(tests) if tests is not None else None
        given = CreateDraft(comment=why, tests=texts, rules=rows["rules"], inheritance=rows["inheritance"])
        draft = await self._administration.create_draft(caller, given, None)
        await self._recorder.record(caller, performed)
        return draft

    async def restore(self, rules: RuleSet, tests: Sequence[str] | None, why: str) -> int | None:
        """Puts rules in force that let somebody change them again; returns the version. None, with nothing done, where
        somebody can change those in force.

        Raises RuleBrokenError and RulesBrokenError for rules that would not."""
        if self._store.is_sound and not await self._administration.locks_out(self._store.compiler.rule_set):
            return None
        _, known = await self._store.version_with_tests(self._store.compiler.version)
        texts = tests if tests is not None else known
        await self._administration.hold(rules, texts)
        return await self._store.activate(rules, HOST.username, why, tests=texts)
