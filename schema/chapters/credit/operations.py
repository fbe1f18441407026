"""Credit (K1 to K7): tables of indicators, assessments, contracts, receivables, payments, collection."""

from __future__ import annotations

from typing import Final

import strawberry

from documents.chapters.credit.kinds import IndicatorValue, TableBand, TableGrade, TableIndicator
from documents.declaring.kind import Kind
from schema.roots.operations import RETRY, Operation

TERMS: Final = ("number!", "subject!", "amount!", "signed_on!", "payment_days!", "late_daily_rate!", "liability!")

OPERATIONS: Final = (
    Operation(
        "activate_indicator_table",
        Kind.INDICATOR_TABLE,
        lambda use_cases: use_cases.credit.tables.activate,
        "Puts a new table of credit indicators in force, in place of the present one." + RETRY,
        fields=("applies_to!", "currency", "greatest_adjustment"),
        more={
            "indicators": (list[TableIndicator], "Weights sum to 100 (权重合计 100)."),
            "bands": (list[TableBand], "The scores of values, from each bound on."),
            "grades": (list[TableGrade], "Best first; the last one from 0 points."),
        },
    ),
    Operation(
        "assess_credit",
        Kind.CREDIT_ASSESSMENT,
        lambda use_cases: use_cases.credit.assessments.assess,
        "Rates a customer by the table in force: points, grade, limit." + RETRY,
        fields=("annual_revenue", "adjustment", "judgement", "evidence"),
        more={"inputs": (list[IndicatorValue], "The values of the indicators.")},
        on="customer",
    ),
    Operation(
        "approve_credit_assessment",
        Kind.CREDIT_ASSESSMENT,
        lambda use_cases: use_cases.credit.assessments.approve,
        "Puts an assessment that another person made in force." + RETRY,
        on="record",
    ),
    Operation(
        "sign_contract",
        Kind.CONTRACT,
        lambda use_cases: use_cases.credit.contracts.sign,
        "Signs a contract, if what the customer owes and the contract together are within the limit." + RETRY,
        fields=(*TERMS, "currency", "grace_days"),
        on="customer",
    ),
    Operation(
        "approve_contract",
        Kind.CONTRACT,
        lambda use_cases: use_cases.credit.contracts.approve,
        "Puts a contract that another person signed in force, where the handling asks for a second one." + RETRY,
        on="record",
    ),
    Operation(
        "end_contract",
        Kind.CONTRACT,
        lambda use_cases: use_cases.credit.contracts.end,
        "Ends a contract; what is open of it stays open." + RETRY,
        fields=("ended_on!", "end_reason!"),
        on="record",
    ),
    Operation(
        "record_invoice",
        Kind.RECEIVABLE,
        lambda use_cases: use_cases.credit.receivables.record_invoice,
        "Records an invoice of a contract, in its currency." + RETRY,
        fields=("number!", "amount!", "issued_on!", "due_on!"),
        more={"contract": (strawberry.ID, "The contract that is invoiced (合同).")},
    ),
    Operation(
        "record_payment",
        Kind.PAYMENT,
        lambda use_cases: use_cases.credit.receivables.record_payment,
        "Records a payment and sets it off; collection of what is paid in full ends." + RETRY,
        fields=("amount!", "currency!", "received_on!", "reference"),
        more={
            "receivables": (
                list[strawberry.ID] | None,
                "Set off against these, in this order (按此顺序核销); without any, against all, the oldest due first.",
            )
        },
        on="customer",
    ),
    Operation(
        "record_collection_step",
        Kind.COLLECTION_STEP,
        lambda use_cases: use_cases.credit.collection.record_step,
        "Notes that a planned step was done, and what came of it." + RETRY,
        fields=("done_on!", "result!"),
        on="record",
    ),
    Operation(
        "prepare_collection_letter",
        Kind.COLLECTION_STEP,
        lambda use_cases: use_cases.credit.letters.prepare,
        "Makes the letter of a planned step as PDF, an attachment of the customer." + RETRY,
        more={"language": (str | None, "`zh-CN`, or `en`.")},
        on="record",
    ),
)
