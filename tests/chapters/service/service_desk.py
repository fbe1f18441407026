"""What the tests of the chapter on service do over and over: ask, open, step on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId

import app
from documents.chapters.jobs.kinds import JobState
from documents.reckoning.working_time import WorkingCalendar
from jobs.definition import JobDefinition
from jobs.registry import JobResources
from jobs.runner import JobRunner, Worker
from tests.api import Api

TICKET = """id version state subject category priority channel openedAt firstReplyAt resolvedAt replyBy resolveBy
  standing nextDueAt escalationLevel escalations { measure level role person at } waits { begins ends }
  replyMinutes replyInTime resolutionMinutes resolvedInTime satisfactionScore assignee { username }"""
COMPLAINT = """id version state subject openedAt firstReplyAt resolvedAt replyBy standing satisfactionScore
  assignee { username } steps { stage by at } notes { stage note } answer"""
ERRORS = "userErrors { code field rule message }"


def pascal(name: str) -> str:
    return name[0].upper() + name[1:]


async def do(
    api: Api, who: str, name: str, given: dict[str, Any], kind: str = "ticket", fields: str = "id version", **how: Any
) -> dict[str, Any]:
    """The payload of the mutation `name`."""
    query = f"mutation($i: {pascal(name)}Input!) {{ {name}(input: $i) {{ {kind} {{ {fields} }} {ERRORS} }} }}"
    answer = await api.ask(who, query, {"i": given}, **how)
    assert (answer.get("data") or {}).get(name) is not None, answer
    payload: dict[str, Any] = answer["data"][name]
    return payload


async def done(api: Api, who: str, name: str, given: dict[str, Any], kind: str = "ticket", **how: Any) -> Any:
    """The record after the mutation `name`, which must succeed."""
    fields = how.pop("fields", TICKET if kind == "ticket" else COMPLAINT if kind == "complaint" else "id version")
    payload = await do(api, who, name, given, kind, fields, **how)
    assert payload["userErrors"] == [], payload
    return payload[kind]


async def refused(api: Api, who: str, name: str, given: dict[str, Any], kind: str = "ticket", **how: Any) -> Any:
    """(code, rule) of the errors of the mutation `name`, which all have the same; nothing else comes with them."""
    payload = await do(api, who, name, given, kind, **how)
    [found] = {(error["code"], error["rule"]) for error in payload["userErrors"]}
    assert payload[kind] is None or found[0] == "STALE_VERSION"
    return found


async def customer_of(api: Api, department: str) -> str:
    """The public id of a customer of the department."""
    row = await api.services.database["customers"].find_one({"department": department}, sort=[("_id", 1)])
    assert row is not None
    return f"{row['kind']}_{row['_id']}"


async def opened(api: Api, who: str = "demo.agent", **given: Any) -> Any:
    """A new ticket."""
    customer = given.pop("customer", None) or await customer_of(api, "service")
    return await done(api, who, "openTicket", {"customer": customer, "subject": "发票", **given})


async def changed(api: Api, ticket: Any, action: str, who: str = "demo.agent") -> Any:
    """The ticket after `action`."""
    given = {"id": ticket["id"], "version": ticket["version"], "action": action}
    return await done(api, who, "changeTicketState", given)


def row_id(record_id: str) -> ObjectId:
    return ObjectId(record_id.rpartition("_")[2])


async def opened_earlier(api: Api, record: Any, at: datetime) -> None:
    """Has the ticket or complaint been opened `at` that time, with its clock due since then."""
    collection = "tickets" if record["id"].startswith("ticket") else "complaints"
    values = {"opened_at": at, "next_due_at": at + timedelta(minutes=1)}
    await api.services.database[collection].update_one({"_id": row_id(record["id"])}, {"$set": values})


async def run_job(api: Api, definition: JobDefinition[JobResources]) -> int:
    """Has a worker run the job once; how many records it says it dealt with."""
    services = api.services
    runner = JobRunner(services.ledger, [definition], app.job_resources(services), Worker("test", tuple))
    job_id = await services.ledger.enqueue(definition.name)
    while (handed_out := await services.ledger.hand_out([definition.name], timedelta(seconds=30))) is not None:
        await runner.run(handed_out)
    record = await services.jobs.get(job_id)
    assert record.state is JobState.SUCCEEDED, record
    return record.done


def worked_before(now: datetime, working: timedelta) -> datetime:
    """The latest full minute before `now` since which at least `working` has been worked."""
    calendar, start = WorkingCalendar(), now.replace(second=0, microsecond=0)
    while calendar.working_time_between(start, now) < working:
        start -= timedelta(minutes=1)
    return start
