"""Credit (K1 to K7): tables of indicators, assessments, contracts, receivables, payments, collection."""

from __future__ import annotations

import strawberry

from documents.chapters.credit.kinds import IndicatorValue, TableBand, TableGrade, TableIndicator
from documents.declaring.kind import Kind
from schema.chapters.credit.figures import PLAIN_TYPES, queries
from schema.roots.chapter import Vocabulary
from schema.roots.operations import Operation
from schema.vocabulary.customer_types import ChoiceEnums
from schema.vocabulary.object_inputs import object_input
from schema.vocabulary.record_inputs import operation_input

__all__ = ["PLAIN_TYPES", "operations", "queries"]
RETRY = " Safe to retry with an `Idempotency-Key`."


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
