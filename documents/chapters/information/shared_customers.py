"""Who may see what of whom by consent (I7): the consents and agreements of a partner that are in force at an instant.

It answers in ids and field names, which decide access; no customer's value is read here. Nothing is kept: what ended a
moment ago is over.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.database import AsyncDatabase

from documents.chapters.information.kinds import Consent, SharingAgreement
from documents.declaring.kind import CUSTOMER_KINDS, Kind


@dataclass(frozen=True, slots=True)
class SharedCustomer:
    """One customer and the fields (public names) that a partner may see of it now."""

    row_id: ObjectId
    kind: Kind
    fields: frozenset[str]


@dataclass(frozen=True, slots=True)
class SharedPage:
    """Up to `limit` customers of these kinds, by id, behind the one `after`."""

    limit: int
    kinds: Collection[Kind] = CUSTOMER_KINDS
    after: ObjectId | None = None
    descending: bool = False


class SharingRepository:
    """Consents and agreements, as far as they decide access."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._consents = database[Consent.collection]
        self._agreements = database[SharingAgreement.collection]

    async def shared_with(self, partner: str, at: datetime, asked: SharedPage) -> list[SharedCustomer]:
        """The customers of the page that are shared with the partner."""
        condition = self._in_force(partner, at, asked.kinds)
        if asked.after is not None:
            condition["customer_id"] = {"$lt" if asked.descending else "$gt": asked.after}
        return await self._found(partner, at, condition, asked)

    async def one(self, partner: str, at: datetime, customer_id: ObjectId) -> SharedCustomer | None:
        """The customer, if it is shared with the partner."""
        condition = self._in_force(partner, at, CUSTOMER_KINDS) | {"customer_id": customer_id}
        found = await self._found(partner, at, condition, SharedPage(limit=1))
        return found[0] if found else None

    async def _found(
        self, partner: str, at: datetime, condition: Mapping[str, Any], asked: SharedPage
    ) -> list[SharedCustomer]:
        covered = await self._covered(partner, at)
        if covered is not None and not covered:
            return []
        direction = -1 if asked.descending else 1
        found = await self._consents.aggregate(
            [
                {"$match": condition},
                {"$sort": {"customer_id": direction}},
                {"$group": {"_id": "$customer_id", "customer": {"$first": "$customer"}, "given": {"$push": "$fields"}}},
                {"$sort": {"_id": direction}},
                {"$limit": asked.limit},
            ]
        )
        return [_shared(row, covered) async for row in found]

    async def count(self, partner: str, at: datetime, kinds: Collection[Kind]) -> int:
        """How many customers are shared with the partner."""
        covered = await self._covered(partner, at)
        if covered is not None and not covered:
            return 0
        return len(await self._consents.distinct("customer_id", self._in_force(partner, at, kinds)))

    async def _covered(self, partner: str, at: datetime) -> frozenset[str] | None:
        """The fields that agreements in force cover; None: every field, empty: there is no agreement."""
        condition = {
            "partner": partner,
            "signed_at": {"$lte": at},
            "expires_at": {"$gt": at},
            **_not_ended("ended_at", at),
        }
        agreements = await self._agreements.find(condition, {"fields": 1}).to_list()
        if any("fields" not in agreement for agreement in agreements):
            return None
        return frozenset(field for agreement in agreements for field in agreement["fields"])

    @staticmethod
    def _in_force(partner: str, at: datetime, kinds: Collection[Kind]) -> dict[str, Any]:
        condition: dict[str, Any] = {
            "partner": partner,
            "given_at": {"$lte": at},
            "expires_at": {"$gt": at},
            **_not_ended("withdrawn_at", at),
        }
        if frozenset(kinds) != frozenset(CUSTOMER_KINDS):
            condition["customer"] = {"$regex": f"^({'|'.join(sorted(kind.value for kind in kinds))})_"}
        return condition


def _not_ended(field: str, at: datetime) -> Mapping[str, Any]:
    return {"$or": [{field: None}, {field: {"$gt": at}}]}


def _shared(row: Mapping[str, Any], covered: frozenset[str] | None) -> SharedCustomer:
    given = frozenset(field for fields in row["given"] for field in fields)
    kind = Kind(row["customer"].rpartition("_")[0])
    return SharedCustomer(row["_id"], kind, given if covered is None else given & covered)
