"""What every operation on records needs: plans, the customer, one transaction. Decides nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from documents.access.plan import AccessPlan, Action
from documents.declaring.kind import Kind
from documents.errors import InvalidField, InvalidValueError
from documents.reading.typed_rows import Row
from documents.reading.where import Where
from documents.registry import FULL_CATALOGUE
from documents.storing.layout import CustomerReference
from documents.writing.idempotency import IdempotentRequest
from documents.writing.records import RecordWriter, RecordWrites, Work
from policies.authorize import CREATE, READ, WRITE, PolicyEngine
from policies.principal import SYSTEM
from resolvers.caller import Caller, RuleSetsInForce

SYSTEM_ACTIONS = READ | CREATE | WRITE
"""What the system needs to note what follows from an operation: it reads what there is, and makes or changes it."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A customer's turn, taken in the transaction `writes` for an operation under the caller's `plan`: until it ends
    nobody else decides on what is derived from several records of the customer. Made by `RecordOperations.turn`."""

    writes: RecordWrites
    plan: AccessPlan
    customer: CustomerReference


class RecordOperations:
    """The ground on which the use cases of the chapters stand."""

    def __init__(self, engine: PolicyEngine, writer: RecordWriter, rule_sets: RuleSetsInForce) -> None:
        self._engine = engine
        self._rule_sets = rule_sets
        self.writer = writer

    async def plan(self, caller: Caller, kind: Kind, actions: frozenset[Action] = READ) -> AccessPlan:
        """The caller's plan for records of `kind`. Raises the errors of `policies.errors`."""
        plan = await self._engine.authorize(caller.principal, caller.purpose, actions, kind.value)
        caller.report.trace.add_plan(plan)
        return plan

    async def system_plan(self, caller_plan: AccessPlan, kind: Kind, actions: frozenset[Action]) -> AccessPlan:
        """The system's plan under the purpose of `caller_plan`, for what follows from an operation by itself: a
        changed handling, a next step. Its rights are rules like all others (role `system`)."""
        return await self._engine.authorize(SYSTEM, caller_plan.purpose.value, actions, kind.value)

    async def customer(self, caller: Caller, customer_id: str) -> CustomerReference:
        """The customer whose record it is to be. Raises RecordNotFoundError where the caller sees none."""
        return await self.writer.customer(await self.customers_plan(caller), customer_id)

    async def customers_plan(self, caller: Caller, actions: frozenset[Action] = READ) -> AccessPlan:
        """The caller's plan for customers."""
        return await self._engine.authorize(caller.principal, caller.purpose, actions)

    async def turn(self, writes: RecordWrites, plan: AccessPlan, customer: CustomerReference) -> Turn:
        """Takes the customer's turn: to be done before anything is read that is to be decided on.

        Raises RecordNotFoundError where the customer is gone, or its caller does not see it any more."""
        return Turn(writes, plan, await writes.lock(customer))

    async def known(self, writes: RecordWrites, plan: AccessPlan, kind: Kind, record_id: str, row: type[Row]) -> Row:
        """The record as the system knows it, for an operation under the caller's `plan`: not to be served.

        Raises RecordNotFoundError."""
        return await writes.load(await self.system_plan(plan, kind, READ), kind, record_id, row)

    async def all_known(
        self, writes: RecordWrites, plan: AccessPlan, kind: Kind, where: Where, row: type[Row]
    ) -> list[Row]:
        """The same of all the records asked for."""
        return await writes.find(await self.system_plan(plan, kind, READ), kind, where, row)

    async def run(self, caller: Caller, work: Work, request: IdempotentRequest | None) -> str:
        """Does `work` as one unit, once per idempotency key; returns the main record's public id."""
        return await self.writer.run(caller.author(self._rule_sets), work, request)


def check_field_names(names: Iterable[str], kinds: Collection[Kind], given_in: str) -> None:
    """Raises InvalidValueError on the field `given_in` for a public name that no field of any of the kinds has."""
    known = {spec.public_name for kind in kinds for spec in FULL_CATALOGUE.fields(kind).values()}
    for name in names:
        if name not in known:
            nearest = get_close_matches(name, sorted(known), n=1, cutoff=0.5)
            parameters = (("nearest", nearest[0] if nearest else "name"),)
            raise InvalidValueError((InvalidField(given_in, "value.unknown_field", parameters),))
