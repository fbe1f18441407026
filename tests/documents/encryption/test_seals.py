"""Seals of rows: what they bind, what they do not depend on, and the bytes that they are made over."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import bson
import pytest
from bson import ObjectId
from bson.int64 import Int64
from hypothesis import given
from hypothesis import strategies as st

from documents.encryption.seals import SEAL, Seals

KEY = bytes(range(32))
SEALS = Seals(KEY)
FIRST, LAST = datetime(1, 1, 2), datetime(9999, 12, 30)  # noqa: DTZ001 - bounds, to which the zone is given
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
    | st.binary()
    | st.datetimes(FIRST, LAST, timezones=st.just(UTC)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=6,
)
ROWS = st.dictionaries(st.sampled_from(["_id", "b", "a", "c"]), VALUES, min_size=1)


def stored(row: dict[str, Any]) -> dict[str, Any]:
    """The row as a database gives it back."""
    options = bson.DEFAULT_CODEC_OPTIONS.with_options(tz_aware=True, tzinfo=UTC)
    return dict(bson.decode(bson.encode(row), options))


def reversed_fields(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: reversed_fields(value[name]) for name in reversed(value)}
    return [reversed_fields(item) for item in value] if isinstance(value, list) else value


@given(ROWS)
def test_a_row_keeps_its_seal_when_it_was_stored_and_whatever_the_order_of_its_fields(row: dict[str, Any]) -> None:
    """Also of the fields within fields."""
    sealed = SEALS.sealed("rows", row)
    assert SEALS.is_sealed("rows", stored(sealed))
    assert SEALS.is_sealed("rows", stored(reversed_fields(sealed)))


@given(ROWS, ROWS)
def test_another_row_has_another_seal(one: dict[str, Any], other: dict[str, Any]) -> None:
    same = bson.encode(stored(one)) == bson.encode(stored(other)) or reversed_fields(one) == other
    if not same and stored(one) != stored(other):
        assert SEALS.of("rows", one) != SEALS.of("rows", other)


@pytest.mark.parametrize("value", [None, b"", bytes(32), "x" * 32, 7, {}, []])
def test_what_is_no_seal_holds_nothing(value: object) -> None:
    assert not SEALS.holds("rows", {"_id": 1}, value)
    assert not SEALS.is_sealed("rows", {"_id": 1, SEAL: value})


def test_a_seal_is_of_one_collection_and_one_key() -> None:
    row = SEALS.sealed("rows", {"_id": 1})
    assert not SEALS.is_sealed("others", row)
    assert not Seals(bytes(32)).is_sealed("rows", row)


def test_the_bytes_are_those_that_are_specified() -> None:
    """Written out by hand: whoever verifies without this program needs no more."""
    row = {
        "b": [{"z": 1, "y": Int64(2)}],
        "_id": ObjectId("0123456789abcdef01234567"),
        "a": datetime(2026, 1, 1, tzinfo=UTC),
    }
    canonical = bson.encode({"_id": row["_id"], "a": row["a"], "b": [{"y": Int64(2), "z": 1}]})
    expected = hmac.new(KEY, b"dossier-row-seal-v1\x00rows\x00" + canonical, "sha256").digest()
    assert SEALS.of("rows", row) == expected
    assert expected.hex() == "9f0e7b3c1744501f6ead0d39bee2d54e152afafff217fea0012b59bd4e38558e"


def test_instants_count_to_the_millisecond_and_in_any_zone() -> None:
    at = datetime(2026, 1, 1, 12, 0, 0, 123_456, tzinfo=UTC)
    elsewhere = at.replace(microsecond=123_000).astimezone(timezone(timedelta(hours=8)))
    assert SEALS.of("rows", {"at": at}) == SEALS.of("rows", {"at": elsewhere})
    assert SEALS.of("rows", {"at": at}) != SEALS.of("rows", {"at": at + timedelta(milliseconds=1)})
