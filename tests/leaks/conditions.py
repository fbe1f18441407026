"""Channels that find, count, order and page: conditions as oracles."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from pypinyin import lazy_pinyin

from documents.chapters.customers.kinds import Status
from documents.declaring.fields import FieldSpec, Search
from documents.declaring.values import last_four
from documents.registry import CATALOGUE
from tests.leaks.channels import Ask, Per, Script, Subject, channel, filter_operators
from tests.leaks.values import items, spelled
from tests.leaks.worlds import NEIGHBOUR

FOUND = "totalCount nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
COMPARING = frozenset({"eq", "in", "lastFour"})
ORDERING = frozenset({"lt", "lte", "gt", "gte", "matches"})

FILTERED = f"query($f: CustomerFilter) {{ customers(filter: $f, first: 4) {{ {FOUND} }} }}"
SEARCHED = f"query($s: String) {{ customers(search: $s, first: 4) {{ {FOUND} }} }}"


def _is_filter(spec: FieldSpec) -> bool:
    return bool(spec.search)


def _conditions(subject: Subject, operators: frozenset[str]) -> Iterator[dict[str, Any]]:
    """Conditions on the field with values of A and of B, by every operator of `operators` that it has."""
    spec = subject.field
    declared = filter_operators(subject.schema).get(spec.public_name, ())
    unknown = set(declared) - COMPARING - ORDERING
    assert not unknown, f"no channel knows the operators {unknown}"
    values = [item for pair in subject.pairs(1) for value in pair for item in items(value)[:2]]
    for operator in declared:
        if operator not in operators:
            continue
        for value in values:
            asked = _asked(operator, spelled(spec, value))
            if asked is not None:
                yield {spec.public_name: {operator: asked}}
        if operator == "in" and values:
            yield {spec.public_name: {"in": [spelled(spec, value) for value in values]}}


def _asked(operator: str, value: Any) -> Any:
    if operator == "in":
        return [value]
    if operator == "lastFour":
        return last_four(str(value))
    return str(value)[:1] if operator == "matches" else value


def _nested(subject: Subject, condition: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield condition
    yield {"not": condition}
    yield {"or": [{"not": {"and": [condition]}}, condition]}
    # Of every status: what a caller may find by but not read may differ where this is asked.
    allowed = {"status": {"in": [status.name for status in Status]}}
    yield allowed | {"and": [condition]}
    yield {"or": [condition, allowed]}
    yield {"and": [allowed, {"not": {"or": [condition, {"not": allowed}]}}]}


@channel("Query.customers", "customers(filter:)", per=Per.FIELD, compares=True, applies=_is_filter)
def filter_by_equality(subject: Subject) -> Script:
    """Does it equal this, one of these, or end in these four?"""
    for condition in _conditions(subject, COMPARING):
        nested = list(_nested(subject, condition))
        for asked in (nested[0], subject.random.choice(nested[1:])):
            yield Ask(FILTERED, {"f": asked})


@channel("Query.customers", "customers(filter:)", per=Per.FIELD, applies=_is_filter)
def filter_by_order(subject: Subject) -> Script:
    """Is it before, after, or does it begin with this? By these a value could be found piece by piece."""
    for condition in _conditions(subject, ORDERING):
        nested = list(_nested(subject, condition))
        for asked in (nested[0], subject.random.choice(nested[1:])):
            yield Ask(FILTERED, {"f": asked})


@channel("Query.customers", "customers(filter:)", per=Per.CALLER, compares=True)
def filter_by_two(subject: Subject) -> Script:
    """Two fields in one filter: both must be permitted in the same row."""
    declared = filter_operators(subject.schema)
    specs = {(row.kind, name) for row in subject.rows for name in row.changes}
    usable = [spec for kind, name in sorted(specs) if (spec := CATALOGUE.fields(kind)[name]).public_name in declared]
    for _ in range(min(6, len(usable))):
        conditions = []
        for spec in subject.random.sample(usable, min(2, len(usable))):
            row = subject.random.choice([row for row in subject.rows if row.kind is spec.kind])
            found = items(row.values.get(spec.name))[:1]
            operator = declared[spec.public_name][0]
            conditions += [{spec.public_name: {operator: _asked(operator, spelled(spec, value))}} for value in found]
        if conditions:
            yield Ask(FILTERED, {"f": {"or": conditions}})
            yield Ask(FILTERED, {"f": {"and": conditions}})


@channel("Query.customers", "customers(filter:)", per=Per.FIELD, applies=_is_filter)
def malformed_filter(subject: Subject) -> Script:
    """Conditions that hold nothing, and values of another type: refused, whatever is stored."""
    name = subject.field.public_name
    malformed: tuple[dict[str, Any], ...] = (
        {name: None},
        {name: {}},
        {"and": []},
        {name: {"eq": {}}},
        {name: {"in": []}},
    )
    for given in malformed:
        yield Ask(FILTERED, {"f": given})


@channel("Query.customers", "customers(sort:)", per=Per.CALLER)
def sort_and_page(subject: Subject) -> Script:
    """Every order in both directions, paged through to the end and back."""
    for field in sort_fields(subject):
        for direction in ("ASC", "DESC"):
            yield from _paged({"s": {"field": field, "direction": direction}})
    yield from _paged({})


def sort_fields(subject: Subject) -> list[str]:
    return list(subject.schema.type_map["CustomerSortField"].values)  # type: ignore[attr-defined]


EDGES = "edges { cursor node { id } } totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
FORWARD = (
    "query($s: CustomerSort, $c: String, $n: Int, $f: CustomerFilter, $q: String)"
    f" {{ customers(sort: $s, first: $n, after: $c, filter: $f, search: $q) {{ {EDGES} }} }}"
)
BACKWARD = (
    "query($s: CustomerSort, $c: String, $n: Int, $f: CustomerFilter, $q: String)"
    f" {{ customers(sort: $s, last: $n, before: $c, filter: $f, search: $q) {{ {EDGES} }} }}"
)


def _paged(variables: dict[str, Any]) -> Script:
    for document, more, cursor in (
        (FORWARD, "hasNextPage", "endCursor"),
        (BACKWARD, "hasPreviousPage", "startCursor"),
    ):
        position = None
        for _ in range(8):
            answer = yield Ask(document, {**variables, "c": position, "n": 13})
            page = ((answer.get("data") or {}).get("customers") or {}).get("pageInfo")
            if page is None or not page[more]:
                break
            position = page[cursor]


@channel("Query.customers", "customers(sort:)", "customers(filter:)", per=Per.FIELD, compares=True, applies=_is_filter)
def sort_within_filter(subject: Subject) -> Script:
    """An order over rows that a condition on the field has narrowed, and over those that a search found."""
    for condition in list(_conditions(subject, COMPARING | ORDERING))[:2]:
        for field in sort_fields(subject):
            yield Ask(FORWARD, {"f": {"not": condition}, "s": {"field": field}, "n": 5})
    for value in [item for pair in subject.pairs(1) for item in items(pair[0])[:1]]:
        yield Ask(FORWARD, {"q": str(value), "s": {"field": sort_fields(subject)[0]}, "n": 5})


@channel("Query.customers", "customers(search:)", per=Per.FIELD, compares=True)
def search_by_value(subject: Subject) -> Script:
    """The value of A and of B in the search box: whole, its last four, and as people spell telephones."""
    for value in [item for pair in subject.pairs(2) for side in pair for item in items(side)[:1]]:
        text = str(spelled(subject.field, value))
        for asked in dict.fromkeys((text, text[-4:], text.removeprefix("+86"), f" {text.lower()} ")):
            yield Ask(SEARCHED, {"s": asked})


@channel("Query.customers", "customers(search:)", per=Per.FIELD, applies=lambda spec: Search.NAME in spec.search)
def search_by_part(subject: Subject) -> Script:
    """Parts of the value, its pinyin and its initials: a name could be found character by character."""
    for value in [item for pair in subject.pairs(1) for side in pair for item in items(side)[:1]]:
        text, pinyin = str(value), "".join(lazy_pinyin(str(value)))
        initials = "".join(word[0] for word in lazy_pinyin(text))
        for asked in dict.fromkeys((text, text[:1], text[1:], text[:2], pinyin, pinyin[:3], initials, initials[:2])):
            yield Ask(SEARCHED, {"s": asked})
            yield Ask(FILTERED, {"f": {subject.field.public_name: {"matches": asked}}})


@channel("Query.customers", "customers(search:)", per=Per.CALLER)
def search_for_nothing(subject: Subject) -> Script:
    """Texts in which nothing can be searched, and texts that a pattern could read."""
    for text in ("", "  ", ".*", "^", "name:", "$where", "\u0000", "。", "a" * 300):
        yield Ask(SEARCHED, {"s": text})


@channel(
    "Query.customers", "customers(after:)", "customers(before:)", "customers(last:)", "customers(sort:)", per=Per.CALLER
)
def foreign_cursors(subject: Subject) -> Script:
    """A cursor used by another caller, in another list, changed, or made up: one error for all, and no page."""
    answer = yield Ask(FORWARD, {"n": 3})
    page = ((answer.get("data") or {}).get("customers") or {}).get("pageInfo") or {}
    cursor = page.get("endCursor")
    if cursor is None:
        return
    field = sort_fields(subject)[0]
    yield Ask(FORWARD, {"n": 3, "c": cursor})
    yield Ask(BACKWARD, {"n": 3, "c": cursor})
    refusals = []
    for asked in (
        Ask(FORWARD, {"n": 3, "c": cursor}, by=NEIGHBOUR),
        Ask(FORWARD, {"n": 3, "c": cursor, "f": {"status": {"in": ["ACTIVE", "CLOSED"]}}}),
        Ask(FORWARD, {"n": 3, "c": cursor, "s": {"field": field, "direction": "DESC"}}),
        Ask(FORWARD, {"n": 3, "c": cursor[:-4] + "AAAA"}),
        Ask(FORWARD, {"n": 3, "c": "bm9uc2Vuc2U"}),
        Ask(FORWARD, {"n": 3, "c": "…"}),
    ):
        answer = yield asked
        codes = [error["extensions"]["code"] for error in answer.get("errors", ())]
        page = (answer.get("data") or {}).get("customers") or {}
        assert codes or page == {**page, "edges": [], "totalCount": 0}, "a cursor of another list was accepted"
        refusals += codes
    assert set(refusals) <= {"INVALID_CURSOR", "SORT_DENIED", "FILTER_DENIED"}, refusals


@channel("Query.customers", per=Per.CALLER)
def opaque_cursors(subject: Subject) -> Script:
    """A cursor shows neither the value that it stands at nor the row."""
    plain = {row.public_id: row for row in subject.rows}
    for variables in ({}, {"s": {"field": "NAME"}}):
        answer = yield Ask(FORWARD, {"n": 50, **variables})
        for edge in ((answer.get("data") or {}).get("customers") or {}).get("edges") or ():
            text = edge["cursor"]
            octets = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)) + text.encode()
            row = plain[edge["node"]["id"]]
            shown = (str(row.values["name"]).encode(), row.id.binary, str(row.id).encode())
            assert not any(part in octets for part in shown), "a cursor shows what it stands at"
