"""Credit (K1 to K7): tables of indicators, assessments, contracts, receivables, payments, collection."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import strawberry

from documents.credit import IndicatorValue, TableBand, TableGrade, TableIndicator
from documents.fields import Kind
from documents.procedures.exposure import ExposureOutcome
from documents.procedures.receivables import AgeBucket
from resolvers.caller import Caller
from schema.chapters import Fields, Vocabulary
from schema.inputs.objects import object_input
from schema.inputs.records import operation_input
from schema.operations import Operation
from schema.query import Info
from schema.scalars import Date, DecimalText
from schema.types.customers import ChoiceEnums

PLAIN_TYPES: tuple[str, ...] = ("MoneyAmount", "Exposure", "AgedReceivables", "CreditReproduction")
LOCAL = ZoneInfo("Asia/Shanghai")
RETRY = " Safe to retry with an `Idempotency-Key`."


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


def operations(vocabulary: Vocabulary) -> list[Operation]:
    """The mutations of the chapter."""
    enums = vocabulary.enums
    return [*_rating(enums), *_contracts(enums), *_receivables(enums), *_collection(enums)]


def _rating(enums: ChoiceEnums) -> list[Operation]:
    return [
        Operation(
            "activate_indicator_table",
            Kind.INDICATOR_TABLE,
            operation_input(
                "ActivateIndicatorTableInput",
                Kind.INDICATOR_TABLE,
                enums,
                ("applies_to", "currency", "greatest_adjustment"),
                required_fields=("applies_to",),
                more={
                    "indicators": (list[object_input(TableIndicator, enums)], "Weights sum to 100 (权重合计 100)."),  # type: ignore[misc]
                    "bands": (list[object_input(TableBand, enums)], "The scores of values, from each bound on."),  # type: ignore[misc]
                    "grades": (list[object_input(TableGrade, enums)], "Best first; the last one from 0 points."),  # type: ignore[misc]
                },
            ),
            lambda use_cases: use_cases.credit.tables.activate,
            "Puts a new table of credit indicators in force, in place of the present one." + RETRY,
        ),
        Operation(
            "assess_credit",
            Kind.CREDIT_ASSESSMENT,
            operation_input(
                "AssessCreditInput",
                Kind.CREDIT_ASSESSMENT,
                enums,
                ("annual_revenue", "adjustment", "judgement", "evidence"),
                of_customer=True,
                more={"inputs": (list[object_input(IndicatorValue, enums)], "The values of the indicators.")},  # type: ignore[misc]
            ),
            lambda use_cases: use_cases.credit.assessments.assess,
            "Rates a customer by the table in force: points, grade, limit." + RETRY,
        ),
        Operation(
            "approve_credit_assessment",
            Kind.CREDIT_ASSESSMENT,
            operation_input("ApproveCreditAssessmentInput", Kind.CREDIT_ASSESSMENT, enums, (), of_record=True),
            lambda use_cases: use_cases.credit.assessments.approve,
            "Puts an assessment that another person made in force." + RETRY,
        ),
    ]


def _contracts(enums: ChoiceEnums) -> list[Operation]:
    terms = ("number", "subject", "amount", "signed_on", "payment_days", "late_daily_rate", "liability")
    ending = ("ended_on", "end_reason")
    return [
        Operation(
            "sign_contract",
            Kind.CONTRACT,
            operation_input(
                "SignContractInput",
                Kind.CONTRACT,
                enums,
                (*terms, "currency", "grace_days"),
                required_fields=terms,
                of_customer=True,
            ),
            lambda use_cases: use_cases.credit.contracts.sign,
            "Signs a contract, if what the customer owes and the contract together are within the limit." + RETRY,
        ),
        Operation(
            "approve_contract",
            Kind.CONTRACT,
            operation_input("ApproveContractInput", Kind.CONTRACT, enums, (), of_record=True),
            lambda use_cases: use_cases.credit.contracts.approve,
            "Puts a contract that another person signed in force, where the handling asks for a second one." + RETRY,
        ),
        Operation(
            "end_contract",
            Kind.CONTRACT,
            operation_input("EndContractInput", Kind.CONTRACT, enums, ending, required_fields=ending, of_record=True),
            lambda use_cases: use_cases.credit.contracts.end,
            "Ends a contract; what is open of it stays open." + RETRY,
        ),
    ]


def _receivables(enums: ChoiceEnums) -> list[Operation]:
    invoice = ("number", "amount", "issued_on", "due_on")
    payment = ("amount", "currency", "received_on")
    named = "Set off against these, in this order (按此顺序核销); without any, against all, the oldest due first."
    return [
        Operation(
            "record_invoice",
            Kind.RECEIVABLE,
            operation_input(
                "RecordInvoiceInput",
                Kind.RECEIVABLE,
                enums,
                invoice,
                required_fields=invoice,
                more={"contract": (strawberry.ID, "The contract that is invoiced (合同).")},
            ),
            lambda use_cases: use_cases.credit.receivables.record_invoice,
            "Records an invoice of a contract, in its currency." + RETRY,
        ),
        Operation(
            "record_payment",
            Kind.PAYMENT,
            operation_input(
                "RecordPaymentInput",
                Kind.PAYMENT,
                enums,
                (*payment, "reference"),
                required_fields=payment,
                of_customer=True,
                more={"receivables": (list[strawberry.ID] | None, named)},
            ),
            lambda use_cases: use_cases.credit.receivables.record_payment,
            "Records a payment and sets it off; collection of what is paid in full ends." + RETRY,
        ),
    ]


def _collection(enums: ChoiceEnums) -> list[Operation]:
    done = ("done_on", "result")
    return [
        Operation(
            "record_collection_step",
            Kind.COLLECTION_STEP,
            operation_input(
                "RecordCollectionStepInput", Kind.COLLECTION_STEP, enums, done, required_fields=done, of_record=True
            ),
            lambda use_cases: use_cases.credit.collection.record_step,
            "Notes that a planned step was done, and what came of it." + RETRY,
        ),
        Operation(
            "prepare_collection_letter",
            Kind.COLLECTION_STEP,
            operation_input(
                "PrepareCollectionLetterInput",
                Kind.COLLECTION_STEP,
                enums,
                (),
                of_record=True,
                more={"language": (str | None, "`zh-CN`, or `en`.")},
            ),
            lambda use_cases: use_cases.credit.letters.prepare,
            "Makes the letter of a planned step as PDF, an attachment of the customer." + RETRY,
        ),
    ]


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
