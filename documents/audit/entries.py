"""What one entry of the trail says: who, why, by which operation, which rows, which fields at which level, the outcome.

Made from an `AccessTrace`, so of ids and declared names only. It must never hold a value, a variable or a search text.

    id                                      its own, made with it username, roles, purpose?, session?     who asked, and
    what for operation {type, name?, document}       `document` is the SHA-256 of the GraphQL document's text rules
    [{version, hash}]                 the rule sets that decided; in blocks of format 1, versions alone outcome
    ok, refused (with `codes`), error touches [{act, kind, customers?, records?, names?, versions?, plain?, masked?,
    denied?, written?, derived?, code?, refused?}] filtered?, sorted?, searched?           names of the fields that rows
    were looked for by viewed_as?                              the accounts whose access was looked at change?
    true: it was stored in the transaction of what it tells of again?                                  true: taken over
    by another process than its author's, which may have been
                                            alive: where its id stands elsewhere too, it counts once

What is empty is left out. A change entry says what was written, not what was asked for: `names` are of rows that have
a name for an id (accounts, rule sets), `versions` are those that the change made, in the order of the ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, NotRequired, TypedDict, cast

from bson import ObjectId

from documents.access.plan import Level, Purpose
from documents.access.trace import AccessTrace, Act, Rows, Served, TracedChange
from documents.declaring.labels import Labelled


class Operation(TypedDict):
    """What was asked for; `document` has 32 bytes."""

    type: str
    name: NotRequired[str]
    document: NotRequired[bytes]


class DecidedBy(TypedDict):
    """A rule set that decided; `hash` has 32 bytes, `RuleSet.digest`."""

    version: int
    hash: bytes


class Touch(TypedDict):
    """What was done with rows of one kind, or was refused with `code`: at which level fields were served, which were
    written."""

    act: str
    kind: str
    customers: NotRequired[list[ObjectId]]
    records: NotRequired[list[ObjectId]]
    names: NotRequired[list[str]]
    versions: NotRequired[list[int]]
    plain: NotRequired[list[str]]
    masked: NotRequired[list[str]]
    denied: NotRequired[list[str]]
    written: NotRequired[list[str]]
    derived: NotRequired[list[str]]
    code: NotRequired[str]
    refused: NotRequired[list[str]]


class Entry(TypedDict):
    """An entry as it is stored and hashed, keys in this order. One of a block of format 1 has no `id`."""

    id: NotRequired[ObjectId]
    username: str
    roles: list[str]
    purpose: NotRequired[str]
    session: NotRequired[str]
    operation: Operation
    rules: Sequence[DecidedBy | int]
    outcome: str
    codes: NotRequired[list[str]]
    touches: NotRequired[list[Touch]]
    filtered: NotRequired[list[str]]
    sorted: NotRequired[list[str]]
    searched: NotRequired[list[str]]
    viewed_as: NotRequired[list[str]]
    change: NotRequired[bool]
    again: NotRequired[bool]


FAULTS = frozenset({"INTERNAL_ERROR", "TIMEOUT"})
"""Codes of what was no refusal: the request failed."""


class Outcome(Labelled):
    """How a request ended, as its worst part did."""

    OK = "ok", "OK", "成功"
    REFUSED = "refused", "Refused", "已拒绝"
    ERROR = "error", "Error", "出错"


class Asker(NamedTuple):
    """Who asked, in the words of the account, and for what: roles as held, not as reduced by any rule set."""

    username: str
    roles: frozenset[str]
    session: str | None = None
    purpose: Purpose | None = None


class Performed(NamedTuple):
    """The operation: `type` is query, mutation, subscription; job of background work, command of an
    operator. `document` has 32 bytes."""

    type: str
    name: str | None = None
    document: bytes | None = None


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes something, by which operation, under which rule sets."""

    asker: Asker
    operation: Performed
    rules: Sequence[DecidedBy]


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """A row that a unit of work wrote: the version that it has now, and how it is known: by `customer`, `record` (with
    its customer where it hangs on one), or `name`. `fields` were written under the author's own rights, `derived` is
    what followed from them."""

    act: Act
    kind: str
    version: int
    fields: tuple[str, ...] = ()
    customer: ObjectId | None = None
    record: ObjectId | None = None
    name: str | None = None
    derived: tuple[str, ...] = ()


def new_entry(
    asker: Asker,
    operation: Performed,
    trace: AccessTrace,
    *,
    codes: Iterable[str] = (),
    rules: Sequence[DecidedBy],
) -> Entry:
    """The entry of what `trace` holds, with an id of its own. The asker's purpose stands where no plan was made.

    `codes` are those of the errors that the answer shows; `rules` are the rule sets that decided, by version."""
    purposes = sorted(stated.value for _, stated in trace.plans)
    if not purposes and asker.purpose is not None:
        purposes = [asker.purpose.value]
    found = sorted({*codes, *(change.code for change in trace.changes)})
    entry = _asked(ObjectId(), asker, purposes[0] if purposes else None, operation)  # a request states one purpose
    entry["rules"] = rules
    entry["outcome"] = _outcome(found).value
    if found:
        entry["codes"] = found
    if touches := list(_touches(trace)):
        entry["touches"] = touches
    for name, fields in (("filtered", trace.filtered), ("sorted", trace.sorted), ("searched", trace.searched)):
        if fields:
            entry[name] = sorted(fields)
    if trace.viewed_as:
        entry["viewed_as"] = sorted(trace.viewed_as)
    return cast("Entry", entry)


