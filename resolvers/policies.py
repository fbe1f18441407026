"""The use cases of policy administration, together: what the composition root builds and the schema calls."""

from __future__ import annotations

from dataclasses import dataclass

from resolvers.account_changes import AccountChanges
from resolvers.policy_administration import PolicyAdministration
from resolvers.policy_effects import PolicyEffects
from resolvers.policy_history import PolicyHistory
from resolvers.policy_import import PolicyImport
from resolvers.policy_matrix import PolicyMatrix
from resolvers.policy_replay import PolicyReplay
from resolvers.role_grants import RoleGrants
from resolvers.view_as import ViewAs


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
