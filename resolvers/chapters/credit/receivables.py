"""The use cases on receivables and payments (K7): an invoice is recorded, a payment is set off, ages are reported.

INVARIANT: allocations and what is not allocated are the payment; a balance is the amount less its allocations. Whoever
changes a balance has the customer's turn, so that two payments never meet on one receivable.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any, NotRequired, TypedDict

from documents.chapters.credit.figures import CreditFigures
from documents.chapters.credit.kinds import ContractState, ReceivableState
from documents.chapters.credit.receivables import Allocation, Receivable, allocate
from documents.chapters.handling.kinds import HandlingCause
from documents.declaring.kind import Kind
from documents.errors import RuleBrokenError
from documents.plain_records import Record, Records
from documents.reading.typed_rows import Known
from documents.reading.visible_rows import refuse_creation
from documents.reading.where import Where
from documents.reckoning.money import Money
from documents.writing.idempotency import IdempotentRequest
from documents.writing.records import RecordWrites
from policies.authorize import CREATE
from resolvers.caller import Caller
from resolvers.chapters.credit.exposures import Exposures
from resolvers.chapters.credit.overdue import Collection, KnownReceivable, open_receivable
from resolvers.chapters.handling import Cause
from resolvers.inputs import OfCustomer, without
from resolvers.operations import SYSTEM_ACTIONS, RecordOperations, Turn

RECEIVABLE, PAYMENT = Kind.RECEIVABLE, Kind.PAYMENT


class RecordInvoice(TypedDict):
    contract: str
    number: str
    amount: str
    issued_on: str
    due_on: str


class RecordPayment(OfCustomer):
    amount: str
    currency: str
    received_on: str
    reference: NotRequired[str | None]
    receivables: NotRequired[list[str] | None]


class _KnownContract(Known):
    customer: str
    state: str
    currency: str


class Receivables:
    """Invoices and payments under policy."""

    def __init__(
        self, operations: RecordOperations, figures: CreditFigures, exposures: Exposures, collection: Collection
    ) -> None:
        self._operations = operations
        self._figures = figures
        self._exposures = exposures
        self._collection = collection

    async def record_invoice(self, caller: Caller, given: RecordInvoice, request: IdempotentRequest | None) -> str:
        """Records an invoice of the contract `given["contract"]`, in its currency.

        Raises RuleBrokenError `invoice.contract_not_in_force`, `invoice.due_before_issued`, CurrencyError."""
        operations = self._operations
        plan = await operations.plan(caller, RECEIVABLE, CREATE)
        contracts = await operations.plan(caller, Kind.CONTRACT)
        values = without(given, "contract")
        if given["due_on"] < given["issued_on"]:
            raise RuleBrokenError("invoice.due_before_issued", "due_on")

        async def work(writes: RecordWrites) -> str:
            await writes.load(contracts, Kind.CONTRACT, given["contract"], Known)
            contract = await operations.known(writes, plan, Kind.CONTRACT, given["contract"], _KnownContract)
            customer = await operations.customer(caller, contract["customer"])
            refuse_creation(plan, RECEIVABLE, customer, values)
            if contract["state"] != ContractState.IN_FORCE.value:
                raise RuleBrokenError("invoice.contract_not_in_force", "contract")
            turn = await operations.turn(writes, plan, customer)
            amount = Money(Decimal(given["amount"]), contract["currency"])
            check, _ = await self._exposures.check(turn, amount)
            derived = {
                "contract": given["contract"],
                "currency": contract["currency"],
                "balance": given["amount"],
                "state": ReceivableState.OPEN.value,
                # An invoice is a fact and never blocked; but it does not go unnoticed.
                "is_over_limit": check.limit < check.exposure,
            }
            return await writes.insert(plan, RECEIVABLE, values, customer=customer, derived=derived, by=caller.username)

        return await operations.run(caller, work, request)

    async def record_payment(self, caller: Caller, given: RecordPayment, request: IdempotentRequest | None) -> str:
        """Records a payment of `given["customer"]` and sets it off against `given["receivables"]` in their order, or
        against all that is open in its currency, the oldest due first.

        Raises RuleBrokenError `payment.unknown_receivable`, CurrencyError `currency.mixed` for a named receivable."""
        operations = self._operations
        plan = await operations.plan(caller, PAYMENT, CREATE)
        customer = await operations.customer(caller, given["customer"])
        named = tuple(given.get("receivables") or ())
        values = without(given, "customer", "receivables")
        refuse_creation(plan, PAYMENT, customer, values)
        payment = Money(Decimal(given["amount"]), given["currency"])

        async def work(writes: RecordWrites) -> str:
            turn = await operations.turn(writes, plan, customer)
            # Whoever names some is told where one does not fit; otherwise those of other currencies are not touched.
            open_ones = await self._open(turn, None if named else payment.currency)
            allocation = allocate(payment, open_ones, named)
            derived = {"allocations": _allocations(allocation), "unallocated": str(allocation.left.amount)}
            made = await writes.insert(plan, PAYMENT, values, customer=customer, derived=derived, by=caller.username)
            await self._set_off(turn, open_ones, allocation, given["received_on"])
            await self._collection.follow(turn, Cause(HandlingCause.PAYMENT, made))
            return made

        return await operations.run(caller, work, request)

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

    async def _open(self, turn: Turn, currency: str | None) -> list[Receivable]:
        """What is open of the customer, in one currency or (None) in any."""
        still_open = {"customer": turn.customer, "state": ReceivableState.OPEN}
        where = Where(**still_open) if currency is None else Where(**still_open, currency=currency)
        found = await self._operations.all_known(turn.writes, turn.plan, RECEIVABLE, where, KnownReceivable)
        return [open_receivable(known) for known in found]

    async def _set_off(
        self, turn: Turn, open_ones: Iterable[Receivable], allocation: Allocation, received_on: str
    ) -> None:
        own = await self._operations.system_plan(turn.plan, RECEIVABLE, SYSTEM_ACTIONS)
        balances = {receivable.id: receivable.open_amount.amount for receivable in open_ones}
        for share in allocation.shares:
            left = balances[share.receivable_id] - share.amount.amount
            changed: dict[str, Any] = {"balance": str(left)}
            if left == 0:
                changed |= {"state": ReceivableState.PAID.value, "paid_on": received_on, "collection_stage": None}
                await self._collection.stop(turn.writes, turn.plan, share.receivable_id)
            await turn.writes.update(own, RECEIVABLE, share.receivable_id, changed)


def _allocations(allocation: Allocation) -> list[dict[str, str]]:
    return [{"receivable": share.receivable_id, "amount": str(share.amount.amount)} for share in allocation.shares]
