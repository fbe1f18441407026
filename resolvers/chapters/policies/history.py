"""The versions of the rules: who put each in force, when, why and on whose approval, and what it says."""

from __future__ import annotations

from typing import Final

from documents.access.plan import Action, FieldGrants, Scope
from documents.access.trace import Served
from documents.chapters.policies.rule_sets import RuleSetRepository
from documents.declaring.kind import Kind
from documents.errors import FieldAccessError
from documents.plain_records import Record, Records
from policies.in_force import PolicyStore
from policies.judging.judge import MODEL_TEXT
from resolvers.caller import Caller
from resolvers.operations import RecordOperations

KIND: Final = Kind.RULE_SET
_HEAD: Final = frozenset({"number", "comment", "created_at", "created_by", "draft"})
_CONTENT: Final = frozenset({"number", "rules", "tests"})


class PolicyHistory:
    """The history of the rules, under the policy of kind `rule_set`: whole, or refused."""

    def __init__(self, operations: RecordOperations, store: PolicyStore, rule_sets: RuleSetRepository) -> None:
        self._operations = operations
        self._store = store
        self._rule_sets = rule_sets

    async def versions(self, caller: Caller, limit: int, before: int | None) -> Records:
        """The newest versions, or those before one. Raises FieldAccessError."""
        await self._authorize(caller, _HEAD)
        in_force = self._store.compiler.version
        return Records(
            Record(
                version=head.version,
                in_force=head.version == in_force,
                activated_at=head.created_at,
                activated_by=head.created_by,
                approved_by=head.approved_by,
                comment=head.comment or None,
                draft=head.draft,
                rules=head.rules,
            )
            for head in await self._rule_sets.heads(limit=limit, before=before)
        )

    async def content(self, caller: Caller, version: int | None) -> Record | None:
        """A version whole, as Casbin's files; the one in force where none is named. Raises FieldAccessError."""
        await self._authorize(caller, _CONTENT)
        number = version if version is not None else self._store.compiler.version
        rules, tests = await self._store.version_with_tests(number)
        if rules is None:
            return None
        return Record(version=number, csv=rules.to_csv(), model=MODEL_TEXT, tests=list(tests))

    async def _authorize(self, caller: Caller, names: frozenset[str]) -> None:
        plan = await self._operations.plan(caller, KIND)
        grants: FieldGrants = plan.grants(KIND, frozenset({Scope.ALL}))
        if hidden := names - grants.plain:
            raise FieldAccessError(Action.READ, hidden)
        caller.report.add_row(Served(KIND, tuple(sorted(names)), ()), None)
