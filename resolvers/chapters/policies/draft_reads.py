"""Looking into drafts and versions of the rules, for those who may read them whole. Decides nothing by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from documents.access.plan import Action, FieldGrants, Scope
from documents.declaring.catalogue import Catalogue
from documents.declaring.kind import Kind
from documents.errors import FieldAccessError
from documents.reading.typed_rows import Known, row_fields
from documents.reading.where import Where
from documents.registry import FULL_CATALOGUE
from documents.storing.public_ids import parse_id
from policies.in_force import PolicyStore
from policies.rules.rule_set import RuleSet
from resolvers.caller import Caller
from resolvers.chapters.policies.rule_forms import RuleRows, read_rows
from resolvers.operations import RecordOperations

KIND: Final = Kind.RULE_DRAFT


class _KnownDraft(Known, RuleRows):
    base: int
    tests: list[str]


_CONTENT: Final = row_fields(FULL_CATALOGUE, KIND, _KnownDraft).names - {"id"}


@dataclass(frozen=True, slots=True)
class ReadDraft:
    """A draft as the policy layer reads it."""

    base: int
    rules: RuleSet
    tests: tuple[str, ...]


class PolicyDrafts:
    """Drafts under the caller's plan."""

    def __init__(self, operations: RecordOperations, store: PolicyStore, catalogue: Catalogue) -> None:
        self.operations = operations
        self.store = store
        self.catalogue = catalogue

    async def authorize(self, caller: Caller) -> FieldGrants:
        """Whoever may read the rules of drafts may know what rules do. Raises FieldAccessError."""
        plan = await self.operations.plan(caller, KIND)
        grants = plan.grants(KIND, frozenset({Scope.ALL}))
        if hidden := _CONTENT - grants.plain:
            raise FieldAccessError(Action.READ, hidden)
        return grants

    async def find(self, caller: Caller, draft_id: str) -> ReadDraft | None:
        """The draft, verified: whoever approves it goes by what they are told of it. None where there is none for the
        caller. Raises FieldAccessError, and RulesBrokenError where it names what exists no longer."""
        await self.authorize(caller)
        plan, parsed = await self.operations.plan(caller, KIND), parse_id(draft_id, (KIND.value,))
        if parsed is None:
            return None
        reader = self.operations.writer.reader(KIND)
        found = await reader.rows(plan, Where(id=draft_id), _KnownDraft, caller.report)
        if not found:
            caller.report.trace.add_not_found(KIND, parsed[1], of_customer=False)
            return None
        known = found[0]
        return ReadDraft(known["base"], read_rows(known, self.catalogue), tuple(known["tests"]))
