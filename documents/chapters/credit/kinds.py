"""What is stored of credit (K1 to K7) and of how a customer is handled (G5).

Amounts that are summed by the database are Decimal128 in the clear, of class FINANCIAL; what a judgement was made from
is sealed. A number within an object is text, exact as well. Amounts stand beside their currency, always.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, ClassVar, Final

from pydantic import BaseModel, Field, StringConstraints

from documents.chapters.credit.exposure import ExposureOutcome
from documents.chapters.credit.overdue_steps import CollectionStage
from documents.chapters.credit.rating import IndicatorGroup, LimitBasis
from documents.declaring.fields import Search, Sensitivity, declare
from documents.declaring.kind import Kind
from documents.declaring.labels import Labelled
from documents.declaring.record import EXACT, RANGED, CompanyRecord, CustomerRecord, SourceChannel
from documents.declaring.values import LongText, RecordId, StaffName, Text
from documents.reckoning.tables import RatedKind, TableState

BASIC, BUSINESS = Sensitivity.BASIC, Sensitivity.BUSINESS
FINANCIAL, INTERNAL = Sensitivity.FINANCIAL, Sensitivity.INTERNAL

Amount = Annotated[Decimal, Field(ge=0, max_digits=20, decimal_places=2)]
AmountPaid = Annotated[Decimal, Field(ge=Decimal("0.01"), max_digits=20, decimal_places=2)]
Number = Annotated[Decimal, Field(max_digits=20, decimal_places=6)]
Points = Annotated[Decimal, Field(ge=-100, le=100, max_digits=6, decimal_places=2)]
Share = Annotated[Decimal, Field(ge=0, le=1, max_digits=8, decimal_places=6)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
"""An ISO 4217 code."""
Days = Annotated[int, Field(ge=0, le=3660)]






class TableIndicator(BaseModel):
    name: Text
    group: IndicatorGroup
    weight: Decimal
    below: Decimal = Decimal(0)
    missing: Decimal = Decimal(0)


class TableBand(BaseModel):
    indicator: Text
    at_least: Decimal
    score: Decimal


class TableGrade(BaseModel):
    grade: Text
    at_least: Decimal
    fixed: Decimal | None = None
    share_of_revenue: Decimal | None = None
    ceiling: Decimal | None = None


class IndicatorTable(CompanyRecord):
    """How credit of one kind of customer is rated (K1, K4, K5). A change is a new record: none is ever edited."""

    kind: ClassVar[Kind] = Kind.INDICATOR_TABLE
    collection: ClassVar[str] = "indicator_tables"

    applies_to: Annotated[RatedKind, declare("Applies to", "适用客户类型", BASIC, search=EXACT)]
    number: Annotated[int, declare("Number of the table", "版本号", BASIC, search=RANGED, managed=True)] = 1
    state: Annotated[TableState, declare("State", "状态", BASIC, search=EXACT, managed=True)] = TableState.ACTIVE
    currency: Annotated[Currency, declare("Currency of limits", "限额币种", BASIC)] = "CNY"
    greatest_adjustment: Annotated[Points, declare("Greatest adjustment by judgement", "定性调整上限", BASIC)] = Decimal(10)
    indicators: Annotated[list[TableIndicator], declare("Indicators", "指标", BASIC)]
    bands: Annotated[list[TableBand], declare("Bands", "评分区间", BASIC)]
    grades: Annotated[list[TableGrade], declare("Grades", "信用等级", BASIC)]


class AssessmentState(Labelled):
    AWAITING_APPROVAL = "awaiting_approval", "Awaiting approval", "待审批"
    IN_FORCE = "in_force", "In force", "生效中"
    SUPERSEDED = "superseded", "Superseded", "已被取代"


class IndicatorValue(BaseModel):
    indicator: Text
    value: Number | None = None


class IndicatorPoints(BaseModel):
    indicator: Text
    group: IndicatorGroup
    score: Decimal
    weight: Decimal
    weighted: Decimal


class CreditAssessment(CustomerRecord):
    """A rating with all that it was made from (K2 to K5): the same inputs under the same table give it again."""

    kind: ClassVar[Kind] = Kind.CREDIT_ASSESSMENT
    collection: ClassVar[str] = "credit_assessments"
    believed: ClassVar[bool] = True
    recent: ClassVar[int] = 1
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("customer_id", "state"),)

    state: Annotated[AssessmentState, declare("State", "状态", BASIC, search=EXACT, managed=True)] = AssessmentState.IN_FORCE
    grade: Annotated[Text, declare("Credit grade", "信用等级", FINANCIAL, search=EXACT, managed=True)]
    credit_limit: Annotated[Amount, declare("Credit limit", "信用限额", FINANCIAL, search={Search.RANGE}, managed=True)]
    currency: Annotated[Currency, declare("Currency", "币种", FINANCIAL, managed=True)]
    limit_basis: Annotated[LimitBasis, declare("Basis of the limit", "限额依据", FINANCIAL, managed=True)]
    total: Annotated[Number, declare("Total points", "总分", FINANCIAL, encrypted=True, managed=True)]
    quantitative: Annotated[Number, declare("Quantitative points", "定量得分", FINANCIAL, encrypted=True, managed=True)]
    inputs: Annotated[list[IndicatorValue], declare("Values of the indicators", "指标数值", FINANCIAL, encrypted=True)]
    annual_revenue: Annotated[Amount | None, declare("Annual revenue", "年营业收入", FINANCIAL, encrypted=True)] = None
    points: Annotated[list[IndicatorPoints], declare("Points per indicator", "指标得分", FINANCIAL, encrypted=True, managed=True)]
    adjustment: Annotated[Points | None, declare("Adjustment by judgement", "定性调整", FINANCIAL, encrypted=True)] = None
    judgement: Annotated[LongText | None, declare("Reason of the judgement", "定性评价", FINANCIAL, encrypted=True)] = None
    evidence: Annotated[list[RecordId] | None, declare("Evidence", "评估依据", FINANCIAL)] = None
    table: Annotated[RecordId, declare("Table of indicators", "指标体系", BASIC, managed=True)]
    table_number: Annotated[int, declare("Number of the table", "指标体系版本号", BASIC, managed=True)]
    approved_by: Annotated[StaffName | None, declare("Approved by", "审批人", BASIC, search=EXACT, managed=True)] = None
    approved_at: Annotated[datetime | None, declare("Approved at", "审批时间", BASIC, search={Search.RANGE}, managed=True)] = None


class ContractState(Labelled):
    AWAITING_APPROVAL = "awaiting_approval", "Awaiting approval", "待审批"
    IN_FORCE = "in_force", "In force", "履行中"
    ENDED = "ended", "Ended", "已终止"


class Contract(CustomerRecord):
    """A contract with its credit terms and the liability for breach (K6), and what signing it met with (K5)."""

    source: ClassVar[SourceChannel] = SourceChannel.CONTRACT
    kind: ClassVar[Kind] = Kind.CONTRACT
    collection: ClassVar[str] = "contracts"
    believed: ClassVar[bool] = True
    recent: ClassVar[int] = 3

    number: Annotated[Text, declare("Contract number", "合同编号", BASIC, search=EXACT)]
    subject: Annotated[Text, declare("Subject", "标的", BUSINESS, search={Search.NAME})]
    state: Annotated[ContractState, declare("State", "状态", BASIC, search=EXACT, managed=True)] = ContractState.IN_FORCE
    amount: Annotated[AmountPaid, declare("Amount", "合同金额", FINANCIAL, search={Search.RANGE})]
    currency: Annotated[Currency, declare("Currency", "币种", FINANCIAL)] = "CNY"
    signed_on: Annotated[date, declare("Signed on", "签订日期", BASIC, search=RANGED, sortable=True)]
    payment_days: Annotated[Days, declare("Payment term in days", "付款期限（天）", BUSINESS)]
    late_daily_rate: Annotated[Share, declare("Late interest per day", "逾期日利率", BUSINESS)]
    grace_days: Annotated[Days, declare("Days of grace", "宽限期（天）", BUSINESS)] = 0
    liability: Annotated[LongText, declare("Liability for breach", "违约责任", BUSINESS, encrypted=True)]
    exposure_outcome: Annotated[ExposureOutcome | None, declare("Exposure at signing", "签约时授信检查结果", FINANCIAL, search=EXACT, managed=True)] = None
    exposure: Annotated[Amount | None, declare("Exposure with this contract", "含本合同的授信占用", FINANCIAL, encrypted=True, managed=True)] = None
    limit_at_signing: Annotated[Amount | None, declare("Limit at signing", "签约时限额", FINANCIAL, encrypted=True, managed=True)] = None
    approved_by: Annotated[StaffName | None, declare("Approved by", "审批人", BASIC, search=EXACT, managed=True)] = None
    ended_on: Annotated[date | None, declare("Ended on", "终止日期", BASIC, search=RANGED)] = None
    end_reason: Annotated[LongText | None, declare("Reason of the end", "终止原因", BUSINESS, encrypted=True)] = None


class ReceivableState(Labelled):
    OPEN = "open", "Open", "未结清"
    PAID = "paid", "Paid", "已结清"


class Receivable(CustomerRecord):
    """An invoice and what is open of it (K7). `balance` is the amount less what payments were allocated to it."""

    kind: ClassVar[Kind] = Kind.RECEIVABLE
    collection: ClassVar[str] = "receivables"
    recent: ClassVar[int] = 5
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("customer_id", "state", "due_on"), ("state", "due_on"), ("_department", "state", "due_on"), ("_owner", "state", "due_on"))

    number: Annotated[Text, declare("Invoice number", "发票号码", BASIC, search=EXACT)]
    contract: Annotated[RecordId, declare("Contract", "合同", BASIC, search=EXACT, managed=True)]
    state: Annotated[ReceivableState, declare("State", "状态", FINANCIAL, search=EXACT, managed=True)] = ReceivableState.OPEN
    amount: Annotated[AmountPaid, declare("Amount", "金额", FINANCIAL, search={Search.RANGE})]
    currency: Annotated[Currency, declare("Currency", "币种", FINANCIAL, search=EXACT, managed=True)]
    issued_on: Annotated[date, declare("Issued on", "开票日期", BASIC, search=RANGED, sortable=True)]
    due_on: Annotated[date, declare("Due on", "到期日", FINANCIAL, search=RANGED, sortable=True)]
    balance: Annotated[Amount, declare("Open balance", "未付余额", FINANCIAL, search={Search.RANGE}, managed=True)]
    is_over_limit: Annotated[bool, declare("Over the credit limit", "超出信用限额", FINANCIAL, managed=True)] = False
    collection_stage: Annotated[CollectionStage | None, declare("Stage of collection", "催收阶段", FINANCIAL, search=EXACT, managed=True)] = None
    paid_on: Annotated[date | None, declare("Paid on", "结清日期", FINANCIAL, search=RANGED, managed=True)] = None


class PaymentAllocation(BaseModel):
    receivable: RecordId
    amount: Decimal


class Payment(CustomerRecord):
    """Money received and what it was set off against (K7): allocations and `unallocated` are the amount."""

    kind: ClassVar[Kind] = Kind.PAYMENT
    collection: ClassVar[str] = "payments"
    recent: ClassVar[int] = 5

    amount: Annotated[AmountPaid, declare("Amount", "金额", FINANCIAL, search={Search.RANGE})]
    currency: Annotated[Currency, declare("Currency", "币种", FINANCIAL, search=EXACT)]
    received_on: Annotated[date, declare("Received on", "到账日期", BASIC, search=RANGED, sortable=True)]
    reference: Annotated[Text | None, declare("Bank reference", "银行流水号", FINANCIAL, encrypted=True, search=EXACT)] = None
    allocations: Annotated[list[PaymentAllocation] | None, declare("Allocations", "核销明细", FINANCIAL, encrypted=True, managed=True)] = None
    unallocated: Annotated[Amount, declare("Not allocated", "未核销金额", FINANCIAL, managed=True)] = Decimal(0)


class StepState(Labelled):
    PLANNED = "planned", "Planned", "待执行"
    DONE = "done", "Done", "已执行"
    CANCELLED = "cancelled", "Cancelled", "已取消"


class CollectionStep(CustomerRecord):
    """One step of collecting what is overdue (K7): telephone, letter, visit, each planned by the system and done by
    a person with a result."""

    kind: ClassVar[Kind] = Kind.COLLECTION_STEP
    collection: ClassVar[str] = "collection_steps"
    recent: ClassVar[int] = 3

    receivable: Annotated[RecordId, declare("Receivable", "应收款", BASIC, search=EXACT, managed=True)]
    stage: Annotated[CollectionStage, declare("Stage", "催收方式", FINANCIAL, search=EXACT, managed=True)]
    state: Annotated[StepState, declare("State", "状态", BASIC, search=EXACT, managed=True)] = StepState.PLANNED
    planned_on: Annotated[date, declare("Planned on", "计划日期", BASIC, search=RANGED, sortable=True, managed=True)]
    done_on: Annotated[date | None, declare("Done on", "执行日期", BASIC, search=RANGED)] = None
    done_by: Annotated[StaffName | None, declare("Done by", "执行人", BASIC, search=EXACT, managed=True)] = None
    result: Annotated[LongText | None, declare("Result", "结果", INTERNAL, encrypted=True)] = None
    letter: Annotated[RecordId | None, declare("Letter", "催收函", BASIC)] = None


KINDS: Final = (IndicatorTable, CreditAssessment, Contract, Receivable, Payment, CollectionStep)
