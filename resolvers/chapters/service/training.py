"""The use cases of training: courses, sessions, results, and who is due (S3)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from bson import ObjectId

from documents.access.plan import AccessPlan, Action, FieldGrants
from documents.chapters.accounts.directory import AccountRepository, StoredAccount
from documents.chapters.service.figures import ServiceFigures
from documents.chapters.service.training import Attendance, Course, training_due, valid_until, validity
from documents.declaring.kind import Kind
from documents.errors import FieldAccessError, InvalidField, InvalidValueError, RuleBrokenError
from documents.plain_records import Record, Records
from documents.reading.list_query import Selection
from documents.reckoning.working_time import SHANGHAI
from documents.storing.public_ids import parse_id
from documents.writing.idempotency import IdempotentRequest
from documents.writing.locks import lock_kind
from documents.writing.records import RecordWrites
from policies.authorize import CREATE, READ
from resolvers.caller import Caller
from resolvers.chapters.service.cases import ServiceCases

_ATTENDANCE = frozenset({"person", "course", "held_on", "passed"})
_COURSE = frozenset({"code", "title", "roles", "validity_months"})


class Training:
    """Courses, and who attended them."""

    def __init__(self, cases: ServiceCases, figures: ServiceFigures, accounts: AccountRepository) -> None:
        self._operations = cases.operations
        self._now = cases.now
        self._figures = figures
        self._accounts = accounts

    async def create_course(self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None) -> str:
        """Adds a course. Raises RuleBrokenError `course.code_taken`."""
        plan = await self._operations.plan(caller, Kind.COURSE, CREATE)

        async def work(writes: RecordWrites) -> str:
            await lock_kind(self._operations.writer, writes, Kind.COURSE)
            made = await writes.insert(plan, Kind.COURSE, given, by=caller.username)
            if len(await writes.find(plan, Kind.COURSE, {"code": given["code"].strip()})) > 1:
                raise RuleBrokenError("course.code_taken", "code")
            return made

        return await self._operations.run(work, request)

    async def schedule(self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None) -> str:
        """Plans a session of a course."""
        plan = await self._operations.plan(caller, Kind.TRAINING_SESSION, CREATE)
        courses = await self._operations.plan(caller, Kind.COURSE, READ)

        async def work(writes: RecordWrites) -> str:
            if not await writes.find(courses, Kind.COURSE, {"_id": _row(Kind.COURSE, given["course"])}):
                raise InvalidValueError((InvalidField("course", "value.unknown_record"),))
            return await writes.insert(plan, Kind.TRAINING_SESSION, given, by=caller.username)

        return await self._operations.run(work, request)

    async def record_result(self, caller: Caller, given: dict[str, Any], request: IdempotentRequest | None) -> str:
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
            await lock_kind(self._operations.writer, writes, Kind.TRAINING_RESULT)
            row_id = _row(Kind.TRAINING_SESSION, given["session"])
            sessions = await writes.find(system, Kind.TRAINING_SESSION, {"_id": row_id}, "course", "held_on")
            if not sessions:
                raise InvalidValueError((InvalidField("session", "value.unknown_record"),))
            course = await writes.load(courses, Kind.COURSE, sessions[0]["course"], "validity_months")
            held_on = date.fromisoformat(sessions[0]["held_on"])
            until = valid_until(held_on, course["validity_months"]) if given["passed"] else None
            derived = {
                "course": sessions[0]["course"],
                "held_on": held_on,
                "department": department,
                "valid_until": until,
                "validity": validity(until, today) if given["passed"] else None,
            }
            made = await writes.insert(plan, Kind.TRAINING_RESULT, given, derived=derived, by=caller.username)
            same = {"session": given["session"], "person": given["person"]}
            results = await self._operations.system_plan(plan, Kind.TRAINING_RESULT, READ)
            others = [one for one in await writes.find(results, Kind.TRAINING_RESULT, same) if one["id"] != made]
            _check(given, is_held=held_on <= today, is_known=bool(others))
            return made

        return await self._operations.run(work, request)

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

    async def _courses(self, caller: Caller) -> Mapping[str, tuple[Record, Course]]:
        """The courses that the caller may read, by public id."""
        plan = await self._operations.plan(caller, Kind.COURSE, READ)
        found = await self._found(caller, plan, Kind.COURSE, {}, _COURSE)
        return {
            row["id"]: (row, Course(row["id"], frozenset(row["roles"] or ()), row["validity_months"])) for row in found
        }

    async def _attendances(self, caller: Caller, people: list[str]) -> list[Attendance]:
        plan = await self._operations.plan(caller, Kind.TRAINING_RESULT, READ)
        condition = {"person": {"$in": people}, "passed": True}
        return [
            Attendance(row["person"], row["course"], date.fromisoformat(row["held_on"]), is_passed=True)
            for row in await self._found(caller, plan, Kind.TRAINING_RESULT, condition, _ATTENDANCE)
        ]

    async def _found(
        self, caller: Caller, plan: AccessPlan, kind: Kind, condition: dict[str, Any], names: frozenset[str]
    ) -> Records:
        repository = self._operations.writer.reader(kind)
        return await repository.find_in(plan, kind, condition, Selection({kind: names | {"id"}}), caller.report)

    def _today(self) -> date:
        return self._now().astimezone(SHANGHAI).date()


def _row(kind: Kind, record_id: str) -> ObjectId | None:
    parsed = parse_id(record_id, (kind.value,))
    return parsed[1] if parsed is not None else None


def _check(given: Mapping[str, Any], *, is_held: bool, is_known: bool) -> None:
    """Asked after the rights to record a result: then nothing was written when it raises."""
    if not is_held:
        raise RuleBrokenError("training.not_held", "session")
    if given["passed"] and not given["attended"]:
        raise RuleBrokenError("training.passed_unattended", "passed")
    if is_known:
        raise RuleBrokenError("training.already_recorded", "person")
