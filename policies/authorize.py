"""Who may do what, for one request: principal and purpose in, `AccessPlan` out. The only maker of access plans.

It decides nothing: the grants are Casbin's, compiled. A warm call neither suspends nor asks Casbin.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Protocol

from documents.access.plan import AccessPlan, Action, FieldGrants, KindGrants, Purpose, RowScope, Scope
from documents.declaring.kind import Kind
from documents.registry import FULL_CATALOGUE
from policies.errors import (
    NotAuthenticatedError,
    PurposeMissingError,
    PurposeNotAllowedError,
    PurposeUnknownError,
    UndertakingRequiredError,
)
from policies.judging.compiler import CUSTOMERS, Compiler
from policies.principal import FOREVER, HOST, Principal

READ = frozenset({Action.READ, Action.READ_MASKED, Action.FILTER})
WRITE = READ | {Action.WRITE}
CREATE = READ | {Action.CREATE}
DELETE = READ | {Action.DELETE}
EXPORT = READ | {Action.EXPORT}
REVEAL = READ | {Action.REVEAL}
ACCESS = WRITE | REVEAL
"""What tells a caller what it may do with a record that it sees."""
ALL_ACTIONS = frozenset(Action)

_PURPOSES = {purpose.value: purpose for purpose in Purpose}


class CompilerSource(Protocol):
    """Whoever knows the rule set in force; `PolicyStore` does."""

    @property
    def compiler(self) -> Compiler: ...


class PolicyEngine:
    """Authorizes requests under the rule set in force."""

    def __init__(self, source: CompilerSource) -> None:
        self._source = source

    @property
    def rule_set_version(self) -> int:
        """Of the rules in force."""
        return self._source.compiler.version

    async def authorize(
        self,
        principal: Principal | None,
        purpose_text: str | None,
        actions: frozenset[Action] = READ,
        family: str = CUSTOMERS,
    ) -> AccessPlan:
        """The plan for one request on customers, or on records of the kind named `family`; only `actions` are decided
        in it, all others are denied.

        `purpose_text` is what the request states, None if nothing. Raises NotAuthenticatedError, PurposeMissingError,
        PurposeUnknownError or PurposeNotAllowedError.
        """
        if principal is None:
            raise NotAuthenticatedError
        # INVARIANT: whoever is not cleared gets no plan, but for the records of undertakings themselves.
        if principal.cleared_until is not FOREVER and family != Kind.UNDERTAKING.value:
            _require_undertaking(principal)
        purpose = resolve_purpose(principal, purpose_text)
        compiler = self._source.compiler
        roles = principal.roles & compiler.roles  # roles that no rule set declares are nothing, whoever issued them
        subject = (roles, purpose)
        row_scope, scopes = _row_scope(principal)
        grants = compiler.ready(subject, actions, scopes, family)
        if grants is None:
            # Of other records than customers, those without a rule are none, whatever the purpose.
            if not compiler.is_open(subject, CUSTOMERS if family == CUSTOMERS else None):
                raise PurposeNotAllowedError(purpose, _offered(principal))
            grants = await compiler.grants(subject, actions, scopes, family)
        key = (roles, purpose, compiler.version, actions, scopes, family)
        return AccessPlan(row_scope, purpose, compiler.version, grants, key)

    def told_of_host(self, kind: Kind) -> AccessPlan:
        """The plan to make a record of `kind` that tells what was done by a command on the host, and nothing else:
        whoever holds the host has the root key and is asked no rule, but others must know."""
        version, fields = self.rule_set_version, frozenset(FULL_CATALOGUE.fields(kind))
        grants = KindGrants(_ALL, MappingProxyType({_ALL: FieldGrants(creatable=fields)}))
        return AccessPlan(RowScope(HOST.username), Purpose.SUPERVISION, version, MappingProxyType({kind: grants}))

    async def authorize_shared(
        self, principal: Principal, purpose_text: str | None, fields: Collection[str]
    ) -> AccessPlan:
        """A partner's plan for customers who consented to sharing `fields`: what the rules allow in scope `shared`, of
        these fields alone, to be read and nothing else (I7).

        It holds for those customers only, so that whoever asks names them: the plan itself has no row scope."""
        purpose = resolve_purpose(principal, purpose_text)
        compiler = self._source.compiler
        roles = principal.roles & compiler.roles
        consented = frozenset(fields)
        grants = await compiler.grants((roles, purpose), READ, _SHARED)
        kinds = {kind: _narrowed(of_kind, consented) for kind, of_kind in grants.items()}
        key = (roles, purpose, compiler.version, "shared", consented)
        return AccessPlan(RowScope(principal.username), purpose, compiler.version, MappingProxyType(kinds), key)


def _require_undertaking(principal: Principal) -> None:
    if principal.cleared_until <= datetime.now(UTC):
        raise UndertakingRequiredError


def resolve_purpose(principal: Principal, text: str | None) -> Purpose:
    """The purpose that the request stands under: the stated one, or the principal's only one."""
    if text is None:
        if len(principal.purposes) != 1:
            raise PurposeMissingError(_offered(principal))
        return next(iter(principal.purposes))
    purpose = _PURPOSES.get(text)
    if purpose is None:
        raise PurposeUnknownError
    if purpose not in principal.purposes:
        raise PurposeNotAllowedError(purpose, _offered(principal))
    return purpose


def _offered(principal: Principal) -> tuple[Purpose, ...]:
    return tuple(purpose for purpose in Purpose if purpose in principal.purposes)


def _row_scope(principal: Principal) -> tuple[RowScope, frozenset[Scope]]:
    """The caller's row attributes, and the scopes that can exist for one who has them."""
    department, customer_id = principal.department or None, principal.customer_id or None
    scopes = _SCOPES[bool(principal.username), department is not None, customer_id is not None]
    return RowScope(principal.username, department, customer_id), scopes


def _narrowed(grants: KindGrants, consented: frozenset[str]) -> KindGrants:
    allowed = grants.by_scope_set.get(_SHARED & grants.scopes | {Scope.ALL}, FieldGrants())
    shared = FieldGrants(plain=allowed.plain & consented, masked=allowed.masked & consented)
    return KindGrants(_ALL, MappingProxyType({_ALL: shared}))


_ALL = frozenset({Scope.ALL})
_SHARED = frozenset({Scope.ALL, Scope.SHARED})
_SCOPES = {
    (own, department, itself): frozenset({Scope.ALL})
    | (frozenset({Scope.OWN}) if own else frozenset())
    | (frozenset({Scope.DEPARTMENT}) if department else frozenset())
    | (frozenset({Scope.SELF}) if itself else frozenset())
    for own in (False, True)
    for department in (False, True)
    for itself in (False, True)
}
