"""Accounts under policy end to end: shut out, logged out, given and taken rights, by whom and why (D5)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from settings import Settings
from tests.accounts import change_account, restore_accounts
from tests.api import PASSWORD, Api, application_database, running
from tests.chapters.policies.test_policy_administration import (
    AGENT,
    AUTHOR,
    SECOND,
    SERVICE,
    SUPERVISION,
    another_process,
)
from tests.patience import PATIENCE_SECONDS, until
from tests.policies.rule_sets import default_rules
from tests.web.subscriptions.socket_client import SocketClient, socket_client

CHANGE = (
    "accountChange { id version act state reason staff { username } createdBy { username } approvedBy { username } }"
)
WHY = "left the company"
Answer = dict[str, Any]
KEPT = ("roles", "purposes", "department", "disabled", "role_terms")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("accounts")


@pytest.fixture(scope="module")
async def demo(mongodb_uri: str, folder: Path) -> AsyncIterator[Api]:
    """A demo of this module's own, because its tests change accounts. Approval is on, as it is by default."""
    async with application_database(mongodb_uri) as database:
        settings = Settings(data_dir=folder, database=database, jobs="worker")
        async with running(settings, mongodb_uri) as api:
            await api.seed_demo(10, with_records=False)
            yield api


@pytest.fixture
async def api(demo: Api) -> AsyncIterator[Api]:
    """The demo, with the accounts of the beginning and nobody logged in."""
    demo.tokens.clear()
    before = await demo.services.accounts.sets.find({})
    yield demo
    await restore_accounts(demo.services.accounts, before)
    await demo.services.database["account_changes"].delete_many({})


async def act(api: Api, username: str, operation: str, given: Answer, *, key: str | None = None) -> Answer:
    """The payload of a mutation on accounts."""
    kind = f"{operation[0].upper()}{operation[1:]}Input!"
    text = f"mutation($i: {kind}) {{ {operation}(input: $i) {{ {CHANGE} userErrors {{ code rule field message }} }} }}"
    answer = await api.ask(username, text, {"i": given}, purpose=SUPERVISION, key=key)
    assert "errors" not in answer, answer
    return dict(answer["data"][operation])


async def done(api: Api, username: str, operation: str, given: Answer) -> Answer:
    """The record of a mutation that must succeed."""
    payload = await act(api, username, operation, given)
    assert payload["userErrors"] == []
    return dict(payload["accountChange"])


async def refused(api: Api, username: str, operation: str, given: Answer) -> list[str]:
    """The rules that a mutation breaks."""
    payload = await act(api, username, operation, given)
    assert payload["accountChange"] is None
    return [error["rule"] for error in payload["userErrors"]]


def seen(change: Answer) -> Answer:
    return {"id": change["id"], "version": change["version"]}


async def is_in(api: Api, username: str = AGENT) -> bool:
    """Whether the token that `username` has is good."""
    answer = await api.ask(username, "{ viewer { username } }", purpose=SERVICE)
    return "errors" not in answer


async def is_out(api: Api) -> bool:
    return not await is_in(api)


async def stored(api: Api, username: str = AGENT) -> Answer:
    """What the account has."""
    account = await api.services.database["accounts"].find_one({"_id": username})
    assert account is not None
    return {name: account.get(name) for name in KEPT}


async def log_in(api: Api, username: str = AGENT) -> Answer | None:
    """Tokens, or None where there are none to have."""
    text = "mutation($i: LoginInput!) { login(input: $i) { accessToken refreshToken } }"
    answer = await api.ask(None, text, {"i": {"username": username, "password": PASSWORD}})
    tokens: Answer = answer["data"]["login"]
    return tokens if tokens["accessToken"] is not None else None


async def refreshes(api: Api, refresh_token: str) -> bool:
    """Whether the token is exchanged for others."""
    text = "mutation($i: RefreshSessionInput!) { refreshSession(input: $i) { accessToken } }"
    answer = await api.ask(None, text, {"i": {"refreshToken": refresh_token}})
    return answer["data"]["refreshSession"]["accessToken"] is not None


