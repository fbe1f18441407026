"""The use cases on contracts (K6): signed against the limit (K5), approved where the handling asks for it, ended."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NotRequired, TypedDict

from documents.chapters.credit.exposure import ExposureOutcome
from documents.chapters.credit.kinds import Contract, ContractState
from documents.declaring.kind import Kind
from documents.errors import CurrencyError, RuleBrokenError
from documents.reading.typed_rows import Known
from documents.reading.visible_rows import refuse_creation
from documents.reading.where import Where
from documents.reckoning.money import Money
from documents.writing.idempotency import IdempotentRequest
from documents.writing.records import RecordWrites
from policies.authorize import CREATE, WRITE
from resolvers.caller import Caller
from resolvers.chapters.credit.exposures import Exposures
from resolvers.inputs import OfCustomer, OfRecord, without
from resolvers.operations import RecordOperations, Turn

CONTRACT = Kind.CONTRACT


class SignContract(OfCustomer):
    number: str
    subject: str
    amount: str
    signed_on: str
    payment_days: int
    late_daily_rate: str
    liability: str
    currency: NotRequired[str | None]
    grace_days: NotRequired[int | None]


class EndContract(OfRecord):
    ended_on: str
    end_reason: str


class _Terms(TypedDict):
    """What of a contract the limit and the handling are asked about."""

    amount: str
    currency: str
    payment_days: int


class _KnownContract(Known, _Terms):
    state: str
    created_by: str | None
    customer: str
    signed_on: str


class Contracts:
    """Contracts under policy."""

    def __init__(self, operations: RecordOperations, exposures: Exposures) -> None:
        self._operations = operations
        self._exposures = exposures

    async def sign(self, caller: Caller, given: SignContract, request: IdempotentRequest | None) -> str:
        """Signs a contract with `given["customer"]`. Raises RuleBrokenError `contract.exposure_exceeded`,
        `contract.credit_stopped`, `contract.number_taken`, CurrencyError."""
        operations = self._operations
        plan = await operations.plan(caller, CONTRACT, CREATE)
        customer = await operations.customer(caller, given["customer"])
        # What a caller does not say is said for it, and needs the same right.
        unsaid = {name: Contract.model_fields[name].default for name in ("currency", "grace_days")}
        values: dict[str, Any] = {**unsaid, **without(given, "customer")}
        refuse_creation(plan, CONTRACT, customer, values)

        async def work(writes: RecordWrites) -> str:
            turn = await operations.turn(writes, plan, customer)
            await self._refuse_taken_number(turn, given["number"])
            if values["currency"] is None:
                raise CurrencyError("currency.no_rate")
            terms = _Terms(amount=given["amount"], currency=values["currency"], payment_days=given["payment_days"])
            derived = await self._met_with(turn, terms)
            return await writes.insert(plan, CONTRACT, values, customer=customer, derived=derived, by=caller.username)

        return await operations.run(caller, work, request)

    async def approve(self, caller: Caller, given: OfRecord, request: IdempotentRequest | None) -> str:
        """Puts a contract that awaits it in force; by another person than who signed it. The limit is asked anew."""
        operations = self._operations
        plan = await operations.plan(caller, CONTRACT, WRITE)

        async def work(writes: RecordWrites) -> str:
            await writes.check(plan, CONTRACT, given["id"], ("state", "approved_by"), version=given["version"])
            contract = await operations.known(writes, plan, CONTRACT, given["id"], _KnownContract)
            if contract["state"] != ContractState.AWAITING_APPROVAL.value:
                raise RuleBrokenError("step.not_allowed", "state")
            if contract["created_by"] == caller.username:
                raise RuleBrokenError("approval.same_person", "approved_by")
            customer = await operations.customer(caller, contract["customer"])
            met_with = await self._met_with(await operations.turn(writes, plan, customer), contract)
            values = {"state": ContractState.IN_FORCE.value, "approved_by": caller.username}
            version = given["version"]
            await writes.update(plan, CONTRACT, given["id"], values, version=version, derived={**met_with, **values})
            return given["id"]

        return await operations.run(caller, work, request)

    async def end(self, caller: Caller, given: EndContract, request: IdempotentRequest | None) -> str:
        """Ends a contract. What is open of it stays open. Raises RuleBrokenError `step.not_allowed` where it ended."""
        operations = self._operations
        plan = await operations.plan(caller, CONTRACT, WRITE)
        values = {"ended_on": given["ended_on"], "end_reason": given["end_reason"], "state": ContractState.ENDED.value}

        async def work(writes: RecordWrites) -> str:
            await writes.check(plan, CONTRACT, given["id"], values, version=given["version"])
            contract = await operations.known(writes, plan, CONTRACT, given["id"], _KnownContract)
            if contract["state"] == ContractState.ENDED.value:
                raise RuleBrokenError("step.not_allowed", "state")
            if given["ended_on"] < contract["signed_on"]:
                raise RuleBrokenError("contract.ends_before_signing", "ended_on")
            await writes.update(plan, CONTRACT, given["id"], values, version=given["version"])
            return given["id"]

        return await operations.run(caller, work, request)

    async def _met_with(self, turn: Turn, contract: _Terms) -> dict[str, Any]:
        """What the contract meets: the limit, and the handling in force."""
        amount = Money(Decimal(contract["amount"]), contract["currency"])
        check, known = await self._exposures.check(turn, amount)
        if check.outcome is ExposureOutcome.BLOCK:
            raise RuleBrokenError("contract.exposure_exceeded", "amount")
        if known.handling.stops_new_credit and contract["payment_days"] > 0:
            raise RuleBrokenError("contract.credit_stopped", "payment_days")
        state = ContractState.AWAITING_APPROVAL if known.handling.needs_approval else ContractState.IN_FORCE
        return {
            "state": state.value,
            "exposure_outcome": check.outcome.value,
            "exposure": str(check.exposure.amount),
            "limit_at_signing": str(check.limit.amount),
        }

    async def _refuse_taken_number(self, turn: Turn, number: str) -> None:
        taken = Where(customer=turn.customer, number=number.strip())
        if await self._operations.all_known(turn.writes, turn.plan, CONTRACT, taken, Known):
            raise RuleBrokenError("contract.number_taken", "number")
