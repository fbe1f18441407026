"""Putting into the audit trail what a request did, and tracing which change was refused.

INVARIANT: whoever asked for customer data under a plan, or was refused one, leaves an entry. Who is not logged in
leaves none: nobody is asking, and nothing was served.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Final

from bson import ObjectId

from documents.access.trace import Act, TracedChange
from documents.audit.entries import Entry, Performed, new_entry
from documents.audit.forms import Form
from documents.audit.trail import AuditTrail
from documents.declaring.kind import Kind
from documents.errors import FieldAccessError, InvalidValueError
from policies.errors import NotAuthenticatedError, PolicyError, RuleError, RuleSetConflictError
from resolvers.caller import Caller, RuleSetsInForce
from resolvers.refusals import REFUSALS, user_errors

_OTHER = (NotAuthenticatedError, RuleError, RuleSetConflictError)
MOST_FORMS: Final = 1_000
"""Of entries, that are kept; they are some kilobytes each."""


def _codes(error: type[PolicyError]) -> Iterator[str]:
    if error not in _OTHER:
        yield error.code
    for more in error.__subclasses__():
        yield from _codes(more)


REFUSED_BY_POLICY = frozenset(_codes(PolicyError))
"""Codes of requests that were refused before there was a plan: for their purpose, or for what the caller lacks."""


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
        await trail.record(self._entry(caller, operation, codes))

    def _entry(self, caller: Caller, operation: Performed, codes: tuple[str, ...]) -> Entry:
        asker, rules, trace = caller.asker, caller.decided_by(self._rule_sets), caller.report.take_trace()
        if codes or not trace.is_of_rows_alone:
            return new_entry(asker, operation, trace, codes=codes, rules=rules)
        ((_, stated),) = trace.plans
        (decided,) = rules
        # A version has another hash if its rules were exchanged and it was loaded anew.
        common = (asker.username, asker.roles, asker.session, operation, *decided.values(), stated, *trace.rows)
        form = self._forms.get(common)
        if form is None:
            if len(self._forms) >= MOST_FORMS:
                self._forms.clear()
            form = self._forms[common] = Form(new_entry(asker, operation, trace, rules=rules))
        return form.filled(trace.rows.values())


@dataclass(frozen=True, slots=True)
class Changing:
    """A change that is tried: of which fields of which row.

    Without a kind it is of nothing that there could be, and leaves no trace."""

    act: Act
    kind: Kind | None
    fields: tuple[str, ...] = ()
    customer: ObjectId | None = None
    record: ObjectId | None = None


@contextmanager
def traced(caller: Caller, changing: Changing) -> Iterator[None]:
    """Traces that the change tried within was refused, with one of `REFUSALS`. What was made leaves the entry of its
    unit of work."""
    try:
        yield
    except REFUSALS as refusal:
        if changing.kind is not None:
            code, in_the_way = next(user_errors(refusal, changing.kind)).code, _in_the_way(refusal)
            caller.report.trace.add_change(
                TracedChange(
                    changing.act, changing.kind, changing.fields, code, changing.customer, changing.record, in_the_way
                )
            )
        raise


def _in_the_way(refusal: Exception) -> tuple[str, ...]:
    match refusal:
        case FieldAccessError(fields=fields):
            return tuple(fields)
        case InvalidValueError(fields=broken):
            return tuple(sorted({item.field for item in broken}))
    return ()
