"""Training of service staff (S3): courses, sessions, results, who is due, what expires."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from documents.reckoning.days import add_months
from documents.reckoning.working_time import SHANGHAI
from jobs.chapters.service import judge_validity
from tests.api import Api, demo
from tests.chapters.service.service_desk import do, done, refused, row_id, run_job

TRAINER = "demo.trainer"
DUE = """query($d: String!) { trainingDue(department: $d) {
  person { username } course code title reason by } }"""


@pytest.fixture(scope="module")
async def api(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    async with demo(mongodb_uri, tmp_path_factory.mktemp("training")) as api:
        for name in ("courses", "training_sessions", "training_results"):
            await api.services.database[name].delete_many({})  # the demo's own
        yield api


def today() -> date:
    return datetime.now(UTC).astimezone(SHANGHAI).date()


async def course(api: Api, code: str, **given: Any) -> str:
    values = {"code": code, "title": f"课程 {code}", "roles": ["service_agent"], **given}
    made = await done(api, TRAINER, "createCourse", values, "course")
    return str(made["id"])


async def session(api: Api, course_id: str, held_on: date) -> str:
    values = {"course": course_id, "heldOn": str(held_on), "trainer": TRAINER, "place": "三楼会议室"}
    made = await done(api, TRAINER, "scheduleTraining", values, "trainingSession")
    return str(made["id"])


async def result(api: Api, session_id: str, person: str = "demo.agent", **given: Any) -> Any:
    values = {"session": session_id, "person": person, "attended": True, "passed": True, "mark": 90, **given}
    fields = "id validUntil validity person { username } department { code } heldOn course"
    return await done(api, TRAINER, "recordTrainingResult", values, "trainingResult", fields=fields)


async def due(api: Api, who: str, code: str, department: str = "service") -> list[tuple[str, str, str | None]]:
    answer = await api.ask(who, DUE, {"d": department})
    assert "errors" not in answer, answer
    return [
        (entry["person"]["username"], entry["reason"], entry["by"])
        for entry in answer["data"]["trainingDue"]
        if entry["code"] == code
    ]


async def test_s3_a_course_is_planned_held_and_passed_and_then_nobody_is_due(api: Api) -> None:
    """From the course to the result; only who has its role had to attend."""
    code, held_on = "FW-01", today() - timedelta(days=3)
    course_id = await course(api, code, validityMonths=12)
    assert await due(api, "demo.lead", code) == [("demo.agent", "NEVER_PASSED", None)]
    made = await result(api, await session(api, course_id, held_on))
    assert made["department"]["code"] == "service"
    assert (made["heldOn"], made["course"]) == (str(held_on), course_id)
    assert (made["validUntil"], made["validity"]) == (str(add_months(held_on, 12)), "VALID")
    assert await due(api, "demo.lead", code) == []


async def test_s3_failed_absent_and_expired_count_as_due(api: Api) -> None:
    """Who failed has never passed; what has run out says since when."""
    code = "FW-02"
    course_id = await course(api, code, validityMonths=6)
    await result(api, await session(api, course_id, today() - timedelta(days=400)), passed=False)
    assert await due(api, "demo.lead", code) == [("demo.agent", "NEVER_PASSED", None)]
    long_ago = today() - timedelta(days=300)
    made = await result(api, await session(api, course_id, long_ago))
    assert made["validity"] == "EXPIRED"
    assert await due(api, "demo.lead", code) == [("demo.agent", "EXPIRED", str(add_months(long_ago, 6)))]


async def test_s3_each_sees_who_is_due_as_far_as_results_are_theirs_to_see(api: Api) -> None:
    """The manager of the department, the trainer all, an agent itself; others nobody, like a department that is not."""
    code = "FW-03"
    await course(api, code, roles=["service_agent", "service_manager"])
    everybody = [("demo.agent", "NEVER_PASSED", None), ("demo.lead", "NEVER_PASSED", None)]
    assert await due(api, "demo.lead", code) == everybody
    assert await due(api, TRAINER, code) == everybody
    assert await due(api, "demo.agent", code) == everybody[:1]
    for who, department in (("demo.archivist", "service"), ("demo.lead", "credit"), ("demo.lead", "nowhere")):
        assert await due(api, who, code, department) == []


async def test_s3_results_are_recorded_once_after_the_session_by_trainers(api: Api) -> None:
    """Rules of the regulation and of the policy; nothing is left behind by a refusal."""
    course_id = await course(api, "FW-04")
    coming, held = await session(api, course_id, today() + timedelta(days=5)), await session(api, course_id, today())
    given = {"session": held, "person": "demo.agent", "attended": True, "passed": True}
    name, kind = "recordTrainingResult", "trainingResult"
    early = await refused(api, TRAINER, name, {**given, "session": coming}, kind)
    assert early == ("RULE_BROKEN", "training.not_held")
    absent = await refused(api, TRAINER, name, {**given, "attended": False}, kind)
    assert absent == ("RULE_BROKEN", "training.passed_unattended")
    unknown = await refused(api, TRAINER, name, {**given, "session": "training_session_" + "0" * 24}, kind)
    assert unknown == ("INVALID_VALUE", "value.unknown_record")
    for held_or_not in (held, "training_session_" + "0" * 24):
        denied = await refused(api, "demo.agent", name, {**given, "session": held_or_not}, kind)
        assert denied == ("ACCESS_DENIED", None)
    assert await api.services.database["training_results"].count_documents({"session": held}) == 0
    for _ in range(2):
        await done(api, TRAINER, name, given, kind, key="result-1")
    again = await refused(api, TRAINER, name, given, kind)
    assert again == ("RULE_BROKEN", "training.already_recorded")
    assert await refused(
        api, TRAINER, "createCourse", {"code": "FW-04", "title": "x", "roles": ["service_agent"]}, "course"
    ) == ("RULE_BROKEN", "course.code_taken")


async def test_s3_of_courses_with_one_code_made_at_once_one_is_made(api: Api) -> None:
    """The others are told that the code is taken; so it is with results."""
    given = {"code": "FW-07", "title": "并发", "roles": ["service_agent"]}
    payloads = await asyncio.gather(*(do(api, TRAINER, "createCourse", given, "course") for _ in range(6)))
    made = [payload["course"]["id"] for payload in payloads if payload["course"] is not None]
    assert len(made) == 1
    assert sum(error["rule"] == "course.code_taken" for p in payloads for error in p["userErrors"]) == 5
    held = {"session": await session(api, made[0], today()), "person": "demo.agent", "attended": True, "passed": True}
    name, kind = "recordTrainingResult", "trainingResult"
    payloads = await asyncio.gather(*(do(api, TRAINER, name, held, kind) for _ in range(6)))
    assert sum(payload[kind] is not None for payload in payloads) == 1


async def test_s3_a_person_reads_its_own_results_and_no_others(api: Api) -> None:
    """The result of the manager is not the agent's."""
    course_id = await course(api, "FW-05", roles=["service_manager"])
    foreign = await result(api, await session(api, course_id, today()), "demo.lead")
    own = await result(api, await session(api, course_id, today()), "demo.agent")
    query = "query($id: ID!) { trainingResult(id: $id) { id mark } }"
    assert (await api.ask("demo.agent", query, {"id": foreign["id"]}))["data"]["trainingResult"] is None
    assert (await api.ask("demo.agent", query, {"id": own["id"]}))["data"]["trainingResult"]["mark"] == 90
    inspector = (await api.ask("demo.inspector", query, {"id": own["id"]}))["data"]["trainingResult"]
    assert inspector == {"id": own["id"], "mark": None}


async def test_s3_the_daily_job_notes_what_expires(api: Api) -> None:
    """Valid, expiring from thirty days before, expired; by the day of the tick, and found by filter."""
    course_id = await course(api, "FW-06", validityMonths=12)
    made = await result(api, await session(api, course_id, today()))
    results = api.services.database["training_results"]
    for until, validity in ((20, "EXPIRING"), (-1, "EXPIRED")):
        day = str(today() + timedelta(days=until))
        await results.update_one({"_id": row_id(made["id"])}, {"$set": {"valid_until": day}})
        assert await run_job(api, judge_validity) >= 1
        query = f"{{ trainingResults(filter: {{ validity: {{ eq: {validity} }} }}) {{ nodes {{ id }} }} }}"
        answer = await api.ask(TRAINER, query)
        assert made["id"] in [node["id"] for node in answer["data"]["trainingResults"]["nodes"]]
    assert await run_job(api, judge_validity) == 0
