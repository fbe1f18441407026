"""The figures of credit: exposure against the limit (K5), what is open by age (K7), assessments made again (K3)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import strawberry

from documents.chapters.credit.exposure import ExposureOutcome
from documents.chapters.credit.receivables import AgeBucket
from resolvers.caller import Caller
from schema.roots.chapter import Fields, Vocabulary
from schema.roots.query import Info
from schema.vocabulary.scalars import Date, DecimalText

PLAIN_TYPES: tuple[str, ...] = ("MoneyAmount", "Exposure", "AgedReceivables", "CreditReproduction")
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


def queries(vocabulary: Vocabulary) -> Fields:
    """The queries of the chapter."""
    outcome, bucket = vocabulary.enums.of(ExposureOutcome), vocabulary.enums.of(AgeBucket)
    exposure_type, aged_type = _exposure(outcome), _aged(bucket)

    async def exposure(info: Info, customer: strawberry.ID) -> Any:
        context = info.context
        return await context.use_cases.credit.exposures.of_customer(context.caller, customer)

    async def ageing(info: Info, department: str | None = strawberry.UNSET, on: Date | None = strawberry.UNSET) -> Any:
        caller: Caller = info.context.caller
        day = date.fromisoformat(on) if isinstance(on, str) else datetime.now(LOCAL).date()
        of = department if isinstance(department, str) else None
        return await info.context.use_cases.credit.receivables.ageing(caller, of, day)

    async def reproduce_credit_assessment(info: Info, id: strawberry.ID) -> Any:  # noqa: A002
        context = info.context
        return await context.use_cases.credit.assessments.reproduce(context.caller, id)

    return {
        "exposure": (
            exposure_type | None,
            strawberry.field(resolver=exposure, description="What a customer owes against its limit (K5)."),
        ),
        "ageing": (
            _list_of(aged_type) | None,
            strawberry.field(
                resolver=ageing, description="What is open by currency and age, of one department or of all you see."
            ),
        ),
        "reproduce_credit_assessment": (
            CreditReproduction | None,
            strawberry.field(
                resolver=reproduce_credit_assessment,
                description="Makes an assessment again from what was recorded, and says whether it is the same.",
            ),
        ),
    }


def _list_of(made: Any) -> Any:
    return list[made]


def _exposure(outcome: Any) -> Any:
    fields: dict[str, tuple[Any, str]] = {
        "customer_id": (strawberry.ID, ""),
        "grade": (str | None, "None for one who was never rated."),
        "stops_new_credit": (bool, "Whether the handling in force stops new credit."),
        "limit": (MoneyAmount, "The limit in force: of the grade, as the handling leaves it."),
        "open_amounts": (list[MoneyAmount], "What is open, per currency."),
        "exposure": (MoneyAmount | None, "None where an open amount is in another currency than the limit."),
        "headroom": (MoneyAmount | None, "What more may be owed; negative by what is too much."),
        "outcome": (outcome | None, ""),
        "not_converted": (list[str], "The currencies for which there is no rate."),
    }
    return _plain_type("Exposure", "What a customer owes against what it may owe.", fields)


def _aged(bucket: Any) -> Any:
    fields: dict[str, tuple[Any, str]] = {
        "bucket": (bucket, ""),
        "currency": (str, ""),
        "amount": (DecimalText, ""),
        "count": (int, "How many receivables."),
    }
    return _plain_type("AgedReceivables", "What is open in one currency, of one age.", fields)


def _plain_type(name: str, description: str, fields: dict[str, tuple[Any, str]]) -> Any:
    made = type(
        name,
        (),
        {
            "__annotations__": {field: annotation for field, (annotation, _) in fields.items()},
            "__module__": __name__,
            **{field: strawberry.field(description=text or None) for field, (_, text) in fields.items()},
        },
    )
    return strawberry.type(made, description=description)
