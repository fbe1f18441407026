"""A file is what its content says, whatever the sender says, and in whatever pieces it comes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.chapters.attachments.inspection import ContentInspection
from documents.chapters.attachments.media_types import MediaType
from documents.errors import AttachmentFault, AttachmentRefusedError
from tests.documents.chapters.attachments.files import DOCX, JPEG, PDF, REFUSED, TAKEN, TEXT

LIMIT = 1_000_000


def inspect(content: bytes, declared: MediaType, piece: int = LIMIT, limit: int = LIMIT) -> MediaType:
    inspection = ContentInspection(declared, limit)
    for start in range(0, len(content), piece):
        inspection.feed(content[start : start + piece])
    return inspection.finish()


def fault(content: bytes, declared: MediaType, piece: int = LIMIT, limit: int = LIMIT) -> AttachmentFault:
    with pytest.raises(AttachmentRefusedError) as refused:
        inspect(content, declared, piece, limit)
    return refused.value.fault


@pytest.mark.parametrize("media_type", TAKEN)
@pytest.mark.parametrize("piece", [1, 7, 4096])
def test_every_type_is_known_by_its_content(media_type: MediaType, piece: int) -> None:
    """Byte by byte or at once."""
    assert inspect(TAKEN[media_type], media_type, piece) is media_type


@pytest.mark.parametrize("media_type", TAKEN)
def test_content_of_one_type_declared_as_another_is_a_mismatch(media_type: MediaType) -> None:
    """For every pair of types."""
    for declared in set(MediaType) - {media_type}:
        assert fault(TAKEN[media_type], declared) is AttachmentFault.TYPE_MISMATCH


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("piece", [1, 10, LIMIT])
def test_nothing_else_is_taken_whatever_it_is_declared_as(name: str, piece: int) -> None:
    """Mark-up, scripts, programs, archives, and files that are two things at once."""
    faults = {fault(REFUSED[name], declared, piece) for declared in MediaType}
    assert AttachmentFault.TYPE_REFUSED in faults
    assert faults <= {AttachmentFault.TYPE_REFUSED, AttachmentFault.TYPE_MISMATCH}


def test_an_empty_file_is_refused() -> None:
    """Of any type."""
    assert {fault(b"", declared) for declared in MediaType} == {AttachmentFault.EMPTY}


@pytest.mark.parametrize("media_type", TAKEN)
def test_the_limit_is_exact(media_type: MediaType) -> None:
    """As many bytes as the limit are taken, one more is too many, and that shows before the end."""
    content = TAKEN[media_type]
    assert inspect(content, media_type, 10, len(content)) is media_type
    inspection = ContentInspection(media_type, len(content) - 1)
    with pytest.raises(AttachmentRefusedError) as refused:
        inspection.feed(content)
    assert refused.value.fault is AttachmentFault.TOO_LARGE


def test_what_cannot_be_taken_is_refused_at_its_beginning() -> None:
    """Nobody waits for the rest of it."""
    for content, declared in ((b"MZ\x90\x00" + bytes(12), MediaType.PDF), (PDF[:16], MediaType.JPEG)):
        with pytest.raises(AttachmentRefusedError):
            ContentInspection(declared, LIMIT).feed(content)


def outcome(content: bytes, declared: MediaType, piece: int = LIMIT) -> str:
    try:
        return inspect(content, declared, piece).value
    except AttachmentRefusedError as refused:
        return "mismatch" if refused.fault is AttachmentFault.TYPE_MISMATCH else "refused"


@given(st.binary(max_size=400), st.sampled_from(MediaType), st.integers(1, 50))
def test_no_bytes_make_it_fail_otherwise(content: bytes, declared: MediaType, piece: int) -> None:
    """A type or a refusal, the same in pieces as at once."""
    assert (outcome(content, declared, piece) == declared) is (outcome(content, declared) == declared)


@given(st.integers(0, len(DOCX)), st.binary(max_size=30), st.sampled_from([DOCX, JPEG, PDF, TEXT]))
def test_a_damaged_end_never_makes_it_fail_otherwise(cut: int, more: bytes, content: bytes) -> None:
    """Whatever stands where the directory of an archive should."""
    whole = content[:cut] + more
    assert outcome(whole, MediaType.DOCX) in {MediaType.DOCX, "mismatch", "refused"}
    assert outcome(whole, MediaType.DOCX) != MediaType.DOCX or whole == DOCX


def test_many_marks_of_an_archive_cost_little() -> None:
    """The directory is looked for a few times, then the file is refused."""
    end = b"PK\x05\x06" + bytes(18)
    content = JPEG + b"".join(end[:-2] + (22 * later).to_bytes(2, "little") for later in reversed(range(2900)))
    assert fault(content, MediaType.JPEG) is AttachmentFault.TYPE_REFUSED
