"""Channels that write: what a change, its refusal and its answer give away, and that a refusal writes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from documents.declaring.fields import FieldSpec
from documents.registry import CATALOGUE
from tests.leaks.channels import Ask, Per, Script, Subject, channel, selection, whole
from tests.leaks.reads import ABSENT
from tests.leaks.values import spelled
from tests.leaks.worlds import CALLER, HOME, NEIGHBOUR, Row

ERRORS = "userErrors { code message field rule }"
CHANNEL = "CONTRACT"


def _is_written(spec: FieldSpec) -> bool:
    return not spec.declaration.managed


def _is_unique(spec: FieldSpec) -> bool:
    return spec.declaration.unique


def _create(
    subject: Subject, values: Mapping[str, Any], *, refused: bool = False, key: str | None = None, by: str = CALLER
) -> Ask:
    given = {"sourceChannel": CHANNEL, **_public(subject, values)}
    chosen = whole(subject.schema, subject.of_kind)
    return Ask(
        f"mutation($i: CreateCustomerInput!) {{ createCustomer(input: $i) {{ customer {{ {chosen} }} {ERRORS} }} }}",
        {"i": {subject.of_kind.value: given}},
        writes_nothing=refused,
        key=key,
        by=by,
    )


def _update(
    subject: Subject,
    customer_id: str,
    version: int,
    values: Mapping[str, Any],
    *,
    refused: bool = False,
    key: str | None = None,
    by: str = CALLER,
) -> Ask:
    given = {"id": customer_id, "version": version, "sourceChannel": CHANNEL, **_public(subject, values)}
    chosen = whole(subject.schema, subject.of_kind)
    return Ask(
        f"mutation($i: UpdateCustomerInput!) {{ updateCustomer(input: $i) {{ customer {{ {chosen} }} {ERRORS} }} }}",
        {"i": {subject.of_kind.value: given}},
        writes_nothing=refused,
        key=key,
        by=by,
    )


def _delete(customer_id: str, version: int, *, refused: bool = False, key: str | None = None, by: str = CALLER) -> Ask:
    return Ask(
        f"mutation($i: DeleteCustomerInput!) {{ deleteCustomer(input: $i) {{ deletedId {ERRORS} }} }}",
        {"i": {"id": customer_id, "version": version}},
        writes_nothing=refused,
        key=key,
        by=by,
    )


def _public(subject: Subject, values: Mapping[str, Any]) -> dict[str, Any]:
    fields = CATALOGUE.fields(subject.of_kind)
    return {fields[name].public_name: spelled(fields[name], value) for name, value in values.items()}


def _new_customer(subject: Subject) -> dict[str, Any]:
    """Values of a customer that the caller would own; only those fields that it may set on such a one."""
    values = subject.pool.customer(subject.of_kind) | {"account_manager": CALLER, "department": HOME}
    creatable = frozenset[str]().union(*(row.grants.creatable for row in subject.rows if _is_own(row)))
    required = {name for name, spec in CATALOGUE.fields(subject.of_kind).items() if spec.required}
    return {name: value for name, value in values.items() if name in creatable | required}


def _is_own(row: Row) -> bool:
    return bool(row.values["account_manager"] == CALLER and row.values["department"] == HOME)


def _writable(subject: Subject, row: Row) -> list[str]:
    fields = CATALOGUE.fields(subject.of_kind)
    return sorted(name for name in row.grants.writable if not fields[name].declaration.managed)


def _changes(subject: Subject, row: Row, *, count: int = 2) -> dict[str, Any]:
    fields = CATALOGUE.fields(subject.of_kind)
    names = [name for name in _writable(subject, row) if name not in ("account_manager", "department")]
    chosen = subject.random.sample(names, min(count, len(names)))
    return {name: subject.pool.value(fields[name]) for name in chosen}


def _by_scopes(subject: Subject, rows: list[Row]) -> list[Row]:
    """One row of each scope set; two of them outside the full matrix."""
    return subject.some(list({row.scopes: row for row in rows}.values()), 2)


@channel("Mutation.updateCustomer", per=Per.KIND, writes=True)
def echo_of_an_update(subject: Subject) -> Script:
    """What a permitted change returns is a read under the plan; a stale one returns the current record so."""
    for row in _by_scopes(subject, subject.visible):
        version = row.values["version"]
        values = _changes(subject, row)
        if values:
            yield _update(subject, row.public_id, version + 5, values, refused=True)
            yield _update(subject, row.public_id, version, values)
            yield _update(subject, row.public_id, version, values, refused=True)


@channel("Mutation.updateCustomer", per=Per.KIND)
def update_of_nothing(subject: Subject) -> Script:
    """A change without a field is a change all the same: nobody who may write none makes it."""
    for row in _by_scopes(subject, [row for row in subject.rows if not _writable(subject, row)]):
        answer = yield _update(subject, row.public_id, row.values["version"], {}, refused=True)
        assert _codes(answer, "updateCustomer") != set(), "an update by who may write nothing was accepted"


@channel("Mutation.updateCustomer", per=Per.FIELD, applies=_is_written)
def update_of_a_refused_field(subject: Subject) -> Script:
    """Refused alone, with a permitted field beside it, and with the very value that is stored; nothing is written."""
    name = subject.field.name
    rows = _by_scopes(subject, [row for row in subject.rows if name not in row.grants.writable])
    for row in rows:
        version, changes = row.values["version"], _changes(subject, row, count=1)
        for value in (subject.pool.value(subject.field), row.values.get(name), row.in_b(name), None):
            answer = yield _update(subject, row.public_id, version, changes | {name: value}, refused=True)
            assert _codes(answer, "updateCustomer") & {"ACCESS_DENIED", "NOT_FOUND"} or answer.get("errors")


@channel("Mutation.createCustomer", per=Per.FIELD, compares=True, writes=True, applies=_is_unique)
def create_with_a_taken_value(subject: Subject) -> Script:
    """A value that somebody has whom the caller cannot find by it is free as any other, also the second time."""
    spec = subject.field
    for value in [value for pair in subject.pairs(2) for value in pair if value is not None]:
        for _ in range(2):
            yield _create(subject, _new_customer(subject) | {spec.name: value})
    yield Ask("{ customers(first: 100) { totalCount nodes { id } } }")


@channel("Mutation.updateCustomer", per=Per.FIELD, compares=True, writes=True, applies=_is_unique)
def update_to_a_taken_value(subject: Subject) -> Script:
    """As on creation: told only to those who may find the holder by the value."""
    spec = subject.field
    rows = [row for row in subject.visible if spec.name in row.grants.writable][:3]
    values = [value for pair in subject.pairs(2) for value in pair if value is not None]
    for value in values[:3]:
        for row in rows:
            version = row.values["version"] + row_updates(row, values, value)
            yield _update(subject, row.public_id, version, {spec.name: value})


def row_updates(row: Row, values: list[Any], value: Any) -> int:
    """How often the row may have been changed before: a wrong guess is a stale version in both worlds."""
    return values.index(value)


@channel("Mutation.createCustomer", per=Per.FIELD, applies=_is_written)
def create_with_a_refused_field(subject: Subject) -> Script:
    """Refused by name; nothing is written, no identifier claimed."""
    name = subject.field.name
    own = [row for row in subject.rows if _is_own(row)]
    if not any(name in row.grants.creatable for row in own):
        values = _new_customer(subject) | {name: subject.pool.value(subject.field)}
        yield _create(subject, values, refused=True)


@channel("Mutation.updateCustomer", per=Per.FIELD, writes=True, applies=_is_written)
def invalid_values(subject: Subject) -> Script:
    """Broken rules are told without the value, and the same whatever is stored."""
    spec = subject.field
    row = subject.random.choice(list(subject.rows))
    bad: Any = "\u0000" if spec.choices is None else "NO_SUCH_CHOICE"
    for value in (bad, [bad], {"a": 1}, 10**30):
        given = {"id": row.public_id, "version": 1, "sourceChannel": CHANNEL, spec.public_name: value}
        yield Ask(
            "mutation($i: UpdateCustomerInput!) { updateCustomer(input: $i) { " + ERRORS + " } }",
            {"i": {subject.of_kind.value: given}},
            writes_nothing=False,  # some are valid texts
        )


@channel("Mutation.createCustomer", per=Per.KIND, writes=True)
def creation_and_its_echo(subject: Subject) -> Script:
    """What a creation returns, to who may create: a read like any other."""
    yield _create(subject, _new_customer(subject))
    yield _create(subject, {"name": "一" * 300, "account_manager": "nobody.at.all"}, refused=True)


@channel("Mutation.deleteCustomer", per=Per.KIND, writes=True)
def deletion(subject: Subject) -> Script:
    """Refused to who lacks the right on any field; done, once, for who has it."""
    every = CATALOGUE.fields(subject.of_kind).keys()
    for row in _by_scopes(subject, list(subject.rows)):
        version = row.values["version"]
        may = row.grants.is_visible and every <= row.grants.deletable
        yield _delete(row.public_id, version + 3, refused=True)
        yield _delete(row.public_id, version, refused=not may)
        yield _delete(row.public_id, version, refused=True)
        yield Ask(
            f"query($id: ID!) {{ customer(id: $id) {{ {selection(subject.schema, 'Customer')} }} }}",
            {"id": row.public_id},
        )


@channel("Mutation.updateCustomer", "Mutation.deleteCustomer", per=Per.KIND)
def change_of_hidden_and_absent(subject: Subject) -> Script:
    """One answer for a row that exists for others and one that does not exist, but for the id that was sent."""
    absent = f"{subject.of_kind.value}_{ABSENT}"
    values = {"name": "某某"}
    updates, deletions = [], []
    for asked in (absent, *(row.public_id for row in subject.some(subject.hidden, 3))):
        for version in (1, 2):
            updates.append((yield _update(subject, asked, version, values, refused=True)))
            deletions.append((yield _delete(asked, version, refused=True)))
    assert all(answer == updates[0] for answer in updates), "hidden and absent are updated differently"
    assert all(answer == deletions[0] for answer in deletions), "hidden and absent are deleted differently"


@channel("Mutation.createCustomer", "Mutation.updateCustomer", "Mutation.deleteCustomer", per=Per.KIND, writes=True)
def replay(subject: Subject) -> Script:
    """The first answer's record is for who made the request: another caller's same key finds nothing of it."""
    values = _new_customer(subject)
    key = f"key-{subject.of_kind.value}"
    first = yield _create(subject, values, key=key)
    assert first == (yield _create(subject, values, key=key, refused=True)), "a retry is answered differently"
    yield _create(subject, values | {"name": "另一个"}, key=key, refused=True)
    other = yield _create(subject, values, key=key, by=NEIGHBOUR)
    mine, theirs = (
        ((answer.get("data") or {}).get("createCustomer") or {}).get("customer") for answer in (first, other)
    )
    assert mine is None or theirs is None or mine["id"] != theirs["id"], "another caller got the first one's answer"
    for row in _by_scopes(subject, subject.visible):
        changes = _changes(subject, row, count=1)
        for by in (CALLER, CALLER, NEIGHBOUR):
            yield _update(
                subject,
                row.public_id,
                row.values["version"],
                changes,
                key=f"u{row.id}",
                by=by,
                refused=by == CALLER and not _writable(subject, row),
            )
    for row in _by_scopes(subject, subject.hidden):
        yield _update(subject, row.public_id, row.values["version"], {"name": "某某"}, key=f"h{row.id}", refused=True)
        yield _delete(row.public_id, row.values["version"], key=f"d{row.id}", refused=True)


def _codes(answer: dict[str, Any], field: str) -> set[str]:
    payload = (answer.get("data") or {}).get(field) or {}
    found = {error["code"] for error in payload.get("userErrors", ())}
    return found | {error["extensions"]["code"] for error in answer.get("errors", ())}
