"""Service: contacts, tickets, complaints, standards, trainings."""

from __future__ import annotations

from typing import Any, Final

from tests.faults.operations.customers import account, day, seen, served
from tests.faults.stage import Asked, Operation, Prepare, Stage

AGENT, LEAD, HANDLER, TRAINER = "demo.agent", "demo.lead", "demo.complaints", "demo.trainer"
STEPS = ("acceptComplaint", "investigateComplaint", "resolveComplaint", "answerComplaint")


async def ticket(stage: Stage) -> dict[str, Any]:
    """A new ticket of a customer of the service department."""
    return await stage.done(AGENT, "openTicket", customer=await served(stage), subject="发票")


async def resolved(stage: Stage) -> dict[str, Any]:
    """A ticket that is done, but for its end."""
    made = await ticket(stage)
    made = await stage.done(AGENT, "replyToTicket", **seen(made), summary="已回复", channel="TELEPHONE")
    return await stage.done(AGENT, "changeTicketState", **seen(made), action="RESOLVE")


async def complaint(stage: Stage, steps: int = 0) -> dict[str, Any]:
    """A complaint that has gone so many steps."""
    made = await stage.done(AGENT, "fileComplaint", customer=await served(stage), subject="投诉")
    for step in STEPS[:steps]:
        made = await stage.done(HANDLER, step, **_stepping(made, step))
    return made


def _stepping(record: dict[str, Any], step: str) -> dict[str, Any]:
    return {**seen(record), "note": "处理中", **({"answer": "已退款"} if step == "answerComplaint" else {})}


def _complaint_step(number: int) -> Prepare:
    async def prepare(stage: Stage) -> Operation:
        step = STEPS[number]
        return Asked(HANDLER, step, _stepping(await complaint(stage, number), step))

    return prepare


async def _contact(stage: Stage) -> Operation:
    given = {"customer": await served(stage), "content": "CONSULTATION", "channel": "TELEPHONE", "summary": "问候"}
    return Asked(AGENT, "recordContact", given)


async def _satisfaction(stage: Stage) -> Operation:
    """What is noted in the ticket too."""
    made = await stage.done(AGENT, "closeTicket", **seen(await resolved(stage)))
    return Asked(
        LEAD, "recordSatisfaction", {"about": made["id"], "score": 5, "comment": "满意", "channel": "TELEPHONE"}
    )


async def _open(stage: Stage) -> Operation:
    given = {"customer": await served(stage), "subject": "发票", "callbackTelephone": "13812345678"}
    return Asked(AGENT, "openTicket", given)


async def _assign(stage: Stage) -> Operation:
    return Asked(LEAD, "assignTicket", {**seen(await ticket(stage)), "assignee": LEAD})


async def _reply(stage: Stage) -> Operation:
    """What makes a contact too."""
    return Asked(AGENT, "replyToTicket", {**seen(await ticket(stage)), "summary": "已回复", "channel": "EMAIL"})


async def _change_state(stage: Stage) -> Operation:
    return Asked(AGENT, "changeTicketState", {**seen(await ticket(stage)), "action": "START"})


async def _close(stage: Stage) -> Operation:
    return Asked(AGENT, "closeTicket", seen(await resolved(stage)))


async def _file(stage: Stage) -> Operation:
    return Asked(AGENT, "fileComplaint", {"customer": await served(stage), "subject": "投诉", "description": "服务"})


async def _standard(stage: Stage) -> Operation:
    """One that replaces another."""
    given: dict[str, Any] = {"customerKind": "ENTERPRISE", "category": "CONTRACT_SIGNING", "priority": "URGENT"}
    given["resolveWithin"] = 900
    await stage.done("demo.admin", "setServiceStandard", **given, replyWithin=30)
    return Asked("demo.admin", "setServiceStandard", {**given, "replyWithin": 31 + stage.number() % 600})


async def _performance(stage: Stage) -> Operation:
    given = {"person": await account(stage), "firstDay": "2026-10-01", "lastDay": "2026-10-31", "remarks": "良好"}
    return Asked(LEAD, "reviewPerformance", given)


async def _course(stage: Stage) -> Operation:
    return Asked(TRAINER, "createCourse", _new_course(stage))


def _new_course(stage: Stage) -> dict[str, Any]:
    return {"code": f"FW-{stage.number()}", "title": "服务", "roles": ["service_agent"], "validityMonths": 12}


async def planned(stage: Stage) -> dict[str, Any]:
    """A training that can be scheduled."""
    made = await stage.done(TRAINER, "createCourse", **_new_course(stage))
    return {"course": made["id"], "heldOn": day(-1), "trainer": TRAINER, "place": "三楼会议室"}


async def _schedule(stage: Stage) -> Operation:
    return Asked(TRAINER, "scheduleTraining", await planned(stage))


async def _result(stage: Stage) -> Operation:
    held = await stage.done(TRAINER, "scheduleTraining", **await planned(stage))
    given = {"session": held["id"], "person": AGENT, "attended": True, "passed": True, "mark": 90}
    return Asked(TRAINER, "recordTrainingResult", given)


OPERATIONS: Final[dict[str, Prepare]] = {
    "recordContact": _contact,
    "recordSatisfaction": _satisfaction,
    "openTicket": _open,
    "assignTicket": _assign,
    "replyToTicket": _reply,
    "changeTicketState": _change_state,
    "closeTicket": _close,
    "fileComplaint": _file,
    **{step: _complaint_step(number) for number, step in enumerate(STEPS)},
    "setServiceStandard": _standard,
    "reviewPerformance": _performance,
    "createCourse": _course,
    "scheduleTraining": _schedule,
    "recordTrainingResult": _result,
}