async def test_d5_a_disabled_account_is_out_at_once_and_comes_back_by_two_people(api: Api) -> None:
    """Its token, its refresh token and its password count no more; the record says who did it and why."""
    tokens = await log_in(api)
    assert tokens is not None
    assert await is_in(api)
    change = await done(api, AUTHOR, "disableAccount", {"username": AGENT, "reason": WHY})
    assert {name: change[name] for name in ("act", "state", "reason")} == {
        "act": "DISABLED",
        "state": "DONE",
        "reason": WHY,
    }
    assert (change["staff"], change["createdBy"]) == ({"username": AGENT}, {"username": AUTHOR})
    assert not await is_in(api)
    assert await log_in(api) is None
    assert not await refreshes(api, tokens["refreshToken"])
    waiting = await done(api, AUTHOR, "enableAccount", {"username": AGENT, "reason": "came back"})
    assert waiting["state"] == "WAITING"
    assert await log_in(api) is None
    assert await refused(api, AUTHOR, "approveAccountChange", seen(waiting)) == ["approval.same_person"]
    approved = await done(api, SECOND, "approveAccountChange", seen(waiting))
    assert (approved["state"], approved["approvedBy"]) == ("DONE", {"username": SECOND})
    assert await log_in(api) is not None
    assert not await is_in(api)  # what was ended stays ended
    assert await refused(api, SECOND, "approveAccountChange", seen(approved)) == ["step.not_allowed"]


async def test_d5_ended_sessions_are_over_and_the_person_may_log_in_again(api: Api) -> None:
    """All of them; those of others stay. One's own may be ended too: that gives nothing to anybody."""
    tokens, other = await log_in(api), "demo.manager"
    assert tokens is not None
    await api.login(AGENT)
    await api.login(other)
    change = await done(api, AUTHOR, "endSessions", {"username": AGENT, "reason": "a lost telephone"})
    assert (change["act"], change["state"]) == ("SESSIONS_ENDED", "DONE")
    assert not await is_in(api)
    assert not await refreshes(api, tokens["refreshToken"])
    answer = await api.ask(other, "{ viewer { username } }", purpose="business_operation")
    assert answer["data"]["viewer"] == {"username": other}
    assert await log_in(api) is not None
    text = "mutation($i: EndSessionsInput!) { endSessions(input: $i) { userErrors { rule } } }"
    given = {"i": {"username": AUTHOR, "reason": "to be sure"}}
    answer = await api.ask(AUTHOR, text, given, purpose=SUPERVISION)
    assert answer["data"]["endSessions"]["userErrors"] == []
    assert not await is_in(api, AUTHOR)


async def test_d5_rights_that_are_given_wait_and_those_that_are_taken_do_not(api: Api) -> None:
    """Roles, purposes and department; what is left out stays; the record has both sides of it."""
    before = await stored(api)
    given = {"username": AGENT, "reason": "a new task", "roles": [*before["roles"], "complaint_handler"]}
    waiting = await done(api, AUTHOR, "setAccountRoles", given)
    assert waiting["state"] == "WAITING"
    assert await stored(api) == before
    await done(api, SECOND, "approveAccountChange", seen(waiting))
    assert await stored(api) == {**before, "roles": ["complaint_handler", *before["roles"]]}
    taken = await done(api, AUTHOR, "setAccountRoles", {"username": AGENT, "reason": "done", "roles": before["roles"]})
    assert taken["state"] == "DONE"
    assert await stored(api) == before
    text = "query($i: ID!) { accountChange(id: $i) { roles rolesBefore purposes purposesBefore department { code } } }"
    answer = await api.ask(AUTHOR, text, {"i": taken["id"]}, purpose=SUPERVISION)
    assert answer["data"]["accountChange"] == {
        "roles": before["roles"],
        "rolesBefore": ["complaint_handler", *before["roles"]],
        "purposes": ["CUSTOMER_SERVICE"],
        "purposesBefore": ["CUSTOMER_SERVICE"],
        "department": {"code": before["department"]},
    }
    for more in ({"purposes": ["CUSTOMER_SERVICE", "SUPERVISION"]}, {"department": None}):
        change = await done(api, AUTHOR, "setAccountRoles", {"username": AGENT, "reason": "x", **more})
        assert change["state"] == "WAITING"
        change = await done(api, AUTHOR, "discardAccountChange", seen(change))
        assert await refused(api, SECOND, "approveAccountChange", seen(change)) == ["step.not_allowed"]
    assert await stored(api) == before


async def test_d5_a_role_that_denies_is_not_taken_without_approval(api: Api) -> None:
    """A denial outweighs every allowance: whoever loses such a role gains."""
    await change_account(api.services.accounts, AGENT, roles=["service_agent", "account_manager"])
    given = {"username": AGENT, "reason": "x", "roles": ["account_manager"]}
    assert (await done(api, AUTHOR, "setAccountRoles", given))["state"] == "WAITING"


async def test_d5_a_waiting_change_of_an_account_that_changed_meanwhile_is_not_approved(api: Api) -> None:
    """Its approver would approve something else than was asked for."""
    roles = (await stored(api))["roles"]
    given = {"username": AGENT, "reason": "x", "roles": [*roles, "complaint_handler"]}
    waiting = await done(api, AUTHOR, "setAccountRoles", given)
    taken = await done(api, AUTHOR, "setAccountRoles", {"username": AGENT, "reason": "x", "roles": []})
    assert taken["state"] == "DONE"
    assert await refused(api, SECOND, "approveAccountChange", seen(waiting)) == ["account_change.outdated"]
    assert (await stored(api))["roles"] == []


