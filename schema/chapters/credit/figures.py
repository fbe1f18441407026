"""The figures of credit: exposure against the limit (K5), what is open by age (K7), assessments made again (K3)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import strawberry

from documents.chapters.credit.exposure import ExposureOutcome
from documents.chapters.credit.receivables import AgeBucket
from resolvers.caller import Caller
from schema.roots.chapter import Vocabulary
from schema.roots.query import Info
from schema.vocabulary.definitions import Fields
from schema.vocabulary.scalars import Date, DecimalText

LOCAL = ZoneInfo("Asia/Shanghai")


@strawberry.type(description="An amount and its currency, an ISO 4217 code.")
class MoneyAmount:
    amount: DecimalText
    currency: str


@strawberry.type(description="An assessment made again from what was recorded of it (K3).")
class CreditReproduction:
    id: strawberry.ID
    equal: bool = strawberry.field(description="Whether everything came out as it was recorded.")
    differing: list[str] = strawberry.field(description="The fields that did not.")
    table_number: int
    grade: str
    total: DecimalText
    credit_limit: DecimalText
    currency: str


strawberry.enum(ExposureOutcome)
strawberry.enum(AgeBucket)


@strawberry.type(description="What a customer owes against what it may owe.")
class Exposure:
    customer_id: strawberry.ID
    grade: str | None = strawberry.field(description="None for one who was never rated.")
    stops_new_credit: bool = strawberry.field(description="Whether the handling in force stops new credit.")
    limit: MoneyAmount = strawberry.field(description="The limit in force: of the grade, as the handling leaves it.")
    open_amounts: list[MoneyAmount] = strawberry.field(description="What is open, per currency.")
    exposure: MoneyAmount | None = strawberry.field(
        description="None where an open amount is in another currency than the limit."
    )
    headroom: MoneyAmount | None = strawberry.field(description="What more may be owed; negative by what is too much.")
    outcome: ExposureOutcome | None
    not_converted: list[str] = strawberry.field(description="The currencies for which there is no rate.")


@strawberry.type(description="What is open in one currency, of one age.")
class AgedReceivables:
    bucket: AgeBucket
    currency: str
    amount: DecimalText
    count: int = strawberry.field(description="How many receivables.")


def queries(_vocabulary: Vocabulary) -> Fields:
    """The queries of the chapter."""
    return {
        "exposure": (
            Exposure | None,
            strawberry.field(resolver=_exposure, description="What a customer owes against its limit (K5)."),
        ),
        "ageing": (
            list[AgedReceivables] | None,
            strawberry.field(
                resolver=_ageing, description="What is open by currency and age, of one department or of all you see."
            ),
        ),
        "reproduce_credit_assessment": (
            CreditReproduction | None,
            strawberry.field(
                resolver=_reproduce,
                description="Makes an assessment again from what was recorded, and says whether it is the same.",
            ),
        ),
    }


async def _exposure(info: Info, customer: strawberry.ID) -> Any:
    context = info.context
    return await context.use_cases.credit.exposures.of_customer(context.caller, customer)


async def _ageing(info: Info, department: str | None = strawberry.UNSET, on: Date | None = strawberry.UNSET) -> Any:
    caller: Caller = info.context.caller
    day = date.fromisoformat(on) if isinstance(on, str) else datetime.now(LOCAL).date()
    of = department if isinstance(department, str) else None
    return await info.context.use_cases.credit.receivables.ageing(caller, of, day)


async def _reproduce(info: Info, id: strawberry.ID) -> Any:  # noqa: A002
    context = info.context
    return await context.use_cases.credit.assessments.reproduce(context.caller, id)
