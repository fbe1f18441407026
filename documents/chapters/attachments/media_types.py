"""Which kinds of file are taken, and how each is known by its content. The sender's word decides nothing here.

Owns the list and the rules. A file is of a type when it has that type's form from its first byte to its last as far as
both ends show it: what is two things at once (a picture with an archive behind it, a text with mark-up in it) is
nothing of ours. It never parses further: what a PDF or a picture does to its viewer is not known here.

    PDF    ISO 32000     `%PDF-1.` or `%PDF-2.` at the beginning, `%%EOF` and nothing but white space at the end
    JPEG   T.81          SOI and the first marker
    PNG    W3C PNG       signature and IHDR at the beginning, IEND at the end
    TIFF   TIFF 6.0      byte order and 42
    WebP   RFC 9649      RIFF, its length, WEBP, VP8
    DOCX   ECMA-376      a ZIP archive whose directory names `word/document.xml` (XLSX: `xl/workbook.xml`) and
                         `[Content_Types].xml`, and no macros
    OFD    GB/T 33190    a ZIP archive whose directory names `OFD.xml`
    text   RFC 3629      UTF-8 without control characters, not the beginning of a script, without HTML, SVG or XML
"""

from __future__ import annotations

import re

from documents.chapters.attachments.zip_directory import entry_names
from documents.declaring.labels import Labelled

SIGNATURE_BYTES = 16  # as many as the longest signature has
TAIL_BYTES = 128 * 1024  # where the directory of an archive must fit, some 1,500 entries


class MediaType(Labelled):
    """The types that are taken."""

    PDF = "application/pdf", "PDF document", "PDF 文档"
    JPEG = "image/jpeg", "JPEG image", "JPEG 图片"
    PNG = "image/png", "PNG image", "PNG 图片"
    TIFF = "image/tiff", "TIFF image", "TIFF 图片"
    WEBP = "image/webp", "WebP image", "WebP 图片"
    DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "Word document", "Word 文档"
    XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "Excel workbook", "Excel 工作簿"
    OFD = "application/ofd", "OFD document", "OFD 版式文档"
    TEXT = "text/plain", "Plain text", "纯文本"


EXTENSIONS = {
    MediaType.PDF: ("pdf",),
    MediaType.JPEG: ("jpg", "jpeg"),
    MediaType.PNG: ("png",),
    MediaType.TIFF: ("tif", "tiff"),
    MediaType.WEBP: ("webp",),
    MediaType.DOCX: ("docx",),
    MediaType.XLSX: ("xlsx",),
    MediaType.OFD: ("ofd",),
    MediaType.TEXT: ("txt", "csv", "md", "log"),
}
"""How a file name of each type ends; the first is the usual one."""

_ZIP = b"PK\x03\x04"
_BINARY = {
    MediaType.PDF: re.compile(rb"%PDF-[12]\.\d"),
    MediaType.JPEG: re.compile(rb"\xff\xd8\xff[\xc0-\xfe]"),
    MediaType.PNG: re.compile(rb"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"),
    MediaType.TIFF: re.compile(rb"II\*\x00|MM\x00\*"),
    MediaType.WEBP: re.compile(rb"RIFF.{4}WEBPVP8[ LX]", re.DOTALL),
}
_IN_ARCHIVE = {
    MediaType.DOCX: frozenset({"[Content_Types].xml", "word/document.xml"}),
    MediaType.XLSX: frozenset({"[Content_Types].xml", "xl/workbook.xml"}),
    MediaType.OFD: frozenset({"OFD.xml"}),
}
_MACROS = ("vbaproject.bin", "vbadata.xml")
_PDF_END = re.compile(rb"%%EOF\s*\Z")
_PNG_END = b"\x00\x00\x00\x00IEND\xaeB`\x82"


def by_head(head: bytes) -> frozenset[MediaType]:
    """The types that a file beginning with `head` may still turn out to be; none: it can be refused at once."""
    if head.startswith(_ZIP):
        return frozenset(_IN_ARCHIVE)
    for media_type, signature in _BINARY.items():
        if signature.match(head):
            return frozenset({media_type})
    return frozenset({MediaType.TEXT})  # whether it is one shows byte by byte: documents.attachments.plain_text


def by_ends(head: bytes, tail: bytes, size: int) -> MediaType | None:
    """The type of a whole file of `size` bytes that begins with `head` and ends with `tail`, if it is no text.

    `tail` has the last `TAIL_BYTES`, or all of a shorter file."""
    names = entry_names(tail, size)
    if head.startswith(_ZIP):
        return _by_names(names) if names is not None else None
    for media_type, signature in _BINARY.items():
        if signature.match(head):
            # A ZIP archive is read from its end: whatever stands before it does not keep it from being one.
            return media_type if names is None and _ends_well(media_type, head, tail, size) else None
    return None


def _by_names(names: frozenset[str]) -> MediaType | None:
    if any(name.lower().endswith(_MACROS) for name in names):
        return None
    found = [media_type for media_type, needed in _IN_ARCHIVE.items() if needed <= names]
    return found[0] if len(found) == 1 else None


def _ends_well(media_type: MediaType, head: bytes, tail: bytes, size: int) -> bool:
    match media_type:
        case MediaType.PDF:
            return _PDF_END.search(tail[-1024:]) is not None
        case MediaType.PNG:
            return tail.endswith(_PNG_END)
        case MediaType.WEBP:
            return int.from_bytes(head[4:8], "little") + 8 == size
        case _:
            return True  # cameras append to JPEG and TIFF what they like
