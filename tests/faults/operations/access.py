"""What decides access: rules, roles, accounts, sessions."""

from __future__ import annotations

from typing import Any, Final

from tests.api import PASSWORD
from tests.faults.operations.customers import account, at, seen
from tests.faults.stage import Asked, Operation, Prepare, Stage

AUTHOR, SECOND = "demo.policy", "demo.policy2"
LOGIN = "mutation($i: LoginInput!) { login(input: $i) { accessToken refreshToken } }"


async def _csv(stage: Stage, field: str = "subject") -> str:
    """The rules in force with one more, about a field of tickets that archivists have no use for, or without it."""
    await stage.api.services.store.refresh()  # another process may have been the last to activate
    rules = str((await stage.asked(AUTHOR, "{ ruleSet { csv } }"))["ruleSet"]["csv"])
    lines = [line for line in rules.splitlines() if f"archivist, all, ticket, {field}" not in line]
    more = [] if len(lines) < len(rules.splitlines()) else [f"p, archivist, all, ticket, {field}, read, *, allow"]
    return "\n".join([*lines, *more]) + "\n"


async def draft(stage: Stage, *steps: str, field: str = "subject") -> dict[str, Any]:
    """A draft that has gone these steps."""
    made = await stage.done(AUTHOR, "createDraft", comment="a change", csv=await _csv(stage, field))
    for step in steps:
        made = await stage.done(SECOND if step == "approveDraft" else AUTHOR, step, **seen(made))
    return made


def _drafted(mutation: str, *steps: str, who: str = AUTHOR, **more: str) -> Prepare:
    async def prepare(stage: Stage) -> Operation:
        return Asked(who, mutation, {**seen(await draft(stage, *steps)), **more})

    return prepare


async def _create(stage: Stage) -> Operation:
    return Asked(AUTHOR, "createDraft", {"comment": "a change", "csv": await _csv(stage)})


async def _rebase(stage: Stage) -> Operation:
    """On rules that were put in force since."""
    earlier = await draft(stage, field="priority")
    await stage.done(AUTHOR, "activateDraft", **seen(await draft(stage, "submitDraft", "approveDraft")))
    return Asked(AUTHOR, "rebaseDraft", seen(earlier))


async def _revert(stage: Stage) -> Operation:
    await stage.done(AUTHOR, "activateDraft", **seen(await draft(stage, "submitDraft", "approveDraft")))
    now = (await stage.asked(AUTHOR, "{ ruleSets(first: 2) { version } }"))["ruleSets"]
    return Asked(AUTHOR, "revertRules", {"comment": "it was wrong", "toVersion": now[1]["version"]})


async def granted(stage: Stage) -> dict[str, Any]:
    """A role that waits for an approval."""
    given = {"staff": await account(stage), "role": "complaint_handler", "reason": "holidays", "until": at(7)}
    return await stage.done(AUTHOR, "grantRole", **given)


async def _grant(stage: Stage) -> Operation:
    given = {"staff": await account(stage), "role": "complaint_handler", "reason": "holidays", "until": at(7)}
    return Asked(AUTHOR, "grantRole", given)


async def _approve_grant(stage: Stage) -> Operation:
    """What changes an account."""
    return Asked(SECOND, "approveRoleGrant", seen(await granted(stage)))


async def _end_grant(stage: Stage) -> Operation:
    made = await stage.done(SECOND, "approveRoleGrant", **seen(await granted(stage)))
    return Asked(AUTHOR, "endRoleGrant", seen(made))


async def _disable(stage: Stage) -> Operation:
    """Somebody who is logged in."""
    who = await account(stage)
    await stage.api.login(who)
    return Asked(AUTHOR, "disableAccount", {"username": who, "reason": "left"})


async def _enable(stage: Stage) -> Operation:
    who = await account(stage)
    await stage.done(AUTHOR, "disableAccount", username=who, reason="left")
    return Asked(AUTHOR, "enableAccount", {"username": who, "reason": "came back"})


async def _end_sessions(stage: Stage) -> Operation:
    who = await account(stage)
    await stage.api.login(who)
    return Asked(AUTHOR, "endSessions", {"username": who, "reason": "lost telephone"})


async def _set_roles(stage: Stage) -> Operation:
    """Fewer, which counts at once."""
    return Asked(AUTHOR, "setAccountRoles", {"username": await account(stage), "reason": "moved", "roles": []})


async def _waiting(stage: Stage) -> dict[str, Any]:
    roles = ["service_agent", "complaint_handler"]
    return await stage.done(AUTHOR, "setAccountRoles", username=await account(stage), reason="moved", roles=roles)


async def _approve_change(stage: Stage) -> Operation:
    return Asked(SECOND, "approveAccountChange", seen(await _waiting(stage)))


async def _discard_change(stage: Stage) -> Operation:
    return Asked(AUTHOR, "discardAccountChange", seen(await _waiting(stage)))


async def _tokens(stage: Stage) -> tuple[str, dict[str, str]]:
    who = await account(stage)
    answer = await stage.api.ask(None, LOGIN, {"i": {"username": who, "password": PASSWORD}})
    return who, answer["data"]["login"]


async def _login(stage: Stage) -> Operation:
    return Asked(None, "login", {"username": await account(stage), "password": PASSWORD})


async def _refresh(stage: Stage) -> Operation:
    return Asked(None, "refreshSession", {"refreshToken": (await _tokens(stage))[1]["refreshToken"]})


async def _logout(stage: Stage) -> Operation:
    who, tokens = await _tokens(stage)
    return Asked(who, "logout", {}, "customer_service", tokens["accessToken"])


async def _step_up(stage: Stage) -> Operation:
    who, tokens = await _tokens(stage)
    return Asked(who, "stepUp", {"password": PASSWORD}, "customer_service", tokens["accessToken"])


OPERATIONS: Final[dict[str, Prepare]] = {
    "createDraft": _create,
    "updateDraft": _drafted("updateDraft", comment="another reason"),
    "submitDraft": _drafted("submitDraft"),
    "approveDraft": _drafted("approveDraft", "submitDraft", who=SECOND),
    "rebaseDraft": _rebase,
    "activateDraft": _drafted("activateDraft", "submitDraft", "approveDraft"),
    "discardDraft": _drafted("discardDraft"),
    "revertRules": _revert,
    "grantRole": _grant,
    "approveRoleGrant": _approve_grant,
    "endRoleGrant": _end_grant,
    "disableAccount": _disable,
    "enableAccount": _enable,
    "endSessions": _end_sessions,
    "setAccountRoles": _set_roles,
    "approveAccountChange": _approve_change,
    "discardAccountChange": _discard_change,
    "login": _login,
    "refreshSession": _refresh,
    "logout": _logout,
    "stepUp": _step_up,
}
