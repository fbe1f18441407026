"""The use cases on receivables and payments (K7): an invoice is recorded, a payment is set off, ages are reported.

INVARIANT: allocations and what is not allocated are the payment; a balance is the amount less its allocations. Whoever
changes a balance has the customer's turn, so that two payments never meet on one receivable.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from documents.access.plan import AccessPlan
from documents.chapters.credit.figures import CreditFigures
from documents.chapters.credit.kinds import ContractState, ReceivableState
from documents.chapters.credit.receivables import Allocation, Receivable, allocate
from documents.chapters.handling.kinds import HandlingCause
from documents.declaring.kind import Kind
from documents.errors import RuleBrokenError
from documents.plain_records import Record, Records
from documents.reading.record_rights import refuse_creation
from documents.reckoning.money import Money
from documents.storing.layout import CustomerReference
from documents.writing.idempotency import IdempotentRequest
from documents.writing.locks import lock_customer
from documents.writing.records import RecordWrites
from policies.authorize import CREATE, READ
from resolvers.caller import Caller
from resolvers.chapters.credit.exposures import Exposures
from resolvers.chapters.credit.overdue import Collection
from resolvers.operations import SYSTEM_ACTIONS, RecordOperations

RECEIVABLE, PAYMENT = Kind.RECEIVABLE, Kind.PAYMENT


class Receivables:
    """Invoices and payments under policy."""

    def __init__(
        self, operations: RecordOperations, figures: CreditFigures, exposures: Exposures, collection: Collection
    ) -> None:
        self._operations = operations
        self._figures = figures
        self._exposures = exposures
        self._collection = collection

    async def record_invoice(self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None) -> str:
        """Records an invoice of the contract `given["contract"]`, in its currency.

        Raises RuleBrokenError `invoice.contract_not_in_force`, `invoice.due_before_issued`, CurrencyError."""
        operations = self._operations
        plan = await operations.plan(caller, RECEIVABLE, CREATE)
        contracts = await operations.plan(caller, Kind.CONTRACT)
        values = {name: value for name, value in given.items() if name != "contract"}
        if values["due_on"] < values["issued_on"]:
            raise RuleBrokenError("invoice.due_before_issued", "due_on")

        async def work(writes: RecordWrites) -> str:
            await writes.load(contracts, Kind.CONTRACT, given["contract"])
            own = await operations.system_plan(plan, Kind.CONTRACT, READ)
            contract = await writes.load(own, Kind.CONTRACT, given["contract"], "customer", "state", "currency")
            customer = await operations.customer(caller, contract["customer"])
            refuse_creation(plan, RECEIVABLE, customer, values)
            if contract["state"] != ContractState.IN_FORCE.value:
                raise RuleBrokenError("invoice.contract_not_in_force", "contract")
            await lock_customer(operations.writer, writes, customer)
            amount = Money(Decimal(values["amount"]), contract["currency"])
            check, _ = await self._exposures.check(writes, plan, customer, amount)
            derived = {
                "contract": given["contract"],
                "currency": contract["currency"],
                "balance": values["amount"],
                "state": ReceivableState.OPEN.value,
                # An invoice is a fact and never blocked; but it does not go unnoticed.
                "is_over_limit": check.limit < check.exposure,
            }
            return await writes.insert(plan, RECEIVABLE, values, customer=customer, derived=derived, by=caller.username)

        return await operations.run(work, request)

    async def record_payment(self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None) -> str:
        """Records a payment of `given["customer"]` and sets it off against `given["receivables"]` in their order, or
        against all that is open in its currency, the oldest due first.

        Raises RuleBrokenError `payment.unknown_receivable`, CurrencyError `currency.mixed` for a named receivable."""
        operations = self._operations
        plan = await operations.plan(caller, PAYMENT, CREATE)
        customer = await operations.customer(caller, given["customer"])
        named = tuple(given.get("receivables") or ())
        values = {name: value for name, value in given.items() if name not in ("customer", "receivables")}
        refuse_creation(plan, PAYMENT, customer, values)
        payment = Money(Decimal(values["amount"]), values["currency"])

        async def work(writes: RecordWrites) -> str:
            await lock_customer(operations.writer, writes, customer)
            open_ones = await self._open(writes, plan, customer, payment.currency, named)
            allocation = allocate(payment, (_receivable(record) for record in open_ones), named)
            derived = {"allocations": _allocations(allocation), "unallocated": str(allocation.left.amount)}
            made = await writes.insert(plan, PAYMENT, values, customer=customer, derived=derived, by=caller.username)
            await self._set_off(writes, plan, open_ones, allocation, values["received_on"])
            await self._collection.follow(writes, plan, customer, HandlingCause.PAYMENT, made)
            return made

        return await operations.run(work, request)

    async def ageing(self, caller: Caller, department: str | None, on: date) -> Records:
        """What is open by currency and age, of what the caller may see. Raises FieldAccessError."""
        plan = await self._operations.plan(caller, RECEIVABLE)
        customers = await self._operations.customers_plan(caller)
        found = await self._figures.ageing(plan, customers, on, department, caller.report)
        return Records(
            Record(
                bucket=row.bucket.value, currency=row.amount.currency, amount=str(row.amount.amount), count=row.count
            )
            for row in found
        )

    async def _open(
        self,
        writes: RecordWrites,
        plan: AccessPlan,
        customer: CustomerReference,
        currency: str,
        named: tuple[str, ...],
    ) -> Records:
        """The open receivables that a payment may be set off against. Whoever names one is told where it does not fit;
        otherwise those of other currencies are not touched."""
        own = await self._operations.system_plan(plan, RECEIVABLE, READ)
        condition: dict[str, Any] = {"customer_id": customer.row_id, "state": ReceivableState.OPEN.value}
        if not named:
            condition["currency"] = currency
        return await writes.find(own, RECEIVABLE, condition, "due_on", "balance", "currency")

    async def _set_off(
        self, writes: RecordWrites, plan: AccessPlan, open_ones: Records, allocation: Allocation, received_on: str
    ) -> None:
        own = await self._operations.system_plan(plan, RECEIVABLE, SYSTEM_ACTIONS)
        balances = {record["id"]: Decimal(record["balance"]) for record in open_ones}
        for share in allocation.shares:
            left = balances[share.receivable_id] - share.amount.amount
            changed: dict[str, Any] = {"balance": str(left)}
            if left == 0:
                changed |= {"state": ReceivableState.PAID.value, "paid_on": received_on, "collection_stage": None}
                await self._collection.stop(writes, plan, share.receivable_id)
            await writes.update(own, RECEIVABLE, share.receivable_id, changed)


def _receivable(record: Record) -> Receivable:
    balance = Money(Decimal(record["balance"]), record["currency"])
    return Receivable(record["id"], date.fromisoformat(record["due_on"]), balance)


def _allocations(allocation: Allocation) -> list[dict[str, str]]:
    return [{"receivable": share.receivable_id, "amount": str(share.amount.amount)} for share in allocation.shares]
