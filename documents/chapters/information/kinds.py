"""What is stored of the care for customer information (I2, I4, I5, I7): reviews, undertakings, incidents, sharing."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, ClassVar, Final

from pydantic import StringConstraints

from documents.declaring.fields import Search, Sensitivity, declare
from documents.declaring.kind import Kind
from documents.declaring.labels import Labelled
from documents.declaring.record import EXACT, RANGED, CompanyRecord, CustomerRecord, SourceChannel
from documents.declaring.values import LongText, PhoneNumber, RecordId, StaffName, Text

RevealReason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)]
BASIC, CONTACT, INTERNAL = Sensitivity.BASIC, Sensitivity.CONTACT, Sensitivity.INTERNAL


class Undertaking(CompanyRecord):
    """A confidentiality undertaking of one of the staff (I4): without one in force there is no access at all."""

    kind: ClassVar[Kind] = Kind.UNDERTAKING
    collection: ClassVar[str] = "undertakings"
    believed: ClassVar[bool] = True
    owner: ClassVar[str | None] = "staff"

    staff: Annotated[StaffName, declare("Signed by", "承诺人", BASIC, search=EXACT, managed=True)]
    text_version: Annotated[int, declare("Version of the text", "文本版本", BASIC, managed=True)]
    text_digest: Annotated[Text, declare("SHA-256 of the text", "文本摘要", BASIC, managed=True)]
    signed_at: Annotated[datetime, declare("Signed at", "签署时间", BASIC, search=RANGED, sortable=True, managed=True)]
    expires_at: Annotated[datetime, declare("Expires at", "到期时间", BASIC, search=RANGED, sortable=True, managed=True)]
    withdrawn_at: Annotated[datetime | None, declare("Withdrawn at", "撤销时间", BASIC, search=RANGED, managed=True)] = None
    withdrawal_reason: Annotated[Text | None, declare("Reason of withdrawal", "撤销原因", INTERNAL)] = None


class ReviewResult(Labelled):
    CONFIRMED = "confirmed", "Confirmed", "核对无误"
    CORRECTED = "corrected", "Corrected", "已更正"
    UNREACHABLE = "unreachable", "Unreachable", "无法联系"


class Review(CustomerRecord):
    """A review of a customer's information (I2): done when, with what result, and due again when."""

    kind: ClassVar[Kind] = Kind.REVIEW
    collection: ClassVar[str] = "reviews"
    recent: ClassVar[int] = 3

    reviewed_on: Annotated[date, declare("Reviewed on", "复核日期", BASIC, search=RANGED, sortable=True, managed=True)]
    result: Annotated[ReviewResult, declare("Result", "复核结果", BASIC, search=EXACT)]
    corrected: Annotated[list[Text] | None, declare("Corrected fields", "更正字段", INTERNAL)] = None
    note: Annotated[LongText | None, declare("Note", "备注", INTERNAL, encrypted=True)] = None
    next_review_on: Annotated[date, declare("Next review on", "下次复核日期", BASIC, search=RANGED, managed=True)]


class Partner(CompanyRecord):
    """Another company with which customer information may be shared (I7)."""

    kind: ClassVar[Kind] = Kind.PARTNER
    collection: ClassVar[str] = "partners"

    name: Annotated[Text, declare("Name", "名称", BASIC, search={Search.NAME}, sortable=True)]
    contact_person: Annotated[Text | None, declare("Contact person", "联系人", CONTACT)] = None
    contact_telephone: Annotated[PhoneNumber | None, declare("Contact telephone", "联系电话", CONTACT)] = None
    shared_for: Annotated[Text | None, declare("What sharing is for", "共享用途", BASIC)] = None


class SharingAgreement(CompanyRecord):
    """A confidentiality agreement with a partner (I7). With `fields` it covers these alone."""

    source: ClassVar[SourceChannel] = SourceChannel.CONTRACT
    kind: ClassVar[Kind] = Kind.SHARING_AGREEMENT
    collection: ClassVar[str] = "sharing_agreements"
    believed: ClassVar[bool] = True

    partner: Annotated[RecordId, declare("Partner", "合作方", BASIC, search=EXACT)]
    fields: Annotated[list[Text] | None, declare("Fields covered", "约定字段", BASIC)] = None
    signed_at: Annotated[datetime, declare("In force from", "生效时间", BASIC, search=RANGED, sortable=True)]
    expires_at: Annotated[datetime, declare("Expires at", "到期时间", BASIC, search=RANGED, sortable=True)]
    ended_at: Annotated[datetime | None, declare("Ended at", "终止时间", BASIC, search=RANGED, managed=True)] = None
    document: Annotated[RecordId | None, declare("Signed document", "协议文件", INTERNAL)] = None


class Consent(CustomerRecord):
    """A customer's consent that a partner sees some fields until a day (I7)."""

    kind: ClassVar[Kind] = Kind.CONSENT
    collection: ClassVar[str] = "consents"
    believed: ClassVar[bool] = True
    recent: ClassVar[int] = 5
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("partner", "customer_id"),)

    partner: Annotated[RecordId, declare("Partner", "合作方", BASIC, search=EXACT)]
    fields: Annotated[list[Text], declare("Fields", "同意共享的字段", BASIC)]
    given_at: Annotated[datetime, declare("Given at", "同意时间", BASIC, search=RANGED, sortable=True)]
    expires_at: Annotated[datetime, declare("Expires at", "到期时间", BASIC, search=RANGED, sortable=True)]
    withdrawn_at: Annotated[datetime | None, declare("Withdrawn at", "撤回时间", BASIC, search=RANGED, managed=True)] = None
    document: Annotated[RecordId | None, declare("Signed document", "同意书文件", INTERNAL)] = None
    note: Annotated[LongText | None, declare("Note", "备注", INTERNAL, encrypted=True)] = None


class Revelation(CustomerRecord):
    """That a masked field was opened (I6): which one, by whom, and why. Kept before the value is shown."""

    kind: ClassVar[Kind] = Kind.REVELATION
    collection: ClassVar[str] = "revelations"
    recent: ClassVar[int] = 5

    field: Annotated[Text, declare("Field", "字段", BASIC, search=EXACT, managed=True)]
    reason: Annotated[RevealReason, declare("Reason", "查看理由", INTERNAL, encrypted=True, managed=True)]
    revealed_by: Annotated[StaffName, declare("Revealed by", "查看人", BASIC, search=EXACT, managed=True)]
    revealed_at: Annotated[datetime, declare("Revealed at", "查看时间", BASIC, search=RANGED, sortable=True, managed=True)]


KINDS: Final = (Undertaking, Review, Partner, SharingAgreement, Consent, Revelation)
