"""What is stored of identification (C3, C4): verifications of customers, risk tables, risk assessments.

What a judgement was made from is sealed; that there is one, how long it holds and by which table is not.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, ClassVar, Final

from pydantic import BaseModel, Field, StringConstraints

from documents.chapters.identification.risk import Basis, RiskLevel
from documents.chapters.identification.risk_conditions import Operator
from documents.declaring.fields import Mask, Sensitivity, declare
from documents.declaring.kind import Kind
from documents.declaring.labels import Labelled
from documents.declaring.record import EXACT, RANGED, CompanyRecord, CustomerRecord
from documents.declaring.values import LongText, RecordId, StaffName, Text
from documents.reckoning.tables import RatedKind, TableState

BASIC, IDENTITY = Sensitivity.BASIC, Sensitivity.IDENTITY
FINANCIAL, INTERNAL = Sensitivity.FINANCIAL, Sensitivity.INTERNAL
RiskScore = Annotated[int, Field(ge=0, le=1_000_000)]
Operand = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class VerificationMethod(Labelled):
    """Against what a customer's particulars were verified (C3)."""

    AUTHORITY = "authority", "Public authority", "政府部门核查"
    FINANCIAL_INSTITUTION = "financial_institution", "Financial institution", "金融机构核查"
    DOCUMENT = "document", "Document", "证件查验"


class VerificationResult(Labelled):
    MATCHED = "matched", "Matched", "一致"
    NOT_MATCHED = "not_matched", "Not matched", "不一致"


class VerificationState(Labelled):
    """A confirmed one counts; a recorded one waits for a second person."""

    RECORDED = "recorded", "Recorded", "待复核"
    CONFIRMED = "confirmed", "Confirmed", "已复核"
    WITHDRAWN = "withdrawn", "Withdrawn", "已撤回"


class Verification(CustomerRecord):
    """A verification of a customer's identity (C3). `covers` are public names of the customer's fields."""

    kind: ClassVar[Kind] = Kind.VERIFICATION
    collection: ClassVar[str] = "verifications"
    believed: ClassVar[bool] = True
    recent: ClassVar[int] = 2
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("state", "expires_on"), ("customer_id", "state"))

    method: Annotated[VerificationMethod, declare("Method", "核验方式", BASIC, search=EXACT)]
    covers: Annotated[list[Text], declare("Fields verified", "核验字段", BASIC)]
    verified_with: Annotated[Text | None, declare("Verified with", "核验机构", BASIC, search=EXACT)] = None
    documents: Annotated[list[RecordId] | None, declare("Documents", "核验文件", INTERNAL)] = None
    result: Annotated[VerificationResult, declare("Result", "核验结果", BASIC, search=EXACT)]
    reference_number: Annotated[Text | None, declare("Reference number", "核验凭证号", IDENTITY, encrypted=True, search=EXACT, mask=Mask.TAIL)] = None
    note: Annotated[LongText | None, declare("Note", "备注", INTERNAL, encrypted=True)] = None
    verifier: Annotated[StaffName, declare("Verified by", "核验人", BASIC, search=EXACT, managed=True)]
    verified_at: Annotated[datetime, declare("Verified at", "核验时间", BASIC, search=RANGED, sortable=True)]
    expires_on: Annotated[date | None, declare("Expires on", "有效期至", BASIC, search=RANGED, sortable=True)] = None
    state: Annotated[VerificationState, declare("State", "状态", BASIC, search=EXACT, managed=True)] = VerificationState.RECORDED
    confirmed_by: Annotated[StaffName | None, declare("Confirmed by", "复核人", BASIC, search=EXACT, managed=True)] = None
    confirmed_at: Annotated[datetime | None, declare("Confirmed at", "复核时间", BASIC, managed=True)] = None
    withdrawn_at: Annotated[datetime | None, declare("Withdrawn at", "撤销时间", BASIC, managed=True)] = None
    withdrawal_reason: Annotated[Text | None, declare("Reason of withdrawal", "撤销原因", INTERNAL)] = None


class RiskOperator(Labelled):
    """How an input is compared with the operand of a rule."""

    ONE_OF = Operator.ONE_OF.declaration
    AT_LEAST = Operator.AT_LEAST.declaration
    BELOW = Operator.BELOW.declaration


class RiskBasis(Labelled):
    """Why a factor has its points."""

    RULE = Basis.RULE.declaration
    OTHERWISE = Basis.OTHERWISE.declaration
    MISSING = Basis.MISSING.declaration


class RiskTableFactor(BaseModel):
    """`otherwise`: points where no rule holds; `missing`: where nothing is known."""

    name: Text
    otherwise: RiskScore
    missing: RiskScore


class RiskTableRule(BaseModel):
    """The first rule of a factor that holds gives its points; one text or number a rule."""

    factor: Text
    operator: RiskOperator
    operand: Operand
    points: RiskScore


class RiskTable(CompanyRecord):
    """How the risk of one kind of customer is assessed (C4). A change is a new record: none is ever edited."""

    kind: ClassVar[Kind] = Kind.RISK_TABLE
    collection: ClassVar[str] = "risk_tables"

    applies_to: Annotated[RatedKind, declare("Applies to", "适用客户类型", BASIC, search=EXACT)]
    number: Annotated[int, declare("Number of the table", "版本号", BASIC, search=RANGED, managed=True)] = 1
    state: Annotated[TableState, declare("State", "状态", BASIC, search=EXACT, managed=True)] = TableState.ACTIVE
    factors: Annotated[list[RiskTableFactor], declare("Factors", "风险因素", BASIC)]
    rules: Annotated[list[RiskTableRule], declare("Rules", "评分规则", BASIC)]
    medium_from: Annotated[RiskScore, declare("Medium risk from", "中风险起始分", BASIC)]
    high_from: Annotated[RiskScore, declare("High risk from", "高风险起始分", BASIC)]


class RiskFactorValue(BaseModel):
    """What is known of one factor: a text, or a number as text."""

    factor: Text
    value: Operand | None = None


class RiskFactorPoints(BaseModel):
    """`rule` is the place of the rule that held among the factor's, from 0."""

    factor: str
    points: int
    basis: RiskBasis
    rule: int | None = None


class RiskAssessment(CustomerRecord):
    """A judgement of a customer's risk with all that it was made from (C4). The newest is in force."""

    kind: ClassVar[Kind] = Kind.RISK_ASSESSMENT
    collection: ClassVar[str] = "risk_assessments"
    recent: ClassVar[int] = 1

    level: Annotated[RiskLevel, declare("Risk level", "风险等级", FINANCIAL, search=EXACT, managed=True)]
    score: Annotated[RiskScore, declare("Points", "风险总分", FINANCIAL, encrypted=True, managed=True)]
    inputs: Annotated[list[RiskFactorValue], declare("Values of the factors", "风险因素取值", FINANCIAL, encrypted=True)]
    points: Annotated[list[RiskFactorPoints], declare("Points per factor", "因素得分", FINANCIAL, encrypted=True, managed=True)]
    evidence: Annotated[list[RecordId] | None, declare("Evidence", "评估依据", FINANCIAL)] = None
    note: Annotated[LongText | None, declare("Note", "备注", INTERNAL, encrypted=True)] = None
    table: Annotated[RecordId, declare("Risk table", "风险评估表", BASIC, managed=True)]
    table_number: Annotated[int, declare("Number of the table", "版本号", BASIC, managed=True)]
    valid_until: Annotated[date, declare("Valid until", "有效期至", BASIC, search=RANGED, sortable=True, managed=True)]


KINDS: Final = (Verification, RiskTable, RiskAssessment)
