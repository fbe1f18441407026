"""Attachments: what uploading and downloading can answer. The files go by an endpoint of their own."""

from __future__ import annotations

from typing import Final

from schema.language import Texts
from schema.roots.chapter import Chapter

TEXTS: Final[Texts] = {
    "ATTACHMENT_TOO_LARGE": (
        "The file is too large: it may have {limit} bytes.",
        "文件过大：最多允许 {limit} 字节。",
    ),
    "ATTACHMENT_EMPTY": ("The file is empty.", "文件为空。"),
    "ATTACHMENT_TYPE_REFUSED": (
        "This kind of file is not taken: send PDF, JPEG, PNG, TIFF, WebP, DOCX, XLSX, OFD or plain text in UTF-8.",
        "不接受此类文件：请上传 PDF、JPEG、PNG、TIFF、WebP、DOCX、XLSX、OFD 或 UTF-8 纯文本。",
    ),
    "ATTACHMENT_TYPE_MISMATCH": (
        "The file is not what its Content-Type or the end of its name says.",
        "文件内容与 Content-Type 或文件扩展名不符。",
    ),
    "ATTACHMENT_NAME_INVALID": (
        "Give the file a name in the header Content-Disposition (filename*=UTF-8''...), without path and signs.",
        "请在请求头 Content-Disposition 中提供文件名（filename*=UTF-8''...），不得含路径或特殊字符。",
    ),
    "ATTACHMENT_CATEGORY_UNKNOWN": (
        "State the category of the file in the parameter `category`.",
        "请在参数 `category` 中说明文件类别。",
    ),
    "NOT_FOUND_ATTACHMENT": ("There is no such attachment or customer.", "该附件或客户不存在。"),
}

CHAPTER: Final = Chapter(texts=TEXTS)
