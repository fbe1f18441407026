"""A binding is true of its row, its collection and what it was made for, and of nothing else."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from bson import Binary, ObjectId

from documents.encryption import row_bindings
from documents.encryption.row_bindings import BINDING, RowBindings

ROWS, CUSTOMERS = [ObjectId(bytes([n] * 12)) for n in (1, 2)], [ObjectId(bytes([n] * 12)) for n in (3, 4)]
NAMES = (None, "", "a", "b", "ab")
STRANGE: list[Any] = [None, "", b"", 1, [], {}, True, Binary(b"x" * 16, 5), "x" * 16]


def kinds_of_bindings() -> list[RowBindings]:
    return [RowBindings(secret * 32, name) for secret, name in product((b"s", b"t"), ("tickets", "contracts"))]


def test_each_is_true_of_one_row_and_customer() -> None:
    """In one collection, under one secret; also when it was found true before."""
    cases = list(product(range(4), ROWS, CUSTOMERS))
    bindings = kinds_of_bindings()
    made = {case: bindings[case[0]].of_customer(*case[1:]) for case in cases}
    for _ in range(2):
        for case, (other, binding) in product(cases, made.items()):
            assert bindings[case[0]].binds_customer(case[1], case[2], binding) == (case == other)
            row = {"_id": case[1], "customer_id": case[2], BINDING: binding}
            assert bindings[case[0]].all_known([row]) == (case == other)


def test_each_is_true_of_one_owner_and_department() -> None:
    """Which are not read into each other, and none is not an empty one; nor is it a customer's."""
    bindings, other = RowBindings(b"s" * 32, "reminders"), RowBindings(b"s" * 32, "undertakings")
    scopes = list(product(ROWS, NAMES, NAMES))
    made = {scope: bindings.of_scope(*scope) for scope in scopes}
    assert len(set(made.values())) == len(scopes)
    for scope in scopes:
        for its, binding in made.items():
            assert bindings.binds_scope(*scope, binding) == (its == scope)
        assert not other.binds_scope(*scope, made[scope])
        assert not bindings.binds_customer(scope[0], CUSTOMERS[0], made[scope])


def test_whatever_stands_there_is_judged() -> None:
    """No type of a stored value is a fault of ours, and none is a binding."""
    bindings = RowBindings(b"s" * 32, "tickets")
    true = bindings.of_customer(ROWS[0], CUSTOMERS[0])
    for one in STRANGE:
        assert not bindings.binds_customer(ROWS[0], CUSTOMERS[0], one)
        assert not bindings.binds_customer(ROWS[0], one, true)
        assert not bindings.binds_customer(one, CUSTOMERS[0], true)
        assert not bindings.binds_scope(ROWS[0], "a", "b", one)
        assert not bindings.all_known([{"_id": ROWS[0], "customer_id": CUSTOMERS[0], BINDING: one}])
        assert not bindings.all_known([{"_id": one, "customer_id": CUSTOMERS[0], BINDING: true}])
    for one in (1, ["a"], {"x": 1}, b"a"):
        assert not bindings.binds_scope(ROWS[0], one, None, bindings.of_scope(ROWS[0], "a", None))
    assert not bindings.all_known([{"_id": ROWS[0]}])


def test_what_was_true_is_kept_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """And what is forgotten is found true again."""
    monkeypatch.setattr(row_bindings, "KEPT", 3)
    bindings, ids = RowBindings(b"s" * 32, "tickets"), [ObjectId() for _ in range(9)]
    rows = [{"_id": one, "customer_id": ROWS[0], BINDING: bindings.of_customer(one, ROWS[0])} for one in ids]
    for _ in range(2):
        for row in rows:
            assert bindings.binds_customer(row["_id"], row["customer_id"], row[BINDING])
            assert bindings.all_known([row])
            assert len(bindings._true) <= 3
    assert not bindings.all_known(rows)
