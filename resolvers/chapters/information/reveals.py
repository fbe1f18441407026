"""Revealing: one field of one customer that the caller sees masked, in full, for a reason that is kept.

INVARIANT: the record of it, with the reason sealed under the customer's key, is stored before the value is fetched; and
of a customer that the caller does not see the answer is that of one that does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import UTC, datetime
from difflib import get_close_matches

from bson import ObjectId

from documents.access.plan import AccessPlan, Level
from documents.access.trace import Act, TracedChange
from documents.declaring.kind import Kind
from documents.errors import FieldAccessError, InvalidField, InvalidValueError, KeyErasedError, RecordNotFoundError
from documents.reading.reveals import CustomerReveals
from documents.registry import CATALOGUE
from documents.storing.layout import CustomerReference
from documents.storing.public_ids import parse_customer_id
from documents.writing.idempotency import IdempotentRequest
from documents.writing.records import RecordWrites
from policies.authorize import CREATE, REVEAL
from resolvers.caller import Caller, idempotent
from resolvers.chapters.accounts.step_up import STEP_UP_REQUIRED, StepUp
from resolvers.errors import UserError
from resolvers.operations import RecordOperations
from resolvers.refusals import REFUSALS, user_errors

KIND = Kind.REVELATION
NOT_ALLOWED = "reveal.not_allowed"


@dataclass(frozen=True, slots=True)
class RevealResult:
    """The value as texts, one for each item, at which level; or why not. No level: nothing was shown."""

    level: Level | None = None
    values: list[str] | None = dataclass_field(default=None, repr=False)
    revelation: str | None = None  # public id of the record; none is made of what is shown in full anyhow
    user_errors: tuple[UserError, ...] = ()


@dataclass(frozen=True, slots=True)
class _Asked:
    """A field by its public name, and why it is to be seen. `request` leaves one record of it however often."""

    field: str
    reason: str = dataclass_field(repr=False)
    request: IdempotentRequest | None


class StepUpRequiredError(Exception):
    """The caller has not proven shortly before who it is."""


class Reveals:
    """The use case."""

    def __init__(self, operations: RecordOperations, reveals: CustomerReveals, step_up: StepUp) -> None:
        self._operations = operations
        self._reveals = reveals
        self._step_up = step_up

    async def reveal(self, caller: Caller, customer_id: str, field: str, reason: str, path: str) -> RevealResult:
        """The field, by its public name. What is refused is told in this order: the customer, the field, the step-up,
        the reason. Raises the errors of `policies.errors`, and IdempotencyConflictError.

        `path` is the mutation's response path; a retry under the same key leaves one record of it."""
        plan = await self._operations.customers_plan(caller, REVEAL)
        caller.report.trace.add_plan(plan)
        kind, row_id = parse_customer_id(customer_id) or (None, None)
        asked = _Asked(field, reason, idempotent(caller, path, ["reveal", customer_id, field, reason]))
        try:
            if kind is None or row_id is None:
                raise RecordNotFoundError
            return await self._revealed(caller, plan, (kind, row_id), asked)
        except KeyErasedError:
            return RevealResult(Level.ERASED)
        except (StepUpRequiredError, *REFUSALS) as refusal:
            errors = _errors(refusal)
            if kind is not None:
                named = tuple(refusal.fields) if isinstance(refusal, FieldAccessError) else ()
                change = TracedChange(Act.REVEAL, kind, (), errors[0].code, row_id, refused=named)
                caller.report.trace.add_change(change)
            return RevealResult(user_errors=errors)

    async def _revealed(
        self, caller: Caller, plan: AccessPlan, customer: tuple[Kind, ObjectId], asked: _Asked
    ) -> RevealResult:
        found = await self._reveals.find(plan, *customer, _declared(customer[0], asked.field))
        revelation = None
        if found.is_masked:
            if caller.principal is None or await self._step_up.until(caller.principal) is None:
                raise StepUpRequiredError
            revelation = await self._record(caller, plan, found.customer, asked)
        values = await self._reveals.open(found, caller.report)
        return RevealResult(Level.PLAIN, values, revelation)

    async def _record(self, caller: Caller, plan: AccessPlan, customer: CustomerReference, asked: _Asked) -> str:
        """Keeps that the field is revealed, as the system: whoever may reveal cannot help leaving the record."""
        system = await self._operations.system_plan(plan, KIND, CREATE)
        values = {
            "field": asked.field,
            "reason": asked.reason,
            "revealed_by": caller.username,
            "revealed_at": datetime.now(UTC),
        }

        async def work(writes: RecordWrites) -> str:
            return await writes.insert(system, KIND, values, customer=customer, by=caller.username)

        return await self._operations.run(caller, work, asked.request)


def _declared(kind: Kind, public_name: str) -> str:
    """Raises InvalidValueError for a field that customers of the kind do not have; each kind's are no secret."""
    known = {spec.public_name: name for name, spec in CATALOGUE.fields(kind).items()}
    if public_name not in known:
        nearest = (get_close_matches(public_name, sorted(known), n=1, cutoff=0.5) or ["name"])[0]
        raise InvalidValueError((InvalidField("field", "value.unknown_field", (("nearest", nearest),)),))
    return known[public_name]


def _errors(refusal: Exception) -> tuple[UserError, ...]:
    """In the words of the input: a refusal names its `field` and its `customer`, not those of another record."""
    match refusal:
        case StepUpRequiredError():
            return (UserError(STEP_UP_REQUIRED),)
        case FieldAccessError():
            return (UserError("ACCESS_DENIED", (KIND.value, "field"), NOT_ALLOWED),)
        case RecordNotFoundError():
            return (UserError("NOT_FOUND", (KIND.value, "customer")),)
    return tuple(user_errors(refusal, KIND))
