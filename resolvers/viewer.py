"""What the caller is and may do, asked ahead of any record."""

from __future__ import annotations

from documents.access_plan import Level
from documents.access_view import field_access
from documents.catalogue import Catalogue
from documents.fields import Kind
from documents.records import Record, Records
from documents.repositories.row_scope import members, reachable
from policies.authorize import ALL_ACTIONS, PolicyEngine
from policies.errors import NotAuthenticatedError
from resolvers.caller import Caller


class Viewer:
    """The caller's own view of its rights."""

    def __init__(self, engine: PolicyEngine, catalogue: Catalogue) -> None:
        self._engine = engine
        self._catalogue = catalogue

    def describe(self, caller: Caller) -> Record:
        """Username, roles, department and purposes. Raises NotAuthenticatedError."""
        principal = caller.principal
        if principal is None:
            raise NotAuthenticatedError
        return Record(
            username=principal.username,
            roles=sorted(principal.roles),
            department=principal.department,
            purposes=sorted(purpose.value for purpose in principal.purposes),
        )

    async def access(self, caller: Caller, kind: Kind) -> Records:
        """One record per field of `kind`: the most that the caller may do with it on some row, and per scope set."""
        plan = await self._engine.authorize(caller.principal, caller.purpose, ALL_ACTIONS)
        grants = plan.kinds[kind]
        scope_sets = sorted(
            reachable(grants, members(plan.row_scope)), key=lambda scopes: (len(scopes), sorted(scopes))
        )
        records = Records()
        for spec in self._catalogue.fields(kind).values():
            by_scope = Records(
                Record(field_access(spec, grants.by_scope_set[scopes]), scopes=sorted(scopes)) for scopes in scope_sets
            )
            best = max(by_scope, key=lambda record: Level[record["level"]])
            records.append(
                Record(
                    best,
                    sensitivity=spec.sensitivity.value,
                    encrypted=spec.encrypted,
                    required=spec.required,
                    label_en=spec.label.en,
                    label_zh=spec.label.zh,
                    creatable=any(spec.name in grants.by_scope_set[scopes].creatable for scopes in scope_sets),
                    writable=any(record["writable"] for record in by_scope),
                    filterable=any(record["filterable"] for record in by_scope),
                    revealable=any(record["revealable"] for record in by_scope),
                    sortable=all(record["sortable"] for record in by_scope),
                    by_scope=by_scope,
                )
            )
        return records
