"""Figures of service, computed by the database from the records themselves: performance, satisfaction, channels.

An aggregate is a read: every method takes an `AccessPlan`, counts the rows in the caller's scopes and no other, and
refuses where the caller may not read and find by each field of each row counted.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any

from bson import ObjectId

from documents.access.plan import AccessPlan, FieldGrants
from documents.access.report import AccessReport
from documents.chapters.service.performance import PerformanceSums
from documents.chapters.service.satisfaction import SATISFIED_FROM
from documents.declaring.kind import Kind
from documents.reading.conditions import both
from documents.reading.customers import FirstRows
from documents.reading.list_query import Sort
from documents.reading.records import RecordReader
from documents.storing.row_scope import Filter, members, scope_set

ZONE = "Asia/Shanghai"
_MEASURED = ("reply_minutes", "reply_in_time", "resolution_minutes", "resolved_in_time", "satisfaction_score")
CHANNEL_TIMES: Mapping[Kind, str] = {
    Kind.SERVICE_CONTACT: "occurred_at",
    Kind.TICKET: "opened_at",
    Kind.COMPLAINT: "opened_at",
}
"""What has a channel, and when it came by it."""


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` on, before `end`."""

    start: datetime
    end: datetime

    def of(self, field: str) -> dict[str, Any]:
        return {field: {"$gte": self.start, "$lt": self.end}}


@dataclass(frozen=True, slots=True)
class Scores:
    """The scores given to one person, department, channel, or in one month (`key`)."""

    key: str
    answered: int
    total: int
    satisfied: int


@dataclass(frozen=True, slots=True)
class ChannelCount:
    """How many came by `channel` in `month`, YYYY-MM."""

    month: str
    channel: str
    count: int


