"""Small files of every type that is taken, and of types that are not."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

from documents.chapters.attachments.media_types import MediaType


def archive(*names: str) -> bytes:
    """A ZIP archive with these entries."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as entries:
        for name in names:
            entries.writestr(name, f"<{name}/>" * 20)
    return stream.getvalue()


def png_chunk(name: bytes, content: bytes) -> bytes:
    """Length, name, content and check sum."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


PDF = b"%PDF-1.7\n1 0 obj <</Type /Catalog>> endobj\nxref\n0 1\ntrailer <</Root 1 0 R>>\nstartxref\n45\n%%EOF\n"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00" + bytes(range(256)) + b"\xff\xd9"
PNG = (
    b"\x89PNG\r\n\x1a\n"
    + png_chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    + png_chunk(b"IDAT", zlib.compress(b"\x00\xff"))
    + png_chunk(b"IEND", b"")
)
TIFF = b"II*\x00\x08\x00\x00\x00" + bytes(64)
WEBP = b"RIFF" + struct.pack("<I", 44) + b"WEBPVP8L" + bytes(36)
DOCX = archive("[Content_Types].xml", "_rels/.rels", "word/document.xml")
XLSX = archive("[Content_Types].xml", "_rels/.rels", "xl/workbook.xml")
OFD = archive("OFD.xml", "Doc_0/Document.xml")
TEXT = "营业执照副本已核对。\r\n\tChecked against the register, 1 < 2.\n".encode()

TAKEN = {
    MediaType.PDF: PDF,
    MediaType.JPEG: JPEG,
    MediaType.PNG: PNG,
    MediaType.TIFF: TIFF,
    MediaType.WEBP: WEBP,
    MediaType.DOCX: DOCX,
    MediaType.XLSX: XLSX,
    MediaType.OFD: OFD,
    MediaType.TEXT: TEXT,
}

REFUSED = {
    "html": b"<!DOCTYPE html><html><body>hello</body></html>",
    "html later": b"minutes of the meeting\n" * 50 + b"<ScRiPt>alert(1)</script>",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>',
    "xml": b'<?xml version="1.0"?><a/>',
    "xml with a mark": b'\xef\xbb\xbf<?xml version="1.0"?><a/>',
    "shell script": b"#!/bin/sh\nrm -rf /\n",
    "batch file": b"\r\n@echo off\r\ndel *.*\r\n",
    "rich text": b"{\\rtf1 hello}",
    "postscript": b"%!PS-Adobe-3.0\n",
    "mhtml": b"MIME-Version: 1.0\nContent-Type: multipart/related\n",
    "windows program": b"MZ\x90\x00" + bytes(200),
    "linux program": b"\x7fELF\x02\x01\x01" + bytes(200),
    "gif": b"GIF89a" + bytes(100),
    "plain archive": archive("a.txt", "b.txt"),
    "presentation": archive("[Content_Types].xml", "ppt/presentation.xml"),
    "macros": archive("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"),
    "two documents": archive("[Content_Types].xml", "word/document.xml", "xl/workbook.xml"),
    "java archive": archive("META-INF/MANIFEST.MF", "Main.class"),
    "cut archive": DOCX[:-30],
    "archive with bytes behind": DOCX + b"x",
    "cut pdf": PDF[:40],
    "pdf and archive": PDF + archive("evil.txt"),
    "pdf and archive with its end as comment": PDF + archive("evil.txt")[:-2] + b"\x06\x00%%EOF\n",
    "jpeg and archive": JPEG + archive("Main.class"),
    "cut png": PNG[:-4],
    "png with bytes behind": PNG + b"<script>",
    "webp of another length": WEBP + b"x",
    "old text": "营业执照".encode("gb18030"),
    "cut text": "营业执照".encode()[:-1],
    "text with a zero": b"hello\x00world",
    "pdf not at the beginning": b"\n" + PDF + bytes(3),
}
