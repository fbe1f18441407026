"""What an operation asks for in declared fields is what the database is asked for in stored ones."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from bson import Decimal128, ObjectId

from documents.chapters.credit.kinds import ReceivableState
from documents.declaring.kind import Kind
from documents.reading.where import Before, OneOf, Where
from documents.registry import FULL_CATALOGUE
from documents.storing.layout import CustomerReference

ROW = ObjectId("65a1b2c3d4e5f60718293a4b")
CUSTOMER = CustomerReference(Kind.ENTERPRISE, ROW, "demo.manager", "sales")


@pytest.mark.parametrize(
    ("where", "stored"),
    [
        (Where(), {}),
        (Where(customer=CUSTOMER), {"customer_id": ROW}),
        (Where(customer=ROW, number="FP-1"), {"customer_id": ROW, "number": "FP-1"}),
        (Where(state=ReceivableState.OPEN, paid_on=None), {"state": "open", "paid_on": None}),
        (Where(due_on=Before(date(2026, 2, 3))), {"due_on": {"$lt": "2026-02-03"}}),
        (Where(balance=Decimal("0.10")), {"balance": Decimal128("0.10")}),
        (Where(is_over_limit=True), {"is_over_limit": True}),
        (Where(currency=OneOf(["CNY", "EUR"])), {"currency": {"$in": ["CNY", "EUR"]}}),
        (Where(currency=OneOf([])), {"currency": {"$in": []}}),
        (Where(id=f"receivable_{ROW}"), {"_id": ROW}),
        (Where(id=ROW), {"_id": ROW}),
    ],
)
def test_declared_fields_become_stored_ones(where: Where, stored: dict[str, Any]) -> None:
    assert where.filter(FULL_CATALOGUE, Kind.RECEIVABLE) == stored


@pytest.mark.parametrize("given", [f"contract_{ROW}", "receivable_0", "", str(ROW)])
def test_an_id_of_nothing_meets_no_row(given: str) -> None:
    """No row is without an id."""
    assert Where(id=given).filter(FULL_CATALOGUE, Kind.RECEIVABLE) == {"_id": None}
    assert Where(id=OneOf([given, ROW])).filter(FULL_CATALOGUE, Kind.RECEIVABLE) == {"_id": {"$in": [None, ROW]}}


@pytest.mark.parametrize("name", ["_id", "customer_id", "_owner", "_tokens", "unheard_of"])
def test_what_is_not_declared_cannot_be_asked_for(name: str) -> None:
    with pytest.raises(KeyError):
        Where(**{name: "x"}).filter(FULL_CATALOGUE, Kind.RECEIVABLE)


def test_what_is_encrypted_cannot_be_compared() -> None:
    with pytest.raises(TypeError, match="liability"):
        Where(liability="x").filter(FULL_CATALOGUE, Kind.CONTRACT)


def test_an_operator_is_a_value_like_any_other() -> None:
    """Nothing that is given becomes one: it is text."""
    assert isinstance(Where(number={"$ne": None}).filter(FULL_CATALOGUE, Kind.RECEIVABLE)["number"], str)