async def test_d5_nobody_changes_their_own_account_nor_locks_everybody_out(api: Api) -> None:
    """The last but one administrator cannot go where two are needed; nothing of a refused change is kept."""
    own = {"username": AUTHOR, "reason": "x"}
    for operation, given in (
        ("disableAccount", own),
        ("enableAccount", own),
        ("setAccountRoles", {**own, "roles": ["policy_administrator", "archivist"]}),
    ):
        assert await refused(api, AUTHOR, operation, given) == ["account_change.own_account"]
    other = {"username": SECOND, "reason": "x"}
    assert await refused(api, AUTHOR, "disableAccount", other) == ["draft.locks_out"]
    assert await refused(api, AUTHOR, "setAccountRoles", {**other, "purposes": []}) == ["draft.locks_out"]
    assert await refused(api, AUTHOR, "enableAccount", other) == ["account_change.nothing_to_change"]
    assert await refused(api, AUTHOR, "setAccountRoles", other) == ["account_change.nothing_to_change"]
    unknown = {**other, "username": AGENT, "roles": ["archivst"]}
    assert await refused(api, AUTHOR, "setAccountRoles", unknown) == ["role_grant.unknown_role"]
    assert await refused(api, AUTHOR, "disableAccount", {**other, "username": "nobody"}) == ["value.unknown_staff"]
    assert await refused(api, AUTHOR, "disableAccount", {**other, "reason": " "}) == ["value.empty"]
    assert await api.services.database["account_changes"].count_documents({}) == 0


@pytest.mark.parametrize("username", [AGENT, "demo.admin", "demo.inspector", "demo.customer", "demo.partner"])
async def test_d5_nobody_else_changes_an_account(api: Api, username: str) -> None:
    """Whether it exists or not is answered alike; the account stays as it is."""
    text = """mutation($i: DisableAccountInput!, $r: SetAccountRolesInput!) {
        disableAccount(input: $i) { accountChange { id } userErrors { code rule } }
        setAccountRoles(input: $r) { accountChange { id } userErrors { code rule } } }"""
    before, answers = await stored(api, "demo.manager"), []
    for target in ("demo.manager", "nobody"):
        given = {"username": target, "reason": "x"}
        answer = await api.ask(username, text, {"i": given, "r": {**given, "roles": []}}, purpose=SUPERVISION)
        answers.append((answer.get("data"), [error["extensions"]["code"] for error in answer.get("errors", ())]))
    assert answers[0] == answers[1]
    assert '"id"' not in str(answers[0]).replace("'", '"')
    assert await stored(api, "demo.manager") == before
    assert await api.services.database["account_changes"].count_documents({}) == 0


async def test_d5_changes_of_accounts_are_listed_for_supervision_and_for_the_person(api: Api) -> None:
    """Who, when, why; others see none; nobody changes what is kept."""
    await done(api, AUTHOR, "endSessions", {"username": "demo.manager", "reason": WHY})
    text = """{ accountChanges { totalCount nodes {
        act reason createdAt staff { username } createdBy { username } } } }"""
    for username, purpose, count in (
        ("demo.inspector", SUPERVISION, 1),
        ("demo.manager", "business_operation", 1),
        (AGENT, SERVICE, 0),
    ):
        listed = (await api.ask(username, text, purpose=purpose))["data"]["accountChanges"]
        assert listed["totalCount"] == count, username
        assert [node["reason"] for node in listed["nodes"]] == [WHY] * count


async def test_d5_the_trail_has_every_change_of_an_account(api: Api) -> None:
    """Also the refused one."""
    since = datetime.now(UTC)
    await act(api, AUTHOR, "disableAccount", {"username": AUTHOR, "reason": "x"})
    change = await done(api, AUTHOR, "disableAccount", {"username": AGENT, "reason": "x"})
    text = """query($s: DateTime) { auditTrail(kind: ACCOUNT_CHANGE, since: $s) {
        nodes { username touches { act records code } } } }"""
    answer = await api.ask("demo.inspector", text, {"s": since.isoformat()}, purpose=SUPERVISION)
    steps = [
        (node["username"], touch["code"], touch["records"])
        for node in reversed(answer["data"]["auditTrail"]["nodes"])
        for touch in node["touches"]
        if touch["act"] == "CREATE"
    ]
    assert steps == [(AUTHOR, "RULE_BROKEN", []), (AUTHOR, None, [change["id"]])]


