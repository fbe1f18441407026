"""What is stored of a file that belongs to a customer: evidence of an identification, a contract, a letter.

The file itself lies sealed in GridFS (`documents.attachments`); `content` names it. Who may read `attachment.content`
may have the file, nobody else. It is encrypted, so that nobody who can write to the database can make a record name
another file.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import StringConstraints

from documents.attachments.media_types import MediaType
from documents.fields import Kind, Label, Search, Sensitivity, declare
from documents.stored_record import EXACT, CustomerRecord
from documents.values import Text

FileId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{24}$")]


class AttachmentCategory(StrEnum):
    """What a file is kept for."""

    IDENTIFICATION = "identification"
    RISK = "risk"
    CREDIT = "credit"
    CONTRACT = "contract"
    LETTER = "letter"
    UNDERTAKING = "undertaking"
    CONSENT = "consent"
    SERVICE = "service"
    INCIDENT = "incident"
    OTHER = "other"


class Attachment(CustomerRecord):
    """A file of a customer (C3, K2, K7)."""

    kind: ClassVar[Kind] = Kind.ATTACHMENT
    collection: ClassVar[str] = "attachments"
    label: ClassVar[Label] = Label("Attachment", "附件")

    category: Annotated[AttachmentCategory, declare("Category", "类别", Sensitivity.BASIC, search=EXACT)]
    file_name: Annotated[Text, declare("File name", "文件名", Sensitivity.IDENTITY, encrypted=True, managed=True)]
    media_type: Annotated[MediaType, declare("Media type", "文件类型", Sensitivity.BASIC, search=EXACT, managed=True)]
    size: Annotated[
        int, declare("Size in bytes", "大小（字节）", Sensitivity.BASIC, search={Search.RANGE}, managed=True)
    ]
    sha256: Annotated[Text, declare("SHA-256", "SHA-256 摘要", Sensitivity.INTERNAL, encrypted=True, managed=True)]
    content: Annotated[FileId, declare("Content", "内容", Sensitivity.IDENTITY, encrypted=True, managed=True)]
