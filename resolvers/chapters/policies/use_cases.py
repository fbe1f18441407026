"""The use cases of policy administration, put together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from documents.chapters.audit.queries import AuditQueries
from documents.chapters.customers.counts import CustomerCounts
from documents.chapters.policies.rule_sets import RuleSetRepository
from documents.registry import FULL_CATALOGUE
from resolvers.chapters.policies.administration import PolicyAdministration
from resolvers.chapters.policies.current_access import CurrentAccess
from resolvers.chapters.policies.draft_reads import PolicyDrafts
from resolvers.chapters.policies.effects import PolicyEffects, TrustedReads
from resolvers.chapters.policies.history import PolicyHistory
from resolvers.chapters.policies.imports import PolicyImport
from resolvers.chapters.policies.matrix import PolicyMatrix
from resolvers.chapters.policies.replay import PolicyReplay
from resolvers.chapters.policies.view_as import ViewAs
from resolvers.kernel import Kernel


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """`approval`: whether another person has to approve what changes rights. `trusted_reads`: which fields the trusted
    documents read, asked when somebody first wants to know."""

    approval: bool
    trusted_reads: Callable[[], TrustedReads]


class Policies:
    """Changing rules, and knowing what they do."""

    def __init__(self, kernel: Kernel, settings: PolicySettings) -> None:
        operations, store, storage = kernel.operations, kernel.store, kernel.storage
        counts, drafts = CustomerCounts(storage.reader), PolicyDrafts(operations, store, FULL_CATALOGUE)
        self.administration = PolicyAdministration(kernel, approval=settings.approval)
        self.effects = PolicyEffects(drafts, storage.accounts, counts, settings.trusted_reads)
        self.view_as = ViewAs(drafts, storage.accounts, counts)
        self.matrix = PolicyMatrix(drafts)
        self.replay = PolicyReplay(drafts, AuditQueries(storage.trail.blocks))
        self.history = PolicyHistory(
            operations, store, RuleSetRepository(storage.database, storage.seals, storage.units)
        )
        self.imports = PolicyImport(self.administration, store, kernel.recorder)
        self.current_access = CurrentAccess(store)
