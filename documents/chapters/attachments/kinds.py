"""What is stored of a file that belongs to a customer: evidence of an identification, a contract, a letter.

The file itself lies sealed in GridFS (`documents.attachments`); `content` names it. Who may read `attachment.content`
may have the file, nobody else. It is encrypted, so that nobody who can write to the database can make a record name
another file.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Final

from pydantic import StringConstraints

from documents.chapters.attachments.media_types import MediaType
from documents.declaring.fields import Search, Sensitivity, declare
from documents.declaring.kind import Kind
from documents.declaring.labels import Labelled
from documents.declaring.record import EXACT, CustomerRecord
from documents.declaring.values import Text

FileId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{24}$")]


class AttachmentCategory(Labelled):
    """What a file is kept for."""

    IDENTIFICATION = "identification", "Identification", "身份资料"
    RISK = "risk", "Risk", "风险资料"
    CREDIT = "credit", "Credit", "信用资料"
    CONTRACT = "contract", "Contract", "合同"
    LETTER = "letter", "Letter", "函件"
    UNDERTAKING = "undertaking", "Confidentiality undertaking", "保密承诺书"
    CONSENT = "consent", "Consent", "同意书"
    SERVICE = "service", "Service", "服务资料"
    INCIDENT = "incident", "Incident", "事件资料"
    OTHER = "other", "Other", "其他"


class Attachment(CustomerRecord):
    """A file of a customer (C3, K2, K7)."""

    kind: ClassVar[Kind] = Kind.ATTACHMENT
    collection: ClassVar[str] = "attachments"

    category: Annotated[AttachmentCategory, declare("Category", "类别", Sensitivity.BASIC, search=EXACT)]
    file_name: Annotated[Text, declare("File name", "文件名", Sensitivity.IDENTITY, encrypted=True, managed=True)]
    media_type: Annotated[MediaType, declare("Media type", "文件类型", Sensitivity.BASIC, search=EXACT, managed=True)]
    size: Annotated[
        int, declare("Size in bytes", "大小（字节）", Sensitivity.BASIC, search={Search.RANGE}, managed=True)
    ]
    sha256: Annotated[Text, declare("SHA-256", "SHA-256 摘要", Sensitivity.INTERNAL, encrypted=True, managed=True)]
    content: Annotated[FileId, declare("Content", "内容", Sensitivity.IDENTITY, encrypted=True, managed=True)]


KINDS: Final = (Attachment,)
