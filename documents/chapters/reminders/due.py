"""What ends or is due soon, page by page, and the reminders of it: one per record, subject and day.

Owns the identity of a reminder, which is derived from these three. One about a customer, or a record of theirs, names
the customer (`_customer`) and is the business of whoever manages the customer, now and later. Every read takes the
`AccessPlan` of whoever acts; it must never read a field that the plan does not show in every row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from bson import ObjectId

from documents.access.plan import AccessPlan, Action, Scope
from documents.access.report import AccessReport
from documents.access.trace import Act
from documents.audit.entries import ChangedRow
from documents.chapters.customers.kinds import Status
from documents.chapters.reminders.kinds import Reminder, ReminderState, ReminderSubject
from documents.declaring.kind import CUSTOMER_KINDS, Kind
from documents.errors import FieldAccessError
from documents.reading.conditions import both
from documents.reading.customers import CustomerReader, FirstRows
from documents.reading.list_query import Sort
from documents.reading.records import RecordReader
from documents.reckoning.working_time import SHANGHAI
from documents.storing.layout import CustomerReference
from documents.storing.row_proof import GenuineRows
from documents.storing.row_scope import Filter
from documents.writing.scopes import scopes_in_company
from documents.writing.unit_of_work import UnitOfWork

_ALL: Final = frozenset({Scope.ALL})
_WRITTEN: Final = Reminder.model_fields.keys() - {"version", "created_at", "created_by", "updated_at"}
REVIEWS: Final = (ReminderSubject.REVIEW_DUE, ReminderSubject.REVIEW_OVERDUE)


@dataclass(frozen=True, slots=True)
class Due:
    """What somebody is to be reminded of. `id` is its place in the order in which pages come: day or time, row."""

    id: str
    about: str
    what: ReminderSubject
    due_on: date
    person: str | None
    department: str | None
    customer: ObjectId | None = None
    renewed: bool = False  # there is nothing to remind of any more


@dataclass(frozen=True, slots=True)
class Expiry:
    """How records of one kind end: by `expires_at`, unless they `ended` before; how many days before their end they are
    spoken of, and whose business it is."""

    kind: Kind
    what: ReminderSubject
    notice_days: int
    ended: str
    person: str
    read: tuple[str, ...]  # the declared fields that are read of them


EXPIRIES: Final[Mapping[Kind, Expiry]] = {
    one.kind: one
    for one in (
        Expiry(
            Kind.UNDERTAKING,
            ReminderSubject.UNDERTAKING_EXPIRES,
            30,
            "withdrawn_at",
            "staff",
            ("expires_at", "withdrawn_at", "staff"),
        ),
        Expiry(
            Kind.CONSENT,
            ReminderSubject.CONSENT_EXPIRES,
            14,
            "withdrawn_at",
            "_owner",
            ("expires_at", "withdrawn_at"),
        ),
        Expiry(
            Kind.SHARING_AGREEMENT,
            ReminderSubject.AGREEMENT_EXPIRES,
            14,
            "ended_at",
            "created_by",
            ("expires_at", "ended_at", "created_by"),
        ),
    )
}


class ReminderRepository:
    """What there is to remind of, and the reminders."""

    def __init__(self, readers: Mapping[Kind, RecordReader], customers: CustomerReader) -> None:
        self._readers = readers
        self._customers = customers
        self._rows = readers[Kind.REMINDER].store.collection
        self._bindings = readers[Kind.REMINDER].store.bindings

    async def expiring(
        self, plan: AccessPlan, expiry: Expiry, now: datetime, after: str | None, limit: int
    ) -> Sequence[Due]:
        """A page of the records in force at `now` that expire within the days of notice, the soonest first; an
        undertaking that its signer has renewed says so. Raises FieldAccessError."""
        until = now + timedelta(days=expiry.notice_days)
        reader = self._readers[expiry.kind]
        scope = reader.countable_rows(plan, expiry.read, AccessReport())
        if scope is None:
            return ()
        condition = both({"expires_at": {"$gt": now, "$lte": until}, expiry.ended: None}, scope)
        if after is not None:
            instant, _, row_id = after.partition("/")
            condition = both(condition, _beyond("expires_at", datetime.fromisoformat(instant), row_id))
        wanted = reader.proven(("expires_at", expiry.person, "_department"))
        found, _ = await reader.first_rows(FirstRows(condition, wanted, Sort("expires_at"), limit))
        renewed: Collection[str] = ()
        if expiry.kind is Kind.UNDERTAKING:
            people = {row[expiry.person] for row in found}
            later = both({"staff": {"$in": list(people)}, "expires_at": {"$gt": until}, expiry.ended: None}, scope)
            renewed = {row["staff"] for row in await self._genuine(reader, later, ("staff",))}
        return [_expiring(expiry, row, renewed=row.get(expiry.person) in renewed) for row in found]

    @staticmethod
    async def _genuine(reader: RecordReader, condition: Filter, names: Iterable[str]) -> GenuineRows:
        wanted = reader.proven(names)
        found = await reader.store.collection.find(condition, wanted).to_list()
        return await reader.proof.genuine(found, reader.again(condition, wanted))

    async def reviews(self, plan: AccessPlan, today: date, until: date, after: str | None, limit: int) -> Sequence[Due]:
        """A page of the customers whose information is due for review by `until`, those due for longest first.

        `plan` is of customers. Raises FieldAccessError."""
        scope = self._reviewable(plan)
        if scope is None:
            return ()
        condition = both({"next_review_on": {"$lte": until.isoformat()}, "status": {"$ne": Status.CLOSED.value}}, scope)
        if after is not None:
            day, _, row_id = after.partition("/")
            condition = both(condition, _beyond("next_review_on", day, row_id))
        wanted = self._customers.proven(("next_review_on",))
        rows, _ = await self._customers.first_rows(FirstRows(condition, wanted, Sort("next_review_on"), limit))
        return [_review(row, today) for row in rows]

    async def remind(self, unit: UnitOfWork, plan: AccessPlan, due: Iterable[Due], by: str) -> None:
        """Makes the reminders that there are not yet, hands on those whose person is another by now, and ends those of
        what was renewed."""
        self._check(plan)
        wanted = {_reminder_id(one.about, one.what, one.due_on): one for one in due}
        overdue = [one for one in wanted.values() if one.what is ReminderSubject.REVIEW_OVERDUE]
        old_news = [_reminder_id(one.about, ReminderSubject.REVIEW_DUE, one.due_on) for one in overdue]
        customers = await unit.lock_many({one.customer for one in wanted.values() if one.customer is not None})
        known = {
            row["_id"]: row
            async for row in self._rows.find({"_id": {"$in": [*wanted, *old_news]}}, session=unit.session)
        }
        now = datetime.now(UTC)
        made: list[dict[str, Any]] = []
        for reminder_id, one in wanted.items():
            if one.customer is not None and one.customer not in customers:
                continue  # it went, and there is nobody to remind of anything
            customer = customers[one.customer] if one.customer is not None else None
            whose = self._whose(reminder_id, one, customer)
            row = known.get(reminder_id)
            if row is None and not one.renewed:
                made.append(_new_row(reminder_id, one, whose, by, now))
            elif row is not None and one.renewed:
                await self._end(unit, row, now)
            elif row is not None and any(row.get(name) != value for name, value in whose.items()):
                await self._update(unit, row, whose, now)
        await unit.insert_many(self._rows, made, [_changed(Act.CREATE, row, _WRITTEN & row.keys()) for row in made])
        for reminder_id in old_news:
            if reminder_id in known:
                await self._end(unit, known[reminder_id], now)

    async def mark_done(self, unit: UnitOfWork, about: str, subjects: Collection[ReminderSubject]) -> None:
        """What a record was due for was done: nobody needs to be reminded any more."""
        condition = {"about": about, "what": {"$in": [one.value for one in subjects]}}
        now = datetime.now(UTC)
        for row in await self._rows.find(condition, session=unit.session).to_list():
            await self._end(unit, row, now)

    async def _end(self, unit: UnitOfWork, row: Mapping[str, Any], now: datetime) -> None:
        if row["state"] == ReminderState.OPEN.value:
            await self._update(unit, row, {"state": ReminderState.DONE.value, "done_at": now}, now)

    async def _update(self, unit: UnitOfWork, row: Mapping[str, Any], values: Mapping[str, Any], now: datetime) -> None:
        kept = {name: value for name, value in values.items() if value is not None}
        change: dict[str, Any] = {"$set": {**kept, "updated_at": now}, "$inc": {"version": 1}}
        if cleared := dict.fromkeys(values.keys() - kept.keys(), ""):
            change["$unset"] = cleared
        await unit.update(self._rows, {"_id": row["_id"]}, change, _changed(Act.WRITE, row, _WRITTEN & values.keys()))

    def _whose(self, reminder_id: ObjectId, due: Due, customer: CustomerReference | None) -> dict[str, Any]:
        """Who is to be reminded, and what proves it: whoever manages the customer at this moment, where it is about
        one."""
        person = customer.account_manager if customer is not None else due.person
        department = customer.department if customer is not None else due.department
        nobodys = dict.fromkeys(("_owner", "_department"))
        scopes = scopes_in_company(self._bindings, Reminder, reminder_id, person, department)
        return {"for_person": person, "department": department, **nobodys, **scopes}

    def _reviewable(self, plan: AccessPlan) -> Filter | None:
        """The filter of the customers whose review may be seen to be due."""
        needed = frozenset({"next_review_on", "status", "account_manager", "department"})
        scopes = []
        for kind in CUSTOMER_KINDS:
            if refused := needed - plan.grants(kind, _ALL).plain:
                raise FieldAccessError(Action.READ, refused)
            if (scope := self._customers.visible_rows(plan, kind)) is not None:
                scopes.append(scope)
        return {"$or": scopes} if scopes else None

    def _check(self, plan: AccessPlan) -> None:
        needed = frozenset(Reminder.model_fields) - {"done_at", "version", "created_at", "created_by", "updated_at"}
        if refused := needed - plan.grants(Kind.REMINDER, _ALL).creatable:
            raise FieldAccessError(Action.CREATE, refused)


def _beyond(field: str, value: Any, row_id: str) -> Filter:
    """The rows behind a place in the order of `field`."""
    later = [{field: {"$gt": value}}, {field: value, "_id": {"$gt": ObjectId(row_id)}}]
    return {field: {"$gte": value}, "$or": later}


def _expiring(expiry: Expiry, row: Mapping[str, Any], *, renewed: bool) -> Due:
    expires_at: datetime = row["expires_at"]
    return Due(
        id=f"{expires_at.isoformat()}/{row['_id']}",
        about=f"{expiry.kind.value}_{row['_id']}",
        what=expiry.what,
        due_on=expires_at.astimezone(SHANGHAI).date(),
        person=row.get(expiry.person),
        department=row.get("_department"),
        customer=row.get("customer_id"),
        renewed=renewed,
    )


def _review(row: Mapping[str, Any], today: date) -> Due:
    due_on = date.fromisoformat(row["next_review_on"])
    what = ReminderSubject.REVIEW_OVERDUE if due_on < today else ReminderSubject.REVIEW_DUE
    return Due(
        id=f"{row['next_review_on']}/{row['_id']}",
        about=f"{row['kind']}_{row['_id']}",
        what=what,
        due_on=due_on,
        person=row.get("account_manager"),
        department=row.get("department"),
        customer=row["_id"],
    )


def _reminder_id(about: str, what: ReminderSubject, due_on: date) -> ObjectId:
    return ObjectId(hashlib.sha256(f"{about} {what.value} {due_on.isoformat()}".encode()).digest()[:12])


def _new_row(reminder_id: ObjectId, due: Due, whose: Mapping[str, Any], by: str, now: datetime) -> dict[str, Any]:
    row = {
        "_id": reminder_id,
        "kind": Kind.REMINDER.value,
        "version": 1,
        "created_at": now,
        "created_by": by,
        "updated_at": now,
        "about": due.about,
        "what": due.what.value,
        "due_on": due.due_on.isoformat(),
        "state": ReminderState.OPEN.value,
        "_tokens": {},
        "_terms": [],
        "_customer": due.customer,
        **whose,
    }
    return {name: value for name, value in row.items() if value is not None}


def _changed(act: Act, row: Mapping[str, Any], written: Collection[str]) -> ChangedRow:
    version = row["version"] + (act is Act.WRITE)
    return ChangedRow(act, Kind.REMINDER.value, version, tuple(sorted(written)), row.get("_customer"), row["_id"])
