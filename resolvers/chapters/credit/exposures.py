"""What a customer owes against what it may owe (K5): asked by people under their plan, and by the system at every
contract and invoice. The limit is the one that the handling in force leaves of the grade's (G5).
"""

from __future__ import annotations

from decimal import Decimal

from documents.access.plan import AccessPlan
from documents.access.report import AccessReport
from documents.chapters.credit.exposure import ExposureCheck, ExposurePolicy, check_exposure
from documents.chapters.credit.figures import CreditFigures
from documents.declaring.kind import Kind
from documents.errors import FieldAccessError, RecordNotFoundError
from documents.plain_records import Record, Records
from documents.reading.typed_rows import Known
from documents.reading.visible_rows import grants_in_records
from documents.reading.where import Where
from documents.reckoning.money import Money, zero
from documents.storing.layout import CustomerReference
from policies.authorize import READ
from resolvers.caller import Caller
from resolvers.chapters.handling import CURRENCY, HandlingInForce, handling_in_force
from resolvers.operations import RecordOperations, Turn


class _Handled(Known):
    number: int
    grade: str | None
    credit_limit: str | None
    currency: str
    stops_new_credit: bool


HANDLED = frozenset(_Handled.__annotations__) - {"id"}


class Exposures:
    """Exposure of customers. `policy` says what follows where the limit is exceeded."""

    def __init__(self, operations: RecordOperations, figures: CreditFigures, policy: ExposurePolicy) -> None:
        self._operations = operations
        self._figures = figures
        self._policy = policy

    async def of_customer(self, caller: Caller, customer_id: str) -> Record | None:
        """Limit, open amounts and headroom as the caller may see them; None where it sees no such customer.

        Raises FieldAccessError where it may not read one of the figures."""
        operations = self._operations
        plan = await operations.plan(caller, Kind.RECEIVABLE)
        handling_plan = await operations.plan(caller, Kind.HANDLING_CHANGE)
        try:
            customer = await operations.customer(caller, customer_id)
        except RecordNotFoundError:
            return None
        amounts = await self._figures.open_amounts(plan, customer, caller.report)
        grade, limit, stops = await self._limit(caller, handling_plan, customer)
        foreign = sorted(amount.currency for amount in amounts if amount.currency != limit.currency)
        check = None if foreign else self._checked(amounts, zero(limit.currency), limit)
        return Record(
            customer_id=customer_id,
            grade=grade,
            stops_new_credit=stops,
            limit=_record(limit),
            open_amounts=Records(map(_record, amounts)),
            exposure=_record(check.exposure) if check is not None else None,
            headroom=_record(check.headroom) if check is not None else None,
            outcome=check.outcome.value if check is not None else None,
            not_converted=foreign,
        )

    async def check(self, turn: Turn, new_amount: Money) -> tuple[ExposureCheck, HandlingInForce]:
        """One more amount against the limit, and the handling in force, as the system knows them, in the transaction
        of the operation. Raises CurrencyError `currency.no_rate`."""
        own = await self._operations.system_plan(turn.plan, Kind.RECEIVABLE, READ)
        amounts = await self._figures.open_amounts(own, turn.customer, AccessReport(), turn.writes.unit.session)
        known = await handling_in_force(self._operations, turn)
        return self._checked(amounts, new_amount, known.handling.limit), known

    def _checked(self, amounts: tuple[Money, ...], new_amount: Money, limit: Money) -> ExposureCheck:
        return check_exposure(amounts, new_amount, limit, self._policy)

    async def _limit(
        self, caller: Caller, plan: AccessPlan, customer: CustomerReference
    ) -> tuple[str | None, Money, bool]:
        """The grade, the limit in force, and whether new credit is stopped; one who was never rated has no limit."""
        if denied := HANDLED - grants_in_records(plan, Kind.HANDLING_CHANGE, customer).plain:
            raise FieldAccessError("read", denied)
        reader = self._operations.writer.reader(Kind.HANDLING_CHANGE)
        found = await reader.rows(plan, Where(customer=customer), _Handled, caller.report)
        newest = max(found, key=lambda change: change["number"], default=None)
        if newest is None or newest["credit_limit"] is None:
            return None, zero(CURRENCY), False
        limit = Money(Decimal(newest["credit_limit"]), newest["currency"])
        return newest["grade"], limit, newest["stops_new_credit"]


def _record(amount: Money) -> Record:
    return Record(amount=str(amount.amount), currency=amount.currency)
