"""How many customers there are by what row scope goes by: kind, account manager, department. Numbers alone.

For those who administer rules, to know whom a change concerns: they see no customer, so no access plan governs this,
and who may ask is decided elsewhere. INVARIANT: no value of a customer leaves but the two that scopes are made of.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from documents.declaring.kind import Kind
from documents.reading.customers import CustomerReader


@dataclass(frozen=True, slots=True)
class Place:
    """Where a customer stands in terms of row scope."""

    kind: Kind
    account_manager: str | None
    department: str | None


class CustomerCounts:
    """Counts over all customers."""

    def __init__(self, customers: CustomerReader) -> None:
        self._customers = customers
        self._collection = customers.store.collection

    async def by_place(self) -> Mapping[Place, int]:
        """The number of customers in each place that has any."""
        group = {"kind": "$kind", "account_manager": "$account_manager", "department": "$department"}
        cursor = await self._collection.aggregate([{"$group": {"_id": group, "count": {"$sum": 1}}}])
        return {_place(row["_id"]): row["count"] for row in await cursor.to_list()}

    async def places(self, customer_ids: Collection[str]) -> Mapping[str, Place]:
        """The places of the customers with these ids (24 hexadecimal digits) that exist."""
        wanted = {"_id": {"$in": [ObjectId(customer_id) for customer_id in customer_ids]}}
        shown = self._customers.proven(())
        found = await self._collection.find(wanted, shown).to_list()
        rows = await self._customers.proof.genuine(found, self._customers.again({}, shown))
        return {str(row["_id"]): _place(row) for row in rows}


def _place(row: Mapping[str, Any]) -> Place:
    return Place(Kind(row["kind"]), row.get("account_manager"), row.get("department"))
