"""File names in `Content-Disposition`: read as RFC 6266 and RFC 8187 say, and written so that they can be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.http.content_disposition import download, file_name


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("attachment; filename=a.pdf", "a.pdf"),
        ('attachment; filename="a b.pdf"', "a b.pdf"),
        (r'attachment; filename="a \"b\".pdf"', 'a "b".pdf'),
        ("attachment; filename*=UTF-8''%E5%90%88%E5%90%8C.pdf", "合同.pdf"),
        ("attachment;filename*=utf-8'zh-CN'%E5%90%88.pdf", "合.pdf"),
        ("attachment; filename=\"x.pdf\"; filename*=UTF-8''y.pdf", "y.pdf"),
        ("inline ; FileName = a.pdf", "a.pdf"),
    ],
)
def test_the_name_is_read(header: str, name: str) -> None:
    """The extended form wins over the plain one."""
    assert file_name(header) == name


@pytest.mark.parametrize(
    "header",
    [
        "",
        "attachment",
        "attachment; filename",
        "attachment; filename=",
        "attachment; filename=a.pdf; filename=b.pdf",
        "attachment; filename=a.pdf trailing",
        "attachment; filename=合同.pdf",
        "attachment; filename*=UTF-8''%E5%90",
        "attachment; filename*=ISO-8859-1''a.pdf",
        "attachment; filename*=a.pdf",
        "; filename=a.pdf",
    ],
)
def test_what_is_not_clear_gives_no_name(header: str) -> None:
    """Nobody guesses."""
    assert file_name(header) is None


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=50))
def test_what_is_written_is_read_back(name: str) -> None:
    """And is one line of ASCII, whatever the name."""
    written = download(name)
    assert written.isascii()
    assert written.isprintable()
    assert file_name(written) == name
