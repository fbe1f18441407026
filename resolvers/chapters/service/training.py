"""The use cases of training: courses, sessions, results, and who is due (S3)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NotRequired, TypedDict

from documents.access.plan import AccessPlan, Action, FieldGrants
from documents.chapters.accounts.directory import AccountRepository, StoredAccount
from documents.chapters.service.figures import ServiceFigures
from documents.chapters.service.training import Attendance, Course, training_due, valid_until, validity
from documents.declaring.kind import Kind
from documents.errors import FieldAccessError, InvalidField, InvalidValueError, RuleBrokenError
from documents.plain_records import Record, Records
from documents.reading.typed_rows import Known
from documents.reading.where import OneOf, Where
from documents.reckoning.working_time import SHANGHAI
from documents.writing.idempotency import IdempotentRequest
from documents.writing.records import RecordWrites
from policies.authorize import CREATE, READ
from resolvers.caller import Caller
from resolvers.chapters.service.cases import ServiceCases


class CreateCourse(TypedDict):
    code: str
    title: str
    roles: list[str]
    validity_months: NotRequired[int | None]


class ScheduleTraining(TypedDict):
    course: str
    held_on: str
    place: NotRequired[str | None]
    trainer: NotRequired[str | None]


class RecordTrainingResult(TypedDict):
    session: str
    person: str
    attended: bool
    passed: bool
    mark: NotRequired[int | None]


class _KnownSession(Known):
    course: str
    held_on: str


class _Validity(Known):
    validity_months: int | None


class _KnownCourse(_Validity):
    code: str
    title: str
    roles: list[str]


class _KnownAttendance(Known):
    person: str
    course: str
    held_on: str
    passed: bool


_ATTENDANCE = frozenset(_KnownAttendance.__annotations__) - {"id"}


class Training:
    """Courses, and who attended them."""

    def __init__(self, cases: ServiceCases, figures: ServiceFigures, accounts: AccountRepository) -> None:
        self._operations = cases.operations
        self._now = cases.now
        self._figures = figures
        self._accounts = accounts

    async def create_course(self, caller: Caller, given: CreateCourse, request: IdempotentRequest | None) -> str:
        """Adds a course. Raises RuleBrokenError `course.code_taken`."""
        plan = await self._operations.plan(caller, Kind.COURSE, CREATE)

        async def work(writes: RecordWrites) -> str:
            await writes.unit.lock_kind(Kind.COURSE)
            made = await writes.insert(plan, Kind.COURSE, given, by=caller.username)
            if len(await writes.find(plan, Kind.COURSE, Where(code=given["code"].strip()))) > 1:
                raise RuleBrokenError("course.code_taken", "code")
            return made

        return await self._operations.run(caller, work, request)

    async def schedule(self, caller: Caller, given: ScheduleTraining, request: IdempotentRequest | None) -> str:
        """Plans a session of a course."""
        plan = await self._operations.plan(caller, Kind.TRAINING_SESSION, CREATE)
        courses = await self._operations.plan(caller, Kind.COURSE, READ)

        async def work(writes: RecordWrites) -> str:
            if not await writes.find(courses, Kind.COURSE, Where(id=given["course"])):
                raise InvalidValueError((InvalidField("course", "value.unknown_record"),))
            return await writes.insert(plan, Kind.TRAINING_SESSION, given, by=caller.username)

        return await self._operations.run(caller, work, request)

    async def record_result(
        self, caller: Caller, given: RecordTrainingResult, request: IdempotentRequest | None
    ) -> str:
        """Records who attended a session and with what result.

        Raises RuleBrokenError `training.not_held`, `training.passed_unattended`, `training.already_recorded`."""
        plan = await self._operations.plan(caller, Kind.TRAINING_RESULT, CREATE)
        system = await self._operations.system_plan(plan, Kind.TRAINING_SESSION, READ)
        courses = await self._operations.system_plan(plan, Kind.COURSE, READ)
        person = (await self._accounts.staff([given["person"]])).get(given["person"])
        department = person["department"] if person is not None else None
        grants = self._figures.grants_of_person(plan, Kind.TRAINING_RESULT, given["person"], department)
        if refused := given.keys() - grants.creatable:
            raise FieldAccessError(Action.CREATE, refused)
        today = self._today()

        async def work(writes: RecordWrites) -> str:
            await writes.unit.lock_kind(Kind.TRAINING_RESULT)
            found = await writes.find(system, Kind.TRAINING_SESSION, Where(id=given["session"]), _KnownSession)
            if not found:
                raise InvalidValueError((InvalidField("session", "value.unknown_record"),))
            course = await writes.load(courses, Kind.COURSE, found[0]["course"], _Validity)
            held_on = date.fromisoformat(found[0]["held_on"])
            until = valid_until(held_on, course["validity_months"]) if given["passed"] else None
            derived = {
                "course": found[0]["course"],
                "held_on": held_on,
                "department": department,
                "valid_until": until,
                "validity": validity(until, today) if given["passed"] else None,
            }
            made = await writes.insert(plan, Kind.TRAINING_RESULT, given, derived=derived, by=caller.username)
            same = Where(session=given["session"], person=given["person"])
            results = await self._operations.system_plan(plan, Kind.TRAINING_RESULT, READ)
            others = [one for one in await writes.find(results, Kind.TRAINING_RESULT, same) if one["id"] != made]
            _check(given, is_held=held_on <= today, is_known=bool(others))
            return made

        return await self._operations.run(caller, work, request)

    async def due(self, caller: Caller, department: str) -> Records:
        """Who of the department has to attend which course, by person and course; of those whose results the caller
        may read and find by."""
        plan = await self._operations.plan(caller, Kind.TRAINING_RESULT, READ)
        staff = [account for account in await self._accounts.of_department(department) if self._may(plan, account)]
        courses = await self._courses(caller)
        attendances = await self._attendances(caller, [account.username for account in staff])
        found = Records()
        for account in staff:
            offered = [course for _, course in courses.values()]
            for one in training_due(account.username, account.roles, offered, attendances, self._today()):
                record, _ = courses[one.course]
                found.append(
                    Record(
                        person=Record(
                            username=account.username, display_name=account.display_name, department=account.department
                        ),
                        course=record["id"],
                        code=record["code"],
                        title=record["title"],
                        reason=one.reason.value,
                        by=one.by.isoformat() if one.by is not None else None,
                    )
                )
        return found

    def _may(self, plan: AccessPlan, account: StoredAccount) -> bool:
        grants: FieldGrants = self._figures.grants_of_person(
            plan, Kind.TRAINING_RESULT, account.username, account.department
        )
        return grants.plain >= _ATTENDANCE <= grants.filterable

    async def _courses(self, caller: Caller) -> Mapping[str, tuple[_KnownCourse, Course]]:
        """The courses that the caller may read, by public id."""
        plan = await self._operations.plan(caller, Kind.COURSE, READ)
        reader = self._operations.writer.reader(Kind.COURSE)
        return {
            row["id"]: (row, Course(row["id"], frozenset(row["roles"]), row["validity_months"]))
            for row in await reader.rows(plan, Where(), _KnownCourse, caller.report)
        }

    async def _attendances(self, caller: Caller, people: list[str]) -> list[Attendance]:
        plan = await self._operations.plan(caller, Kind.TRAINING_RESULT, READ)
        passed = Where(person=OneOf(people), passed=True)
        reader = self._operations.writer.reader(Kind.TRAINING_RESULT)
        return [
            Attendance(row["person"], row["course"], date.fromisoformat(row["held_on"]), is_passed=True)
            for row in await reader.rows(plan, passed, _KnownAttendance, caller.report)
        ]

    def _today(self) -> date:
        return self._now().astimezone(SHANGHAI).date()


def _check(given: RecordTrainingResult, *, is_held: bool, is_known: bool) -> None:
    """Asked after the rights to record a result: then nothing was written when it raises."""
    if not is_held:
        raise RuleBrokenError("training.not_held", "session")
    if given["passed"] and not given["attended"]:
        raise RuleBrokenError("training.passed_unattended", "passed")
    if is_known:
        raise RuleBrokenError("training.already_recorded", "person")
