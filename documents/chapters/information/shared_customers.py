"""Who may see what of whom by consent (I7): the consents and agreements of a partner that are in force at an instant.

It answers in ids and field names, which decide access; no customer's value is read here. Nothing is kept: what ended a
moment ago is over. INVARIANT: a consent that does not prove whose it is opens nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from bson import ObjectId

from documents.declaring.kind import CUSTOMER_KINDS, Kind
from documents.reading.conditions import both
from documents.reading.records import RecordReader
from documents.storing.row_scope import Filter

_READ: Final = ("customer", "fields")
"""Of a consent, beside what proves whose it is."""


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
        self._reader = consents
        self._consents = consents.store.collection
        self._agreements = agreements.store.collection

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
            groups = await self._consented(behind, asked)
            given = [consent for group in groups for consent in group["consents"]]
            genuine = await self._reader.proof.genuine(given, self._reader.again(condition, self._reader.proven(_READ)))
            consents: dict[ObjectId, list[Mapping[str, Any]]] = {}
            for consent in genuine:
                consents.setdefault(consent["customer_id"], []).append(consent)
            found += [_shared(consents[group["_id"]], covered) for group in groups if group["_id"] in consents]
            if len(groups) < asked.limit or len(consents) == len(groups):
                break
            # Some were forged: the list goes on.
            behind = both(condition, {"customer_id": {direction: groups[-1]["_id"]}})
        return found[: asked.limit]

    async def _consented(self, condition: Filter, asked: SharedPage) -> list[dict[str, Any]]:
        """The consents of the first customers."""
        direction = -1 if asked.descending else 1
        wanted = {name: f"${name}" for name in self._reader.proven(("_id", *_READ))}
        found = await self._consents.aggregate(
            [
                {"$match": condition},
                {"$sort": {"customer_id": direction}},
                {"$group": {"_id": "$customer_id", "consents": {"$push": wanted}}},
                {"$sort": {"_id": direction}},
                {"$limit": asked.limit},
            ]
        )
        return await found.to_list()

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
