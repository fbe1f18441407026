"""Putting into the audit trail what a request did, and tracing what it changed.

INVARIANT: whoever asked for customer data under a plan, or was refused one, leaves an entry. Who is not logged in
leaves none: nobody is asking, and nothing was served.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bson import ObjectId

from documents.access.plan import Purpose
from documents.access.trace import Act, TracedChange
from documents.audit.entries import Asker, Performed, new_entry
from documents.audit.trail import AuditTrail
from documents.declaring.kind import Kind
from documents.errors import FieldAccessError, InvalidValueError
from policies.errors import NotAuthenticatedError, PolicyError, RuleError, RuleSetConflictError
from resolvers.caller import Caller
from resolvers.refusals import REFUSALS, user_errors

_OTHER = (NotAuthenticatedError, RuleError, RuleSetConflictError)
_PURPOSES = {purpose.value: purpose for purpose in Purpose}


def _codes(error: type[PolicyError]) -> Iterator[str]:
    if error not in _OTHER:
        yield error.code
    for more in error.__subclasses__():
        yield from _codes(more)


REFUSED_BY_POLICY = frozenset(_codes(PolicyError))
"""Codes of requests that were refused before there was a plan: for their purpose, or for what the caller lacks."""


class Recorder:
    """Writes entries. Without a `trail` it writes none: for measurements of what the trail costs."""

    def __init__(self, trail: AuditTrail | None, rule_set_version: Callable[[], int]) -> None:
        self._trail = trail
        self._rule_set_version = rule_set_version

    async def record(self, caller: Caller, operation: Performed, codes: Iterable[str] = ()) -> None:
        """Records what `caller` did since the last time; returns when that is stored.

        `codes` are of the errors that the answer shows. Raises TrailUnavailableError: then nothing may be served."""
        principal, trail = caller.principal, self._trail
        if principal is None or trail is None:
            return
        codes = tuple(codes)
        if caller.report.trace.is_empty and REFUSED_BY_POLICY.isdisjoint(codes):
            return
        entry = new_entry(
            Asker(principal.username, principal.roles, principal.session_id, _PURPOSES.get(caller.purpose or "")),
            operation,
            caller.report.take_trace(),
            codes=codes,
            rule_set_version=self._rule_set_version(),
        )
        await trail.record(entry)


@dataclass(slots=True)
class Changing:
    """The row that is being changed; a new one is known when it was made."""

    customer: ObjectId | None = None
    record: ObjectId | None = None


@contextmanager
def traced(
    caller: Caller,
    act: Act,
    kind: Kind | None,
    fields: Iterable[str] = (),
    *,
    customer: ObjectId | None = None,
    record: ObjectId | None = None,
) -> Iterator[Changing]:
    """Traces the change that is tried within: made where nothing is raised, refused where one of `REFUSALS` is."""
    changing = Changing(customer, record)
    trace = caller.report.trace
    names = tuple(fields)
    try:
        yield changing
    except REFUSALS as refusal:
        code = next(user_errors(refusal, kind)).code
        if kind is not None:
            trace.add_change(TracedChange(act, kind, names, customer, record, code, _in_the_way(refusal)))
        raise
    if kind is not None:
        trace.add_change(TracedChange(act, kind, names, changing.customer, changing.record))


def _in_the_way(refusal: Exception) -> tuple[str, ...]:
    match refusal:
        case FieldAccessError(fields=fields):
            return tuple(fields)
        case InvalidValueError(fields=broken):
            return tuple(sorted({item.field for item in broken}))
    return ()
