"""What the caller is and may do, asked ahead of any record."""

from __future__ import annotations

from collections.abc import Mapping

from documents.access.plan import AccessPlan, Action, Level, ScopeSet
from documents.access.view import field_access
from documents.declaring.catalogue import Catalogue
from documents.declaring.fields import FieldSpec
from documents.declaring.kind import CUSTOMER_KINDS, Kind
from documents.declaring.record import StoredRecord
from documents.plain_records import Record, Records
from documents.storing.layout import CUSTOMER_LAYOUT, record_layout
from documents.storing.row_scope import members, reachable
from policies.authorize import ALL_ACTIONS, DELETE, READ, PolicyEngine
from policies.errors import NotAuthenticatedError, PolicyError
from resolvers.caller import Caller


class Viewer:
    """The caller's own view of its rights."""

    def __init__(self, engine: PolicyEngine, catalogue: Catalogue) -> None:
        self._engine = engine
        self._catalogue = catalogue

    def describe(self, caller: Caller) -> Record:
        """Username, roles, department, purposes and the version of the rules. Raises NotAuthenticatedError."""
        principal = caller.principal
        if principal is None:
            raise NotAuthenticatedError
        return Record(
            username=principal.username,
            display_name=principal.display_name,
            roles=sorted(principal.roles),
            department=principal.department,
            purposes=sorted(purpose.value for purpose in principal.purposes),
            rule_set=self._engine.rule_set_version,
        )

    def fields(self, kind: Kind) -> Mapping[str, FieldSpec]:
        """The declared fields of `kind`; none where it is of no record."""
        return self._catalogue.by_kind.get(kind, {})

    async def kinds(self, caller: Caller) -> Records:
        """One record per kind with its names, and whether in some row the caller may read something of it or delete it.

        Who may not even ask for the purpose stated, or states none, reads nothing: the names are had all the same."""
        return Records(
            [
                Record(
                    kind=kind.value,
                    label_en=kind.label.en,
                    label_zh=kind.label.zh,
                    is_customer=kind in CUSTOMER_KINDS,
                    readable=await self._is_readable(caller, kind),
                    deletable=await self._is_deletable(caller, kind),
                )
                for kind in self._catalogue.by_kind
            ]
        )

    async def _is_readable(self, caller: Caller, kind: Kind) -> bool:
        try:
            plan = await self._plan(caller, kind, READ)
        except PolicyError:
            return False
        grants = plan.kinds[kind]
        return any(grants.by_scope_set[scopes].is_visible for scopes in self._scope_sets(plan, kind))

    async def _is_deletable(self, caller: Caller, kind: Kind) -> bool:
        """Only customers are deleted, each as a whole: who may not delete one of the fields deletes none."""
        if kind not in CUSTOMER_KINDS:
            return False
        try:
            plan = await self._plan(caller, kind, DELETE)
        except PolicyError:
            return False
        grants, needed = plan.kinds[kind], self.fields(kind).keys()
        return any(needed <= grants.by_scope_set[scopes].deletable for scopes in self._scope_sets(plan, kind))

    async def _plan(self, caller: Caller, kind: Kind, actions: frozenset[Action]) -> AccessPlan:
        """The plan for rows of `kind`; for a partner, who sees customers by consent, as if to all fields.

        Raises the errors of `policies.errors`."""
        if kind not in CUSTOMER_KINDS:
            return await self._engine.authorize(caller.principal, caller.purpose, actions, kind.value)
        if caller.principal is not None and caller.principal.partner is not None:
            return await self._engine.authorize_shared(caller.principal, caller.purpose, self.fields(kind))
        return await self._engine.authorize(caller.principal, caller.purpose, actions)

    def _scope_sets(self, plan: AccessPlan, kind: Kind) -> list[ScopeSet]:
        """Those that some row of `kind` can satisfy for the caller, the smallest first."""
        declared = self._catalogue.classes[kind]
        layout = record_layout(declared) if issubclass(declared, StoredRecord) else CUSTOMER_LAYOUT
        found = reachable(plan.kinds[kind], members(plan.row_scope, layout.scope_fields))
        return sorted(found, key=lambda scopes: (len(scopes), sorted(scopes)))

    async def access(self, caller: Caller, kind: Kind) -> Mapping[str, Record]:
        """A record for each field of `kind` by its declared name: the most that the caller may do with it in some row,
        and what it may do in each set of scopes."""
        records: dict[str, Record] = {}
        if not self.fields(kind):
            return records
        plan = await self._plan(caller, kind, ALL_ACTIONS)
        grants, scope_sets = plan.kinds[kind], self._scope_sets(plan, kind)
        for spec in self._catalogue.fields(kind).values():
            by_scope = Records(
                Record(field_access(spec, grants.by_scope_set[scopes]), scopes=sorted(scopes)) for scopes in scope_sets
            )
            best = max(by_scope, key=lambda record: Level[record["level"]])
            may_create = any(spec.name in grants.by_scope_set[scopes].creatable for scopes in scope_sets)
            records[spec.name] = Record(
                best,
                sensitivity=spec.sensitivity.value,
                encrypted=spec.encrypted,
                required=spec.required,
                label_en=spec.label.en,
                label_zh=spec.label.zh,
                is_list=spec.is_list,
                max_length=spec.max_length,
                maskable=spec.mask is not None,
                creatable=may_create and not spec.declaration.managed,
                writable=any(record["writable"] for record in by_scope),
                operable=may_create or any(record["operable"] for record in by_scope),
                filterable=any(record["filterable"] for record in by_scope),
                revealable=any(record["revealable"] for record in by_scope),
                sortable=all(record["sortable"] for record in by_scope),
                by_scope=by_scope,
            )
        return records
