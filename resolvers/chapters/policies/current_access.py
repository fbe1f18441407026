"""What decides the caller's rights at this moment, so that an open page can tell when to ask anew.

Owns which facts those are. It reads no record, needs no purpose and decides nothing: whoever is logged in may
know them.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from datetime import UTC, datetime

from documents.plain_records import Record
from policies.authorize import CompilerSource
from policies.errors import NotAuthenticatedError
from policies.principal import FOREVER, NEVER, Principal
from resolvers.caller import Caller


class CurrentAccess:
    """The rule set in force, and the caller's account under it."""

    def __init__(self, source: CompilerSource) -> None:
        self._source = source

    def describe(self, caller: Caller) -> Record:
        """`rule_set` (version), `roles`, `purposes`, `department`, `cleared`, `cleared_until` (None: there is no
        undertaking, or none is needed). Raises NotAuthenticatedError."""
        principal = _known(caller)
        is_dated = principal.cleared_until not in (FOREVER, NEVER)
        return Record(
            rule_set=self._source.compiler.version,
            roles=sorted(principal.roles),
            purposes=sorted(purpose.value for purpose in principal.purposes),
            department=principal.department,
            cleared=_is_cleared(principal),
            cleared_until=principal.cleared_until if is_dated else None,
        )

    def state(self, caller: Caller) -> Hashable:
        """Equal to an earlier one unless what the caller may do can have changed. Raises NotAuthenticatedError."""
        principal = _known(caller)
        return self._source.compiler.version, replace(principal, session_id=None), _is_cleared(principal)


def _known(caller: Caller) -> Principal:
    if caller.principal is None:
        raise NotAuthenticatedError
    return caller.principal


def _is_cleared(principal: Principal) -> bool:
    return principal.cleared_until > datetime.now(UTC)
