"""A typed row is what its type says: declared fields, of their types, none of them hidden."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NotRequired, TypedDict

import pytest

from documents.declaring.kind import Kind
from documents.errors import FieldAccessError
from documents.plain_records import Record
from documents.reading.typed_rows import Known, row_fields, typed
from documents.registry import FULL_CATALOGUE


class Step(TypedDict):
    stage: str
    at: str


class Fitting(Known):
    state: str
    version: int
    opened_at: datetime | None
    reply_in_time: bool | None
    answer: str | None
    steps: list[Step] | None
    escalations: list[Record] | None
    assignee: NotRequired[str | None]


def test_a_row_asks_for_what_it_names() -> None:
    fields = row_fields(FULL_CATALOGUE, Kind.COMPLAINT, Fitting)
    assert fields.names == Fitting.__annotations__.keys()
    assert fields.required == fields.names - {"assignee"}


def _row(**fields: Any) -> Any:
    """A type with these fields: mypy knows types that are written down only."""
    return TypedDict("made", fields)  # type: ignore[operator]


class _WrongPart(TypedDict):
    at: datetime


class _NoPart(TypedDict):
    unheard_of: str


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("unheard_of", str),
        ("state", int),
        ("version", str),
        ("version", bool),
        ("opened_at", datetime),  # may be empty
        ("opened_at", str | None),
        ("answer", str),  # encrypted: gone with the customer's key
        ("steps", list[Step]),
        ("steps", Step | None),
        ("steps", list[_WrongPart] | None),
        ("steps", list[_NoPart] | None),
        ("steps", list[str] | None),
        ("state", list[str]),
    ],
)
def test_a_type_that_a_field_does_not_have_is_refused(name: str, hint: Any) -> None:
    with pytest.raises(TypeError, match=f"`{name}"):
        row_fields(FULL_CATALOGUE, Kind.COMPLAINT, _row(id=str, **{name: hint}))


def test_what_is_hidden_is_refused_by_name() -> None:
    """In any of the rows; what need not be there may be hidden."""
    row = _row(id=str, state=str, assignee=NotRequired[str | None])
    whole = Record(id="complaint_1", state="filed")
    assert typed(FULL_CATALOGUE, Kind.COMPLAINT, row, [whole]) == [whole]
    with pytest.raises(FieldAccessError) as error:
        typed(FULL_CATALOGUE, Kind.COMPLAINT, row, [whole, Record(id="complaint_2", assignee="li.na")])
    assert (error.value.action, error.value.fields) == ("read", ("state",))
