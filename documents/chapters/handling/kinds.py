"""Records of how a customer is handled (G5): what was changed, when and because of what. Declares them, nothing else."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final

from pydantic import BaseModel

from documents.chapters.credit.kinds import Amount, Currency
from documents.chapters.credit.overdue_steps import CollectionStage
from documents.chapters.identification.risk import RiskLevel
from documents.chapters.service.standards import Priority
from documents.declaring.fields import Sensitivity, declare
from documents.declaring.kind import Kind
from documents.declaring.labels import Labelled
from documents.declaring.record import BASIC, EXACT, RANGED, CustomerRecord
from documents.declaring.values import RecordId, Text

FINANCIAL, INTERNAL = Sensitivity.FINANCIAL, Sensitivity.INTERNAL
HANDLING_MARK: Final = "_handling"
"""In the customer's row: the number of the newest change of its handling, by which whoever follows customers is told.
It is no field of the customer."""


class HandlingCause(Labelled):
    """What may change how a customer is handled (G5)."""

    GRADE = "grade", "Credit grade", "信用等级"
    RISK_LEVEL = "risk_level", "Risk level", "风险等级"
    COLLECTION_STEP = "collection_step", "Collection step", "催收"
    PAYMENT = "payment", "Payment", "回款"


class HandlingItem(BaseModel):
    """`what` is a part of the handling, `why` the parts of the situation that it follows from, between blanks."""

    what: Text
    before: Text
    after: Text
    why: Text


class HandlingChange(CustomerRecord):
    """A changed handling of a customer, and why (G5). The newest is the handling in force, with the situation that it
    follows from. The system alone writes it, in the transaction of the cause."""

    kind: ClassVar[Kind] = Kind.HANDLING_CHANGE
    collection: ClassVar[str] = "handling_changes"
    recent: ClassVar[int] = 5
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("customer_id", "number"),)

    number: Annotated[int, declare("Number", "序号", BASIC, search=RANGED, managed=True)]
    cause: Annotated[HandlingCause, declare("Cause", "变更原因", BASIC, search=EXACT, managed=True)]
    cause_record: Annotated[RecordId | None, declare("Record of the cause", "原因记录", BASIC, managed=True)] = None
    changed: Annotated[list[Text] | None, declare("What changed", "变更事项", BASIC, managed=True)] = None
    changes: Annotated[list[HandlingItem] | None, declare("Changes", "变更明细", FINANCIAL, encrypted=True, managed=True)] = None
    credit_limit: Annotated[Amount, declare("Limit in force", "现行限额", FINANCIAL, encrypted=True, managed=True)]
    currency: Annotated[Currency, declare("Currency", "币种", FINANCIAL, managed=True)]
    review_months: Annotated[int, declare("Review period in months", "复核周期（月）", BASIC, managed=True)]
    needs_approval: Annotated[bool, declare("Contracts need approval", "合同需审批", INTERNAL, search=EXACT, managed=True)]
    stops_new_credit: Annotated[bool, declare("No new credit", "停止新增授信", FINANCIAL, search=EXACT, managed=True)]
    priority: Annotated[Priority, declare("Priority of tickets", "工单优先级", BASIC, search=EXACT, managed=True)]
    granted_limit: Annotated[Amount, declare("Limit of the grade", "等级限额", FINANCIAL, encrypted=True, managed=True)]
    grade: Annotated[Text | None, declare("Credit grade", "信用等级", FINANCIAL, managed=True)] = None
    risk_level: Annotated[RiskLevel | None, declare("Risk level", "风险等级", FINANCIAL, managed=True)] = None
    collection_stage: Annotated[CollectionStage | None, declare("Stage of collection", "催收阶段", FINANCIAL, managed=True)] = None


KINDS: Final = (HandlingChange,)