def change_entry(entry_id: ObjectId, author: Author, changed: Iterable[ChangedRow]) -> Entry:
    """The entry of what one unit of work wrote."""
    entry = _asked(entry_id, author.asker, author.asker.purpose, author.operation)
    entry["rules"] = list(author.rules)
    entry["outcome"] = Outcome.OK.value
    entry["touches"] = list(_changed(changed))
    entry["change"] = True
    return cast("Entry", entry)


def _asked(entry_id: ObjectId, asker: Asker, purpose: str | None, operation: Performed) -> dict[str, Any]:
    """What every entry begins with."""
    entry: dict[str, Any] = {"id": entry_id, "username": asker.username, "roles": sorted(asker.roles)}
    if purpose is not None:
        entry["purpose"] = str(purpose)
    if asker.session is not None:
        entry["session"] = asker.session
    entry["operation"] = {key: value for key, value in operation._asdict().items() if value is not None}
    return entry


def _changed(changed: Iterable[ChangedRow]) -> Iterator[dict[str, Any]]:
    """A touch for all rows that were changed alike."""
    alike: dict[tuple[Act, str, tuple[str, ...], tuple[str, ...], bool], list[ChangedRow]] = {}
    for row in changed:
        alike.setdefault((row.act, row.kind, row.fields, row.derived, row.customer is None), []).append(row)
    for (act, kind, fields, derived, _), rows in alike.items():
        ids: dict[str, list[Any]] = {
            "customers": [row.customer for row in rows if row.customer is not None],
            "records": [row.record for row in rows if row.record is not None],
            "names": [row.name for row in rows if row.name is not None],
            "versions": [row.version for row in rows],
            "written": list(fields),
            "derived": list(derived),
        }
        yield {"act": act.value, "kind": kind} | {name: found for name, found in ids.items() if found}


def rule_set_versions(entry: Entry) -> list[int]:
    """The versions of the rule sets that decided, ascending."""
    return [rule if isinstance(rule, int) else rule["version"] for rule in entry["rules"]]


def rule_set_hashes(entry: Entry) -> list[bytes]:
    """Their hashes, in the same order; none of an entry in a block of format 1."""
    return [rule["hash"] for rule in entry["rules"] if not isinstance(rule, int)]


def weight(entry: Entry) -> int:
    """How many ids an entry holds, and a few more for the rest: what the size of a block is bounded by."""
    weight = 32
    for touch in entry.get("touches", ()):
        weight += len(touch.get("customers", ())) + len(touch.get("records", ()))
    return weight


def _outcome(codes: Iterable[str]) -> Outcome:
    found = frozenset(codes)
    if not found:
        return Outcome.OK
    return Outcome.ERROR if found & FAULTS else Outcome.REFUSED


def _touches(trace: AccessTrace) -> Iterator[dict[str, Any]]:
    for (act, served), rows in trace.rows.items():
        yield {"act": act.value, "kind": served.kind.value, **ids_of(rows), **_levels(served)}
    for kind, rows in trace.not_found.items():
        yield {"act": Act.SOUGHT.value, "kind": kind.value, **ids_of(rows)}
    yield from map(_change, trace.changes)


def ids_of(rows: Rows) -> dict[str, list[ObjectId]]:
    """The ids of a touch, as it has them."""
    ids: dict[str, list[Any]] = {}
    if rows.customers and rows.customers[0] is not None:  # rows of one kind all have a customer, or none has
        ids["customers"] = rows.customers
    if rows.records:
        ids["records"] = rows.records
    return ids


@lru_cache(maxsize=4096)
def _levels(served: Served) -> dict[str, list[str]]:
    """The fields by level. Shared between entries: not to be changed."""
    levels: dict[str, list[str]] = {"plain": list(served.plain), "masked": [], "denied": []}
    for name, level, _ in served.below_plain:
        levels["masked" if level is Level.MASKED else "denied"].append(name)
    return {level: names for level, names in levels.items() if names}


def _change(change: TracedChange) -> dict[str, Any]:
    touch: dict[str, Any] = {"act": change.act.value, "kind": change.kind.value}
    if change.customer is not None:
        touch["customers"] = [change.customer]
    if change.record is not None:
        touch["records"] = [change.record]
    if change.fields:
        touch["written"] = sorted(change.fields)
    touch["code"] = change.code
    if change.refused:
        touch["refused"] = sorted(change.refused)
    return touch
