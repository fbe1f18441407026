"""What a list of customers is asked for, and what a page of it holds: plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from bson import ObjectId

from documents.declaring.kind import Kind
from documents.plain_records import Records
from documents.reading.filters import FilterNode

VIEWS = frozenset({"access", "sources"})
"""What can be selected of a record beside its fields: what the caller may do with it, and where its values are from."""


class Selection(dict[Kind, frozenset[str]]):
    """Which declared fields (and `id`, `access`, `sources`) a caller asked for, per kind. Not to be changed.

    Made once per operation and kept, with what follows from it. `nested` holds the selections below the fields by which
    other records hang on these."""

    nested: Mapping[str, Selection]

    def __init__(
        self, selected: Mapping[Kind, frozenset[str]] | None = None, nested: Mapping[str, Selection] | None = None
    ) -> None:
        super().__init__(selected or {})
        self.nested = nested or {}

    @cached_property
    def names(self) -> frozenset[str]:
        """Everything asked for of any kind."""
        return frozenset[str]().union(*self.values())

    @cached_property
    def has_views(self) -> bool:
        return not VIEWS.isdisjoint(self.names)


@dataclass(frozen=True, slots=True)
class Sort:
    """Order by a sortable field, ties by id; `field` None is id order."""

    field: str | None = None
    descending: bool = False


@dataclass(frozen=True, slots=True)
class ListQuery:
    """One list, as asked. `limit` rows after (or, `backward`, before) `cursor`. `of_customer`: of records, those of one
    customer alone, whom the caller was found to see."""

    selection: Selection
    kinds: frozenset[Kind]
    filter: FilterNode | None = None
    search: str | None = None
    sort: Sort = Sort()
    limit: int = 50
    cursor: str | None = None
    backward: bool = False
    of_customer: ObjectId | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in list order, the cursors of each, and whether more lie beyond in the direction of travel."""

    records: Records
    positions: tuple[tuple[Any, ObjectId], ...]
    context: bytes
    has_more: bool
