"""Names of files are kept as they are, or refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.chapters.attachments.media_types import EXTENSIONS, MediaType
from documents.chapters.attachments.names import accepted_name
from documents.errors import AttachmentFault, AttachmentRefusedError


def fault(name: str, media_type: MediaType = MediaType.PDF) -> AttachmentFault:
    with pytest.raises(AttachmentRefusedError) as refused:
        accepted_name(name, media_type)
    return refused.value.fault


@pytest.mark.parametrize("media_type", MediaType)
def test_a_name_ends_as_its_type_does(media_type: MediaType) -> None:
    """In capitals too; and no name of one type is one of another."""
    for extension in EXTENSIONS[media_type]:
        assert accepted_name(f"合同 (1).{extension.upper()}", media_type) == f"合同 (1).{extension.upper()}"
    assert fault("a.exe", media_type) is AttachmentFault.TYPE_MISMATCH
    assert fault("pdf", media_type) is AttachmentFault.TYPE_MISMATCH
    for other in set(MediaType) - {media_type}:
        assert fault(f"a.{EXTENSIONS[other][0]}", media_type) is AttachmentFault.TYPE_MISMATCH


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        ".pdf",
        "a/b.pdf",
        "..\\b.pdf",
        "a\x00.pdf",
        "a\n.pdf",
        "a\u202efdp.exe.pdf",
        "a" * 197 + ".pdf",
        "a:b.pdf",
    ],
)
def test_what_is_no_name_is_refused(name: str) -> None:
    """Paths, control characters, marks that turn the direction of writing, and what is too long."""
    assert fault(name) is AttachmentFault.NAME_INVALID


@given(st.text(max_size=30))
def test_every_name_is_kept_or_refused(stem: str) -> None:
    """Nothing else comes of any text."""
    try:
        name = accepted_name(f"{stem}.pdf", MediaType.PDF)
    except AttachmentRefusedError:
        return
    assert accepted_name(name, MediaType.PDF) == name
    assert "/" not in name
