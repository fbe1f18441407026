"""Cursors show nothing, open for one caller and list only, and are the same for the same row."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

import pytest
from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st

from documents.encryption.cursors import CursorSealer, cursor_context
from documents.errors import InvalidCursorError

SEALER = CursorSealer(secrets.token_bytes(64))
CONTEXT = cursor_context("li.na", "name")
ROW = ObjectId()
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=200)
INSTANTS = st.integers(-(10**10), 10**11).map(lambda seconds: EPOCH + timedelta(seconds=seconds))


@given(st.one_of(st.none(), TEXTS, INSTANTS))
def test_a_cursor_opens_to_what_was_sealed(value: object) -> None:
    """Texts, instants and none."""
    opened, row_id = SEALER.open(SEALER.seal(value, ROW, CONTEXT), CONTEXT)
    if isinstance(value, datetime) and isinstance(opened, datetime):
        opened = opened.replace(tzinfo=UTC)
    assert (opened, row_id) == (value, ROW)


def test_the_same_row_has_the_same_cursor_and_another_value_shows_by_nothing() -> None:
    """Equal input, equal text; values of 0 to 20 characters have cursors of equal length."""
    assert SEALER.seal("张伟", ROW, CONTEXT) == SEALER.seal("张伟", ROW, CONTEXT)
    assert len({len(SEALER.seal("x" * length, ROW, CONTEXT)) for length in range(20)}) == 1


@pytest.mark.parametrize("cursor", ["", "x", "AAAA", "a" * 86, "!", "\x00", "é" * 20])
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    """One error for every reason."""
    with pytest.raises(InvalidCursorError):
        SEALER.open(cursor, CONTEXT)


def test_another_context_or_key_or_a_changed_character_is_refused() -> None:
    """Sealed for one list of one caller of one installation."""
    cursor = SEALER.seal("张伟", ROW, CONTEXT)
    with pytest.raises(InvalidCursorError):
        SEALER.open(cursor, cursor_context("li.na", "created_at"))
    with pytest.raises(InvalidCursorError):
        CursorSealer(secrets.token_bytes(64)).open(cursor, CONTEXT)
    for index in range(0, len(cursor) - 1, 7):
        changed = cursor[:index] + ("A" if cursor[index] != "A" else "B") + cursor[index + 1 :]
        with pytest.raises(InvalidCursorError):
            SEALER.open(changed, CONTEXT)
