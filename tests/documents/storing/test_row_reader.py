"""What a compiled reader copies of a row: nothing that it was not compiled for, whatever the row holds."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st

from documents.access.plan import FieldGrants
from documents.declaring.kind import Kind
from documents.encryption.blind_index import BlindIndex
from documents.plain_records import Record
from documents.registry import CATALOGUE
from documents.storing.codec import RowCodec
from documents.storing.row_reader import RowReader

SPECS = CATALOGUE.fields(Kind.ENTERPRISE)
NAMES = sorted(name for name, spec in SPECS.items() if not spec.encrypted)
CODEC = RowCodec(CATALOGUE.by_kind, BlindIndex(b"k" * 32))
subsets = st.sets(st.sampled_from(NAMES)).map(frozenset)


def _row(names: frozenset[str]) -> dict[str, Any]:
    return {"_id": ObjectId(), "kind": "enterprise"} | {name: f"value of {name}" for name in names}


def _reader(granted: frozenset[str], selected: frozenset[str], fetched: frozenset[str] | None) -> RowReader:
    return CODEC.row_reader(Kind.ENTERPRISE, FieldGrants(plain=granted), selected, fetched)


def _without_decimals(names: frozenset[str]) -> frozenset[str]:
    return frozenset(name for name in names if SPECS[name].value_type.value != "decimal")


def _shown(record: Record) -> dict[str, Any]:
    return {name: value for name, value in record.items() if value is not None}


@given(granted=subsets, selected=subsets, fetched=subsets, present=subsets)
def test_a_row_shows_what_is_granted_and_selected_of_what_is_in_it(
    granted: frozenset[str], selected: frozenset[str], fetched: frozenset[str], present: frozenset[str]
) -> None:
    """Whether it is copied in one go or field by field: `fetched` is a matter of speed alone."""
    granted, selected, fetched = map(_without_decimals, (granted, selected, fetched))
    row = _row(present & fetched)
    in_one_go, _ = _reader(granted, selected, fetched | {"_id", "kind"}).read(row, None)
    by_field, _ = _reader(granted, selected, None).read(row, None)
    assert _shown(in_one_go) == _shown(by_field)
    assert _shown(in_one_go).keys() == (present & fetched & granted & selected) | {"_id", "kind"}


def test_a_row_is_copied_and_not_kept() -> None:
    """Concurrent requests may be given the same row."""
    names = frozenset({"name", "region"})
    row = _row(names)
    before = dict(row)
    record, _ = _reader(names, names | {"id"}, names | {"_id", "kind"}).read(row, None)
    assert record["id"] == f"enterprise_{row['_id']}"
    assert row == before


def test_instants_stay_as_they_are_stored() -> None:
    """In UTC, without a zone."""
    names, instant = frozenset({"created_at"}), datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001
    row = {"_id": ObjectId(), "kind": "enterprise", "created_at": instant}
    assert _reader(names, names, names).read(row, None)[0]["created_at"] == instant