class ServiceFigures:
    """The aggregations."""

    def __init__(self, readers: Mapping[Kind, RecordReader]) -> None:
        self._readers = readers

    async def performance(
        self, plan: AccessPlan, people: Collection[str], period: Period, report: AccessReport
    ) -> Mapping[str, PerformanceSums]:
        """The sums of each of `people` over the tickets opened in the period. Raises FieldAccessError."""
        scope = self._rows(plan, Kind.TICKET, ("assignee", "opened_at", *_MEASURED), report)
        if scope is None:
            return {}
        match = both({"assignee": {"$in": list(people)}, **period.of("opened_at")}, scope)
        rows = await self._aggregate(Kind.TICKET, [{"$match": match}, {"$group": {"_id": "$assignee", **_SUMS}}])
        names = [one.name for one in fields(PerformanceSums)]
        return {row["_id"]: PerformanceSums(**{name: row[name] for name in names}) for row in rows}

    async def satisfaction(self, plan: AccessPlan, by: str, period: Period, report: AccessReport) -> list[Scores]:
        """The scores recorded in the period by the field `by`, or by month where it is `recorded_at`, in order of
        their keys. Raises FieldAccessError."""
        scope = self._rows(plan, Kind.SATISFACTION, tuple(dict.fromkeys((by, "recorded_at", "score"))), report)
        if scope is None:
            return []
        key = _month("recorded_at") if by == "recorded_at" else f"${by}"
        match = both(
            {**period.of("recorded_at"), by: {"$type": "string"}} if by != "recorded_at" else period.of(by), scope
        )
        group = {
            "_id": key,
            "answered": {"$sum": 1},
            "total": {"$sum": "$score"},
            "satisfied": {"$sum": {"$cond": [{"$gte": ["$score", SATISFIED_FROM]}, 1, 0]}},
        }
        rows = await self._aggregate(Kind.SATISFACTION, [{"$match": match}, {"$group": group}, {"$sort": {"_id": 1}}])
        return [Scores(row["_id"], row["answered"], row["total"], row["satisfied"]) for row in rows]

    async def channels(self, plan: AccessPlan, kind: Kind, period: Period, report: AccessReport) -> list[ChannelCount]:
        """How many records of `kind`, one of `CHANNEL_TIMES`, came by each channel in each month of the period."""
        time = CHANNEL_TIMES[kind]
        scope = self._rows(plan, kind, ("channel", time), report)
        if scope is None:
            return []
        group = {"_id": {"month": _month(time), "channel": "$channel"}, "count": {"$sum": 1}}
        match = both(period.of(time), scope)
        rows = await self._aggregate(kind, [{"$match": match}, {"$group": group}, {"$sort": {"_id": 1}}])
        return [ChannelCount(row["_id"]["month"], row["_id"]["channel"], row["count"]) for row in rows]

    async def due(self, plan: AccessPlan, kind: Kind, now: datetime, limit: int) -> list[ObjectId]:
        """The tickets or complaints whose clock has reached `next_due_at`, those due for longest first."""
        scope = self._readers[kind].visible_rows(plan, kind)
        if scope is None:
            return []
        condition = both({"next_due_at": {"$lte": now}}, scope)
        return await self._ids(kind, condition, Sort("next_due_at"), limit)

    async def lapsing(self, plan: AccessPlan, on: date, notice_days: int, limit: int) -> list[ObjectId]:
        """Passed trainings that hold no longer as stored: valid ones that expire within the days of notice, expiring
        ones whose last day has passed."""
        kind = Kind.TRAINING_RESULT
        scope = self._readers[kind].visible_rows(plan, kind)
        if scope is None:
            return []
        soon = {"validity": "valid", "valid_until": {"$lte": (on + timedelta(days=notice_days)).isoformat()}}
        over = {"validity": "expiring", "valid_until": {"$lt": on.isoformat()}}
        return await self._ids(kind, {"$and": [{"$or": [soon, over]}, scope]}, Sort(), limit)

    async def _ids(self, kind: Kind, condition: Filter, sort: Sort, limit: int) -> list[ObjectId]:
        reader = self._readers[kind]
        named = (sort.field,) if sort.field is not None else ()
        rows, _ = await reader.first_rows(FirstRows(condition, reader.proven(named), sort, limit))
        return [row["_id"] for row in rows]

    def grants_of_person(self, plan: AccessPlan, kind: Kind, person: str, department: str | None) -> FieldGrants:
        """What the caller may do with a record of `kind`, one of the company's, that were `person`'s."""
        scope_fields = self._readers[kind].store.layout.scope_fields
        row = {"_owner": person, "_department": department}
        return plan.grants(kind, scope_set(members(plan.row_scope, scope_fields), row))

    def _rows(
        self, plan: AccessPlan, kind: Kind, names: Collection[str], report: AccessReport
    ) -> dict[str, Any] | None:
        return self._readers[kind].countable_rows(plan, names, report)

    def _collection(self, kind: Kind) -> Any:
        return self._readers[kind].store.collection

    async def _aggregate(self, kind: Kind, pipeline: list[dict[str, Any]]) -> list[dict[str, Any]]:
        cursor = await self._collection(kind).aggregate(pipeline)
        rows: list[dict[str, Any]] = await cursor.to_list()
        return rows


def _month(field: str) -> dict[str, Any]:
    return {"$dateToString": {"date": f"${field}", "format": "%Y-%m", "timezone": ZONE}}


def _known(field: str) -> dict[str, Any]:
    """1 where the row has the field, else 0."""
    return {"$cond": [{"$gt": [f"${field}", None]}, 1, 0]}


def _is_true(field: str) -> dict[str, Any]:
    return {"$cond": [{"$eq": [f"${field}", True]}, 1, 0]}


_SUMS: dict[str, Any] = {
    "tickets": {"$sum": 1},
    "replies": {"$sum": _known("reply_minutes")},
    "reply_minutes": {"$sum": "$reply_minutes"},
    "resolutions": {"$sum": _known("resolution_minutes")},
    "resolution_minutes": {"$sum": "$resolution_minutes"},
    "judged": {"$sum": {"$add": [_known("reply_in_time"), _known("resolved_in_time")]}},
    "within": {"$sum": {"$add": [_is_true("reply_in_time"), _is_true("resolved_in_time")]}},
    "scores": {"$sum": _known("satisfaction_score")},
    "score_sum": {"$sum": "$satisfaction_score"},
}
"""`PerformanceSums` as accumulators."""
