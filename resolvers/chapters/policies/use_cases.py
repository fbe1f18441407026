"""The use cases of policy administration, together: what the composition root builds and the schema calls."""

from __future__ import annotations

from dataclasses import dataclass

from resolvers.chapters.accounts.changes import AccountChanges
from resolvers.chapters.accounts.role_grants import RoleGrants
from resolvers.chapters.policies.administration import PolicyAdministration
from resolvers.chapters.policies.effects import PolicyEffects
from resolvers.chapters.policies.history import PolicyHistory
from resolvers.chapters.policies.imports import PolicyImport
from resolvers.chapters.policies.matrix import PolicyMatrix
from resolvers.chapters.policies.replay import PolicyReplay
from resolvers.chapters.policies.view_as import ViewAs


@dataclass(frozen=True, slots=True)
class Policies:
    """Changing rules, and knowing what they do."""

    administration: PolicyAdministration
    effects: PolicyEffects
    view_as: ViewAs
    matrix: PolicyMatrix
    replay: PolicyReplay
    history: PolicyHistory
    grants: RoleGrants
    accounts: AccountChanges
    imports: PolicyImport
