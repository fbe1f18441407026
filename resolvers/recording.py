"""Putting into the audit trail what a request did, and tracing what it changed.

INVARIANT: whoever asked for customer data under a plan, or was refused one, leaves an entry. Who is not logged in
leaves none: nobody is asking, and nothing was served.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Final, Protocol

from bson import ObjectId

from documents.access.plan import Purpose
from documents.access.trace import AccessTrace, Act, TracedChange
from documents.audit.entries import Asker, DecidedBy, Entry, Performed, new_entry
from documents.audit.forms import Form
from documents.audit.trail import AuditTrail
from documents.declaring.kind import Kind
from documents.errors import FieldAccessError, InvalidValueError
from policies.errors import NotAuthenticatedError, PolicyError, RuleError, RuleSetConflictError
from policies.principal import Principal
from resolvers.caller import Caller
from resolvers.refusals import REFUSALS, user_errors

_OTHER = (NotAuthenticatedError, RuleError, RuleSetConflictError)
MOST_FORMS: Final = 1_000
"""Of entries, that are kept; they are some kilobytes each."""

_PURPOSES = {purpose.value: purpose for purpose in Purpose}


def _codes(error: type[PolicyError]) -> Iterator[str]:
    if error not in _OTHER:
        yield error.code
    for more in error.__subclasses__():
        yield from _codes(more)


REFUSED_BY_POLICY = frozenset(_codes(PolicyError))
"""Codes of requests that were refused before there was a plan: for their purpose, or for what the caller lacks."""


class RuleSetsInForce(Protocol):
    """Whoever knows the rule sets that decide; `PolicyStore` does."""

    @property
    def rule_set_version(self) -> int: ...

    def rule_set_hash(self, version: int) -> bytes: ...


class Recorder:
    """Writes entries. Without a `trail` it writes none: for measurements of what the trail costs."""

    def __init__(self, trail: AuditTrail | None, rule_sets: RuleSetsInForce) -> None:
        self._trail = trail
        self._rule_sets = rule_sets
        self._forms: dict[tuple[object, ...], Form] = {}
        self.executing: AbstractContextManager[None] = nullcontext() if trail is None else trail.executing
        """Within it is what may leave an entry when it is done: the next block waits a little for it."""

    async def record(self, caller: Caller, operation: Performed, codes: Iterable[str] = ()) -> None:
        """Records what `caller` did since the last time; returns when that is stored.

        `codes` are of the errors that the answer shows. Raises TrailUnavailableError: then nothing may be served."""
        principal, trail = caller.principal, self._trail
        if principal is None or trail is None:
            return
        codes = tuple(codes)
        if caller.report.trace.is_empty and REFUSED_BY_POLICY.isdisjoint(codes):
            return
        await trail.record(self._entry(principal, caller, operation, codes))

    def _entry(self, principal: Principal, caller: Caller, operation: Performed, codes: tuple[str, ...]) -> Entry:
        trace = caller.report.take_trace()
        asker = Asker(principal.username, principal.roles, principal.session_id, _PURPOSES.get(caller.purpose or ""))
        if codes or not trace.is_of_rows_alone:
            return new_entry(asker, operation, trace, codes=codes, rules=self.decided(trace))
        ((version, stated),) = trace.plans
        # A version has another hash if its rules were exchanged and it was loaded anew.
        common = (*asker[:3], operation, version, self._rule_sets.rule_set_hash(version), stated, *trace.rows)
        form = self._forms.get(common)
        if form is None:
            if len(self._forms) >= MOST_FORMS:
                self._forms.clear()
            form = Form(new_entry(asker, operation, trace, rules=self.decided(trace)))
            self._forms[common] = form
        return form.filled(trace.rows.values())

    def decided(self, trace: AccessTrace) -> list[DecidedBy]:
        """The rule sets under which the plans in `trace` were made; the one in force where none was."""
        versions = sorted({version for version, _ in trace.plans}) or [self._rule_sets.rule_set_version]
        return [{"version": version, "hash": self._rule_sets.rule_set_hash(version)} for version in versions]


@dataclass(slots=True)
class Changing:
    """A change that is tried: of which fields of which row. A new row is known when it was made.

    Without a kind it is of nothing that there could be, and leaves no trace."""

    act: Act
    kind: Kind | None
    fields: tuple[str, ...] = ()
    customer: ObjectId | None = None
    record: ObjectId | None = None


@contextmanager
def traced(caller: Caller, changing: Changing) -> Iterator[Changing]:
    """Traces the change that is tried within: made where nothing is raised, refused where one of `REFUSALS` is."""
    try:
        yield changing
    except REFUSALS as refusal:
        _trace(caller, changing, next(user_errors(refusal, changing.kind)).code, _in_the_way(refusal))
        raise
    _trace(caller, changing)


def _trace(caller: Caller, done: Changing, code: str | None = None, refused: tuple[str, ...] = ()) -> None:
    if done.kind is not None:
        change = TracedChange(done.act, done.kind, done.fields, done.customer, done.record, code, refused)
        caller.report.trace.add_change(change)


def _in_the_way(refusal: Exception) -> tuple[str, ...]:
    match refusal:
        case FieldAccessError(fields=fields):
            return tuple(fields)
        case InvalidValueError(fields=broken):
            return tuple(sorted({item.field for item in broken}))
    return ()
