"""The use cases of figures: performance of people and departments, satisfaction, channels (S4, S5, G3)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any, NotRequired, TypedDict

from documents.access.plan import AccessPlan
from documents.chapters.accounts.directory import AccountRepository
from documents.chapters.service.figures import Period, ServiceFigures
from documents.chapters.service.performance import PerformanceSums, average, indicators
from documents.chapters.service.satisfaction import share
from documents.declaring.kind import Kind
from documents.errors import RuleBrokenError
from documents.plain_records import Record, Records
from documents.reckoning.working_time import SHANGHAI
from documents.writing.idempotency import IdempotentRequest
from documents.writing.records import RecordWrites
from policies.authorize import CREATE, READ
from resolvers.caller import Caller
from resolvers.chapters.service.cases import ServiceCases

INDICATORS = (
    "tickets",
    "average_reply_minutes",
    "average_resolution_minutes",
    "share_within_standard",
    "average_satisfaction",
)


class ReviewPerformance(TypedDict):
    person: str
    first_day: str
    last_day: str
    remarks: NotRequired[str | None]


def period(first: date, last: date) -> Period:
    """The days from `first` to `last`, both included, as China counts them."""
    return Period(_midnight(first), _midnight(last + timedelta(days=1)))


class Figures:
    """What the records add up to. Nothing of it is stored but what a review keeps."""

    def __init__(self, cases: ServiceCases, figures: ServiceFigures, accounts: AccountRepository) -> None:
        self._operations = cases.operations
        self._figures = figures
        self._accounts = accounts

    async def performance(self, caller: Caller, person: str, first: date, last: date) -> Record | None:
        """The person's indicators; None where the caller may see none of them, or there is no such person."""
        staff = (await self._accounts.staff([person])).get(person)
        if staff is None:
            return None
        found = await self._of_people(caller, {person: staff}, period(first, last))
        return found[0] if found else None

    async def performance_of(self, caller: Caller, department: str, first: date, last: date) -> Records:
        """The indicators of everybody in the department whose indicators the caller may see."""
        accounts = await self._accounts.of_department(department)
        people = await self._accounts.staff([account.username for account in accounts])
        return await self._of_people(caller, dict(sorted(people.items())), period(first, last))

    async def review(self, caller: Caller, given: ReviewPerformance, request: IdempotentRequest | None) -> str:
        """Keeps the indicators of a person and period with the remarks of whoever appraises them.

        Raises RuleBrokenError `performance.own_review`, `performance.period_reversed`."""
        plan = await self._operations.plan(caller, Kind.PERFORMANCE_REVIEW, CREATE)
        tickets = await self._operations.plan(caller, Kind.TICKET, READ)
        person, days = given["person"], (date.fromisoformat(given["first_day"]), date.fromisoformat(given["last_day"]))
        staff = (await self._accounts.staff([person])).get(person)
        if days[0] > days[1]:
            raise RuleBrokenError("performance.period_reversed", "last_day")

        async def work(writes: RecordWrites) -> str:
            sums = await self._figures.performance(tickets, [person], period(*days), caller.report)
            measured = _indicators(sums.get(person, PerformanceSums()))
            derived = {**measured, "department": staff["department"] if staff is not None else None}
            made = await writes.insert(plan, Kind.PERFORMANCE_REVIEW, given, derived=derived, by=caller.username)
            if person == caller.username:
                raise RuleBrokenError("performance.own_review", "person")
            return made

        return await self._operations.run(caller, work, request)

    async def satisfaction(self, caller: Caller, by: str, first: date, last: date) -> Records:
        """Averages by the field `by` of satisfactions: person, department, channel or month."""
        plan = await self._operations.plan(caller, Kind.SATISFACTION, READ)
        scores = await self._figures.satisfaction(plan, by, period(first, last), caller.report)
        return Records(
            Record(
                key=one.key,
                answered=one.answered,
                average=_text(average(one.total, one.answered)),
                share_satisfied=_text(share(one.satisfied, one.answered)),
            )
            for one in scores
        )

    async def channels(self, caller: Caller, kind: Kind, first: date, last: date) -> Records:
        """How many contacts, tickets or complaints came by each channel in each month."""
        plan = await self._operations.plan(caller, kind, READ)
        counts = await self._figures.channels(plan, kind, period(first, last), caller.report)
        return Records(Record(month=one.month, channel=one.channel, count=one.count) for one in counts)

    async def _of_people(self, caller: Caller, people: dict[str, Record], days: Period) -> Records:
        plan = await self._operations.plan(caller, Kind.PERFORMANCE_REVIEW, READ)
        shown = {name: self._shown(plan, name, staff) for name, staff in people.items()}
        visible = [name for name, fields in shown.items() if fields]
        if not visible:
            return Records()
        tickets = await self._operations.plan(caller, Kind.TICKET, READ)
        sums = await self._figures.performance(tickets, visible, days, caller.report)
        return Records(
            Record(
                person=people[name],
                **{
                    field: _text(value) if field in shown[name] else None
                    for field, value in _indicators(sums.get(name, PerformanceSums())).items()
                },
            )
            for name in visible
        )

    def _shown(self, plan: AccessPlan, person: str, staff: Record) -> frozenset[str]:
        """The indicators of the person that the caller may see."""
        grants = self._figures.grants_of_person(plan, Kind.PERFORMANCE_REVIEW, person, staff["department"])
        return grants.plain & frozenset(INDICATORS) if "person" in grants.plain & grants.filterable else frozenset()


def _indicators(sums: PerformanceSums) -> dict[str, Any]:
    found = indicators(sums)
    return {name: getattr(found, name) for name in INDICATORS}


def _text(value: Any) -> Any:
    return value if value is None or isinstance(value, int) else str(value)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI)
