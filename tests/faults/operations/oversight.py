"""Incidents, and the keys."""

from __future__ import annotations

from typing import Any, Final

from tests.faults.operations.customers import OFFICER, at, person, seen
from tests.faults.stage import Asked, Operation, Prepare, Stage


async def incident(stage: Stage) -> dict[str, Any]:
    """A new one."""
    return await stage.done(OFFICER, "recordIncident", **_told())


def _told() -> dict[str, Any]:
    told = {
        "title": "身份证号码外泄",
        "whatHappened": "短时间内大量查看",
        "severity": "MAJOR",
        "suspect": "demo.credit",
    }
    return {**told, "discoveredAt": at(0)}


async def _look(stage: Stage) -> dict[str, Any]:
    """What is searched for: a customer whose number was seen since."""
    customer, since = await person(stage), at(0)
    query = "query($id: ID!) { customer(id: $id) { ... on Individual { idNumber } } }"
    await stage.asked("demo.credit", query, id=customer["id"])
    return {"person": "demo.credit", "field": "idNumber", "since": since, "until": at(0)}


async def _record(_: Stage) -> Operation:
    return Asked(OFFICER, "recordIncident", _told())


async def _scope(stage: Stage) -> Operation:
    """What lists the customers concerned."""
    given = await _look(stage)
    return Asked(OFFICER, "scopeIncident", {**seen(await incident(stage)), **given})


async def _measure(stage: Stage) -> Operation:
    return Asked(OFFICER, "addIncidentMeasure", {**seen(await incident(stage)), "what": "停用涉事账号"})


async def _measured(stage: Stage) -> dict[str, Any]:
    return await stage.done(OFFICER, "addIncidentMeasure", **seen(await incident(stage)), what="停用涉事账号")


async def _complete(stage: Stage) -> Operation:
    return Asked(OFFICER, "completeIncidentMeasure", {**seen(await _measured(stage)), "number": 1})


async def _contained(stage: Stage) -> dict[str, Any]:
    made = await stage.done(OFFICER, "completeIncidentMeasure", **seen(await _measured(stage)), number=1)
    return await stage.done(OFFICER, "scopeIncident", **seen(made), **await _look(stage))


async def _notify(stage: Stage) -> Operation:
    given = {**seen(await _contained(stage)), "recipient": "REGULATOR"}
    return Asked(OFFICER, "recordIncidentNotification", given)


async def _waive(stage: Stage) -> Operation:
    given = {**seen(await _contained(stage)), "recipient": "CUSTOMERS", "reason": "未造成外泄"}
    return Asked(OFFICER, "waiveIncidentNotification", given)


async def _close(stage: Stage) -> Operation:
    made = await _contained(stage)
    for recipient in ("REGULATOR", "CUSTOMERS"):
        made = await stage.done(OFFICER, "recordIncidentNotification", **seen(made), recipient=recipient)
    return Asked(OFFICER, "closeIncident", {**seen(made), "closingReport": "账号已停用，客户已告知。"})


async def _rotate(stage: Stage) -> Operation:
    """What enqueues a job too."""
    keys = (await stage.asked(OFFICER, "{ keys { vaultKeys { fingerprint state } } }"))["keys"]["vaultKeys"]
    [active] = (key["fingerprint"] for key in keys if key["state"] == "ACTIVE")
    return Asked(OFFICER, "rotateVaultKey", {"replaces": active})


OPERATIONS: Final[dict[str, Prepare]] = {
    "recordIncident": _record,
    "scopeIncident": _scope,
    "addIncidentMeasure": _measure,
    "completeIncidentMeasure": _complete,
    "recordIncidentNotification": _notify,
    "waiveIncidentNotification": _waive,
    "closeIncident": _close,
    "rotateVaultKey": _rotate,
}
