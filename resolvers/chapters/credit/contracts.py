"""The use cases on contracts (K6): signed against the limit (K5), approved where the handling asks for it, ended."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from documents.access.plan import AccessPlan
from documents.chapters.credit.exposure import ExposureOutcome
from documents.chapters.credit.kinds import Contract, ContractState
from documents.declaring.kind import Kind
from documents.errors import RuleBrokenError
from documents.plain_records import Record
from documents.reading.record_rights import refuse_creation
from documents.reckoning.money import Money
from documents.storing.layout import CustomerReference
from documents.writing.idempotency import IdempotentRequest
from documents.writing.locks import lock_customer
from documents.writing.records import RecordWrites
from policies.authorize import CREATE, READ, WRITE
from resolvers.caller import Caller
from resolvers.chapters.credit.exposures import Exposures
from resolvers.operations import RecordOperations

CONTRACT = Kind.CONTRACT


class Contracts:
    """Contracts under policy."""

    def __init__(self, operations: RecordOperations, exposures: Exposures) -> None:
        self._operations = operations
        self._exposures = exposures

    async def sign(self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None) -> str:
        """Signs a contract with `given["customer"]`. Raises RuleBrokenError `contract.exposure_exceeded`,
        `contract.credit_stopped`, `contract.number_taken`, CurrencyError."""
        operations = self._operations
        plan = await operations.plan(caller, CONTRACT, CREATE)
        customer = await operations.customer(caller, given["customer"])
        values = {name: value for name, value in given.items() if name != "customer"}
        # What a caller does not say is said for it, and needs the same right.
        for name in ("currency", "grace_days"):
            values.setdefault(name, Contract.model_fields[name].default)
        refuse_creation(plan, CONTRACT, customer, values)

        async def work(writes: RecordWrites) -> str:
            await lock_customer(operations.writer, writes, customer)
            await self._refuse_taken_number(writes, plan, customer, values["number"])
            derived = await self._met_with(writes, plan, customer, values)
            return await writes.insert(plan, CONTRACT, values, customer=customer, derived=derived, by=caller.username)

        return await operations.run(work, request)

    async def approve(self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None) -> str:
        """Puts a contract that awaits it in force; by another person than who signed it. The limit is asked anew."""
        operations = self._operations
        plan = await operations.plan(caller, CONTRACT, WRITE)

        async def work(writes: RecordWrites) -> str:
            await writes.check(plan, CONTRACT, given["id"], ("state", "approved_by"), version=given["version"])
            contract = await self._known(writes, plan, given["id"])
            if contract["state"] != ContractState.AWAITING_APPROVAL.value:
                raise RuleBrokenError("step.not_allowed", "state")
            if contract["created_by"] == caller.username:
                raise RuleBrokenError("approval.same_person", "approved_by")
            customer = await operations.customer(caller, contract["customer"])
            await lock_customer(operations.writer, writes, customer)
            met_with = await self._met_with(writes, plan, customer, contract)
            values = {"state": ContractState.IN_FORCE.value, "approved_by": caller.username}
            version = given["version"]
            await writes.update(plan, CONTRACT, given["id"], values, version=version, derived={**met_with, **values})
            return str(given["id"])

        return await operations.run(work, request)

    async def end(self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None) -> str:
        """Ends a contract. What is open of it stays open. Raises RuleBrokenError `step.not_allowed` where it ended."""
        operations = self._operations
        plan = await operations.plan(caller, CONTRACT, WRITE)
        values = {"ended_on": given["ended_on"], "end_reason": given["end_reason"], "state": ContractState.ENDED.value}

        async def work(writes: RecordWrites) -> str:
            await writes.check(plan, CONTRACT, given["id"], values, version=given["version"])
            contract = await self._known(writes, plan, given["id"])
            if contract["state"] == ContractState.ENDED.value:
                raise RuleBrokenError("step.not_allowed", "state")
            if given["ended_on"] < contract["signed_on"]:
                raise RuleBrokenError("contract.ends_before_signing", "ended_on")
            await writes.update(plan, CONTRACT, given["id"], values, version=given["version"])
            return str(given["id"])

        return await operations.run(work, request)

    async def _known(self, writes: RecordWrites, plan: AccessPlan, record_id: str) -> Record:
        """The contract as the system knows it."""
        own = await self._operations.system_plan(plan, CONTRACT, READ)
        names = ("state", "created_by", "customer", "amount", "currency", "payment_days", "signed_on")
        return await writes.load(own, CONTRACT, record_id, *names)

    async def _met_with(
        self, writes: RecordWrites, plan: AccessPlan, customer: CustomerReference, contract: dict[str, Any]
    ) -> dict[str, Any]:
        """What the contract meets: the limit, and the handling in force."""
        amount = Money(Decimal(contract["amount"]), contract["currency"])
        check, known = await self._exposures.check(writes, plan, customer, amount)
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

    async def _refuse_taken_number(
        self, writes: RecordWrites, plan: AccessPlan, customer: CustomerReference, number: str
    ) -> None:
        own = await self._operations.system_plan(plan, CONTRACT, READ)
        if await writes.find(own, CONTRACT, {"customer_id": customer.row_id, "number": number.strip()}):
            raise RuleBrokenError("contract.number_taken", "number")
