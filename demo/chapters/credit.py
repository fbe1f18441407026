"""The demo's credit: a dozen customers of one manager, rated, under contract, invoiced, some of it paid, some overdue.

Each step goes through the use case of the person whose work it is, under a key: started again, it makes nothing twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, TypeVar

from demo.callers import demo_caller
from demo.chapters.own_customers import own_customers
from documents.access.plan import Purpose
from documents.declaring.kind import Kind
from documents.errors import RuleBrokenError
from documents.plain_records import Record
from documents.reading.customers import CustomerReader
from documents.writing.idempotency import IdempotentRequest
from policies.authorize import PolicyEngine
from resolvers.caller import Caller, idempotent
from resolvers.chapters.credit.assessments import AssessCredit, GivenValue
from resolvers.chapters.credit.contracts import SignContract
from resolvers.chapters.credit.receivables import RecordInvoice, RecordPayment
from resolvers.chapters.credit.use_cases import Credit
from resolvers.inputs import OfRecord

COUNT: Final = 12
MANAGER, OFFICER, APPROVER = "demo.manager", "demo.credit", "demo.creditmanager"
Given = TypeVar("Given", bound=Mapping[str, object])
UseCase = Callable[[Caller, Given, IdempotentRequest | None], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class _Business:
    """What customers of one kind are rated by, and deal in: values of an excellent one, amounts in yuan."""

    values: Mapping[str, str]
    revenue: str | None
    subject: str
    contract: str
    invoices: tuple[str, str]


_BUSINESS: Final[Mapping[str, _Business]] = {
    Kind.INDIVIDUAL.value: _Business(
        {
            "annual_income": "320000",
            "years_employed": "6",
            "paid_in_time_percent": "99",
            "professional_standing": "3",
        },
        None,
        "家用设备分期采购",
        "18000.00",
        ("6800.00", "5200.50"),
    ),
    Kind.ENTERPRISE.value: _Business(
        {
            "current_ratio": "2.5",
            "debt_percent": "20",
            "revenue_growth_percent": "12",
            "receivable_days": "30",
            "paid_in_time_percent": "99",
            "market_share_percent": "16",
        },
        "8000000.00",
        "工程机械配件年度供货",
        "120000.00",
        ("40000.00", "28500.50"),
    ),
    Kind.INSTITUTION.value: _Business(
        {
            "budget_coverage_percent": "100",
            "budget_execution_percent": "95",
            "paid_in_time_percent": "99",
            "regional_standing": "3",
        },
        None,
        "办公设备采购及维护",
        "300000.00",
        ("96000.00", "84000.00"),
    ),
}


async def seed_credit(credit: Credit, engine: PolicyEngine, reader: CustomerReader, today: date) -> None:
    """Every fourth of them is rated poor, and has no contract; of the others each third leaves an invoice unpaid."""
    for index, customer in enumerate(await own_customers(engine, reader, MANAGER, COUNT)):
        await _Dealings(credit, index, customer, today).carry_out()


class _Dealings:
    """What one customer of the demo deals in."""

    def __init__(self, credit: Credit, index: int, customer: Record, today: date) -> None:
        self._credit = credit
        self._index = index
        self._customer = customer["id"]
        self._business = _BUSINESS[customer["kind"]]
        self._today = today

    async def carry_out(self) -> None:
        """All of it, in its order."""
        credit, index = self._credit, self._index
        await self._do(OFFICER, credit.assessments.assess, self._assessment())
        if index % 4 == 3:
            return
        contract = await self._do(MANAGER, credit.contracts.sign, self._contract())
        with suppress(RuleBrokenError):  # where the handling asks for no second person
            await self._do(APPROVER, credit.contracts.approve, OfRecord(id=contract, version=1))
        for number, amount in enumerate(self._business.invoices):
            await self._do(MANAGER, credit.receivables.record_invoice, self._invoice(contract, number, amount))
        if index % 3 != 2:
            await self._do(MANAGER, credit.receivables.record_payment, self._payment())

    async def _do(self, username: str, use_case: UseCase[Given], given: Given) -> str:
        name = f"{self._index} {use_case.__name__} {given.get('number', '')}"
        purpose = Purpose.BUSINESS_OPERATION if username == MANAGER else None
        caller = demo_caller(username, purpose, key="demo")
        return await use_case(caller, given, idempotent(caller, name, [name]))

    def _assessment(self) -> AssessCredit:
        values: dict[str, str | None] = dict(self._business.values)
        if self._index % 4 == 3:
            values = dict.fromkeys(values)
        inputs = [GivenValue(indicator=name, value=value) for name, value in values.items()]
        given = AssessCredit(customer=self._customer, inputs=inputs)
        if self._business.revenue is not None:
            given["annual_revenue"] = self._business.revenue
        if self._index % 2:
            given |= {"adjustment": "-2.00", "judgement": "行业景气度下降，酌情下调。"}
        return given

    def _contract(self) -> SignContract:
        return {
            "customer": self._customer,
            "number": f"HT-{self._today.year}-{self._index + 1:04}",
            "subject": self._business.subject,
            "amount": self._business.contract,
            "signed_on": self._day(-150),
            "payment_days": 30,
            "late_daily_rate": "0.0005",
            "grace_days": 3,
            "liability": "逾期付款的，每逾期一日按未付金额的万分之五支付违约金；逾期超过九十日的，另一方有权解除合同。",
        }

    def _invoice(self, contract: str, number: int, amount: str) -> RecordInvoice:
        # The first is of four months ago; the second was due a few weeks ago, or is not yet.
        issued, due = ((-120, -90), (-40, -4 - self._index if self._index % 2 else 20))[number]
        return {
            "contract": contract,
            "number": f"FP-{self._today.year}-{self._index + 1:04}-{number + 1}",
            "amount": amount,
            "issued_on": self._day(issued),
            "due_on": self._day(due),
        }

    def _payment(self) -> RecordPayment:
        return {
            "customer": self._customer,
            "amount": self._business.invoices[0],
            "currency": "CNY",
            "received_on": self._day(-80),
            "reference": f"20{self._index:08}",
        }

    def _day(self, days: int) -> str:
        return (self._today + timedelta(days=days)).isoformat()
