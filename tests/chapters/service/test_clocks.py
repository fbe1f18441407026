"""Standards that are near or breached: seen, and escalated once per level to the right role (S2, S6)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from documents.writing.records import RecordWrites
from jobs.chapters.service import escalate
from policies.default import rules_text
from settings import Settings
from tests.api import Api, demo, seeded
from tests.chapters.service.service_desk import (
    changed,
    customer_of,
    done,
    opened,
    opened_earlier,
    row_id,
    run_job,
    worked_before,
)

LONG_AGO = timedelta(days=40)


@pytest.fixture(scope="module")
async def api(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    async with demo(mongodb_uri, tmp_path_factory.mktemp("clocks")) as api:
        yield api


async def standing(api: Api, record: Any, who: str = "demo.lead") -> Any:
    kind = "ticket" if record["id"].startswith("ticket") else "complaint"
    query = f"""{{ {kind}(id: "{record["id"]}") {{ standing nextDueAt escalationLevel version
        escalations {{ measure level role person }} }} }}"""
    return (await api.ask(who, query))["data"][kind]


async def test_s2_a_breached_standard_is_seen_and_escalates_once_per_level(api: Api) -> None:
    """To whoever works on it, the manager, the supervisor; a second run tells nobody again."""
    ticket = await opened(api, assignee="guo.peng")
    await opened_earlier(api, ticket, datetime.now(UTC) - LONG_AGO)
    assert await run_job(api, escalate) >= 1
    found = await standing(api, ticket)
    assert (found["standing"], found["escalationLevel"], found["nextDueAt"]) == ("BREACHED", 3, None)
    told = [(entry["measure"], entry["level"], entry["role"], entry["person"]) for entry in found["escalations"]]
    levels = [(1, "service_agent", "guo.peng"), (2, "service_manager", None), (3, "supervisor", None)]
    assert told == [(measure, *level) for measure in ("REPLY", "RESOLUTION") for level in levels]
    await opened_earlier(api, ticket, datetime.now(UTC) - LONG_AGO)
    await run_job(api, escalate)
    assert (await standing(api, ticket))["escalations"] == found["escalations"]


async def test_s2_who_renames_roles_names_those_to_whom_late_work_is_escalated(
    mongodb_uri: str, tmp_path: Path
) -> None:
    """By a setting for tickets and one for complaints; every role that is told is one of the rules in force."""
    names = {"service_manager": "team_lead", "supervisor": "controller", "complaint_handler": "mediator"}
    renamed = re.sub("|".join(names), lambda found: names[found[0]], rules_text())
    settings = Settings(
        data_dir=tmp_path,
        database="renamed_roles_test",
        jobs="worker",
        ticket_escalation=("service_agent", "team_lead", "controller"),
        complaint_escalation=("mediator", "team_lead", "controller"),
    )
    async with seeded(settings, mongodb_uri) as api:
        await api.services.store.activate(renamed, "tests")
        given = {"customer": await customer_of(api, "service"), "subject": "投诉"}
        complaint = await done(api, "demo.agent", "fileComplaint", given, "complaint")
        for record, levels in (
            (await opened(api), settings.ticket_escalation),
            (complaint, settings.complaint_escalation),
        ):
            await opened_earlier(api, record, datetime.now(UTC) - LONG_AGO)
            await run_job(api, escalate)
            told = (await standing(api, record, "demo.agent"))["escalations"]
            assert [entry["role"] for entry in told if entry["measure"] == "REPLY"] == list(levels)
            assert set(levels) <= api.services.store.compiler.roles


async def test_s2_what_is_near_its_standard_is_told_to_whoever_works_on_it(api: Api) -> None:
    """From four fifths of the working time; the next instant is when it is breached."""
    now = datetime.now(UTC)
    ticket = await opened(api)  # a reply within four hours
    await opened_earlier(api, ticket, worked_before(now, timedelta(hours=3, minutes=20)))
    await run_job(api, escalate)
    found = await standing(api, ticket)
    assert (found["standing"], found["escalationLevel"]) == ("NEAR", 1)
    assert [entry["role"] for entry in found["escalations"]] == ["service_agent"]
    assert datetime.fromisoformat(found["nextDueAt"]) > now


async def test_s2_lists_by_standing_show_what_is_late_and_what_comes_next(api: Api) -> None:
    """By filter and by order, over the API."""
    ticket = await opened(api, subject="逾期工单")
    await opened_earlier(api, ticket, datetime.now(UTC) - LONG_AGO)
    await run_job(api, escalate)
    query = """{ late: tickets(filter: { standing: { eq: BREACHED } }) { nodes { id standing } totalCount }
        told: tickets(filter: { escalationLevel: { eq: 3 } }) { nodes { id } }
        next: tickets(sort: { field: NEXT_DUE_AT }, filter: { nextDueAt: { gte: "2000-01-01T00:00:00Z" } }) {
          nodes { nextDueAt } } }"""
    data = (await api.ask("demo.lead", query))["data"]
    assert ticket["id"] in [node["id"] for node in data["late"]["nodes"]]
    assert {node["standing"] for node in data["late"]["nodes"]} == {"BREACHED"}
    assert ticket["id"] in [node["id"] for node in data["told"]["nodes"]]
    due = [datetime.fromisoformat(node["nextDueAt"]) for node in data["next"]["nodes"]]
    assert due == sorted(due)


async def test_s2_what_is_done_or_waits_for_the_customer_is_not_escalated(api: Api) -> None:
    """A resolved ticket has no clock; a waiting one that was answered has none that runs."""
    resolved = await changed(api, await changed(api, await opened(api), "START"), "RESOLVE")
    assert resolved["nextDueAt"] is None
    waiting = await changed(api, await opened(api), "START")
    given = {"id": waiting["id"], "version": waiting["version"], "summary": "请补充材料"}
    waiting = await done(api, "demo.agent", "replyToTicket", given)
    assert waiting["nextDueAt"] is not None
    waiting = await changed(api, waiting, "WAIT")
    assert (waiting["nextDueAt"], waiting["resolveBy"]) == (None, None)
    assert (await changed(api, waiting, "CONTINUE"))["nextDueAt"] is not None


async def test_s2_a_killed_escalation_leaves_nothing_and_the_next_run_does_it(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two tickets in one transaction the second fails: neither is escalated."""
    tickets = [await opened(api) for _ in range(2)]
    for ticket in tickets:
        await opened_earlier(api, ticket, datetime.now(UTC) - LONG_AGO)
    update, calls = RecordWrites.update, []

    async def second_fails(self: RecordWrites, *arguments: Any, **more: Any) -> None:
        calls.append(arguments)
        if len(calls) == 2:
            raise SystemError("killed")
        await update(self, *arguments, **more)

    with monkeypatch.context() as patch:
        patch.setattr(RecordWrites, "update", second_fails)
        with pytest.raises(AssertionError, match="SystemError"):
            await run_job(api, escalate)
    assert [(await standing(api, ticket))["escalationLevel"] for ticket in tickets] == [0, 0]
    await run_job(api, escalate)
    assert [(await standing(api, ticket))["escalationLevel"] for ticket in tickets] == [3, 3]


async def test_s6_complaints_have_a_standard_and_escalate(api: Api) -> None:
    """Two hours to accept it, forty to resolve it; told to a handler first."""
    given = {"customer": await customer_of(api, "service"), "subject": "投诉"}
    complaint = await done(api, "demo.agent", "fileComplaint", given, "complaint")
    row = await api.services.database["complaints"].find_one({"_id": row_id(complaint["id"])})
    assert row is not None
    assert (row["reply_within"], row["resolve_within"]) == (120, 2400)
    await opened_earlier(api, complaint, datetime.now(UTC) - LONG_AGO)
    await run_job(api, escalate)
    found = await standing(api, complaint, "demo.complaints")
    assert (found["standing"], found["escalationLevel"]) == ("BREACHED", 3)
    roles = [entry["role"] for entry in found["escalations"] if entry["measure"] == "REPLY"]
    assert roles == ["complaint_handler", "service_manager", "supervisor"]