async def test_d5_a_kill_between_the_record_and_the_account_leaves_neither(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the same key does it once, when it is tried again."""
    given = {"username": AGENT, "reason": "x"}
    with monkeypatch.context() as patch:

        async def killed(*_: Any, **__: Any) -> None:
            raise RuntimeError("killed")

        patch.setattr("documents.chapters.accounts.directory.AccountRepository.disable", killed)
        text = "mutation($i: DisableAccountInput!) { disableAccount(input: $i) { accountChange { id } } }"
        answer = await api.ask(AUTHOR, text, {"i": given}, purpose=SUPERVISION, key="kill")
        assert answer["errors"][0]["extensions"]["code"] == "INTERNAL_ERROR"
    assert await api.services.database["account_changes"].count_documents({}) == 0
    assert await is_in(api)
    first, again = [await act(api, AUTHOR, "disableAccount", given, key="kill") for _ in range(2)]
    assert first == again
    assert await api.services.database["account_changes"].count_documents({}) == 1


async def test_d5_without_approval_one_administrator_changes_accounts(api: Api, mongodb_uri: str, folder: Path) -> None:
    """Where the installation says so, what gives counts at once too."""
    settings = Settings(data_dir=folder, database=api.services.database.name, jobs="worker", policy_approval=False)
    async with running(settings, mongodb_uri) as alone:
        await done(alone, AUTHOR, "disableAccount", {"username": AGENT, "reason": "x"})
        change = await done(alone, AUTHOR, "enableAccount", {"username": AGENT, "reason": "x"})
        assert (change["state"], change["approvedBy"]) == ("DONE", None)
        given = {"username": AGENT, "reason": "x", "roles": ["archivist"], "department": None, "purposes": []}
        assert (await done(alone, AUTHOR, "setAccountRoles", given))["state"] == "DONE"
        assert {**await stored(api), "role_terms": None} == {
            "roles": ["archivist"],
            "purposes": [],
            "department": None,
            "disabled": False,
            "role_terms": None,
        }
    await api.services.store.activate(default_rules(), "tests")


@pytest.mark.slow
class TestRevocationInAnotherProcess:
    """What one server takes away is gone at another one: in a request, an open subscription, and a refresh."""

    FOLLOW = "subscription { customerChanged { operation id } }"
    ACCESS = "subscription { accessChanged { roles } }"

    async def open_pages(self, stack: AsyncExitStack, api: Api, address: str) -> tuple[Api, SocketClient, SocketClient]:
        """The agent at the other process: a client, a page of customers, and one that follows what it may do."""
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=address, timeout=PATIENCE_SECONDS))
        there, pages = Api(http, api.services), []
        for query in (self.FOLLOW, self.ACCESS):
            client = await stack.enter_async_context(socket_client(address))
            await client.begin({"authorization": f"Bearer {await there.login(AGENT)}", "dossier-purpose": SERVICE})
            await client.subscribe(query)
            pages.append(client)
        assert (await pages[1].hear())["payload"]["data"]["accessChanged"]["roles"] == ["service_agent"]
        return there, pages[0], pages[1]

    async def test_d5_who_is_shut_out_here_is_out_there(self, api: Api, mongodb_uri: str, folder: Path) -> None:
        """Disabled, and in a second round logged out: request, both sockets and refresh, all of them by themselves."""
        async with another_process(api, folder, mongodb_uri) as address:
            for operation in ("endSessions", "disableAccount"):
                async with AsyncExitStack() as stack:
                    there, customers, access = await self.open_pages(stack, api, address)
                    tokens = await log_in(there)
                    assert tokens is not None
                    assert await is_in(there)
                    await done(api, AUTHOR, operation, {"username": AGENT, "reason": "x"})
                    assert not await refreshes(there, tokens["refreshToken"])
                    await until(lambda api=there: is_out(api))
                    for page in (customers, access):
                        assert await page.closed() == (4403, "Forbidden")
            assert await log_in(api) is None

    async def test_d5_a_role_that_ends_here_ends_there(self, api: Api, mongodb_uri: str, folder: Path) -> None:
        """The open page is told, the one of customers ends, a request has nothing; the session goes on."""
        async with another_process(api, folder, mongodb_uri) as address, AsyncExitStack() as stack:
            there, customers, access = await self.open_pages(stack, api, address)
            tokens = await log_in(there)
            assert tokens is not None
            await done(api, AUTHOR, "setAccountRoles", {"username": AGENT, "reason": "x", "roles": []})
            assert (await access.hear())["payload"]["data"]["accessChanged"]["roles"] == []
            assert (await customers.hear())["type"] == "error"

            async def is_refused() -> bool:
                answer = await there.ask(AGENT, "{ customers { nodes { id } } }", purpose=SERVICE)
                return "errors" in answer

            await until(is_refused)
            assert await refreshes(there, tokens["refreshToken"])
