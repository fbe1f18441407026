"""Who may see what of whom by consent (I7): the consents and agreements of a partner that are in force at an instant.

It answers in ids and field names, which decide access; no customer's value is read here. Nothing is kept: what ended a
moment ago is over. INVARIANT: a consent that does not prove whose it is opens nothing, nor does a consent or agreement
that Dossier did not write as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from bson import ObjectId

from documents.declaring.kind import CUSTOMER_KINDS, Kind
from documents.reading.conditions import both
from documents.reading.projections import WHOLE
from documents.reading.records import RecordReader
from documents.storing.row_scope import Filter

_BATCH: Final = 500


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

    def __init__(self, consents: RecordReader, agreements: RecordReader) -> None:
        self._consents = consents
        self._agreements = agreements

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

    async def _found(self, partner: str, at: datetime, condition: Filter, asked: SharedPage) -> list[SharedCustomer]:
        covered = await self._covered(partner, at)
        if covered is not None and not covered:
            return []
        found: list[SharedCustomer] = []
        behind, direction = condition, "$lt" if asked.descending else "$gt"
        while len(found) < asked.limit:
            customers = await self._consenting(behind, asked)
            consents: dict[ObjectId, list[Mapping[str, Any]]] = {}
            for consent in await self._standing(self._consents, both(condition, {"customer_id": {"$in": customers}})):
                consents.setdefault(consent["customer_id"], []).append(consent)
            found += [_shared(consents[customer], covered) for customer in customers if customer in consents]
            if len(customers) < asked.limit or len(consents) == len(customers):
                break
            # Some were forged: the list goes on.
            behind = both(condition, {"customer_id": {direction: customers[-1]}})
        return found[: asked.limit]

    async def _consenting(self, condition: Filter, asked: SharedPage) -> list[ObjectId]:
        """The first customers who say that they consent."""
        direction = -1 if asked.descending else 1
        found = await self._consents.store.collection.aggregate(
            [
                {"$match": condition},
                {"$group": {"_id": "$customer_id"}},
                {"$match": {"$expr": {"$eq": [{"$type": "$_id"}, "objectId"]}}},  # a forged one may be of any type
                {"$sort": {"_id": direction}},
                {"$limit": asked.limit},
            ]
        )
        return [group["_id"] async for group in found]

    async def count(self, partner: str, at: datetime, kinds: Collection[Kind]) -> int:
        """How many customers are shared with the partner: each consent is verified, as it is for a page."""
        covered = await self._covered(partner, at)
        if covered is not None and not covered:
            return 0
        consents = await self._standing(self._consents, self._in_force(partner, at, kinds))
        return len({consent["customer_id"] for consent in consents})

    async def _covered(self, partner: str, at: datetime) -> frozenset[str] | None:
        """The fields that agreements in force cover; None: every field, empty: there is no agreement."""
        condition = {
            "partner": partner,
            "signed_at": {"$lte": at},
            "expires_at": {"$gt": at},
            **_not_ended("ended_at", at),
        }
        agreements = await self._standing(self._agreements, condition)
        if any("fields" not in agreement for agreement in agreements):
            return None
        return frozenset(field for agreement in agreements for field in agreement["fields"])

    @staticmethod
    async def _standing(reader: RecordReader, condition: Filter) -> list[Mapping[str, Any]]:
        """The rows that meet the condition, as Dossier wrote them last; of consents, of the customer whose they are."""
        found: list[Mapping[str, Any]] = []
        cursor = reader.store.collection.find(condition)
        while rows := await cursor.to_list(_BATCH):
            genuine = await reader.proof.genuine(rows, reader.again(condition, WHOLE))
            found += await reader.proof.standing(genuine)
        return found

    @staticmethod
    def _in_force(partner: str, at: datetime, kinds: Collection[Kind]) -> Filter:
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


def _shared(consents: Sequence[Mapping[str, Any]], covered: frozenset[str] | None) -> SharedCustomer:
    """The customer of these consents."""
    given = frozenset(field for consent in consents for field in consent["fields"])
    kind = Kind(consents[0]["customer"].rpartition("_")[0])
    return SharedCustomer(consents[0]["customer_id"], kind, given if covered is None else given & covered)
