"""Accounts, sessions, step-ups, clearances and role terms cannot be forged by whoever writes to the database.

Each test changes rows with a client of its own, beside the running product, and asks by every way that there is in: the
session, the refresh token, the password, the identity provider.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from documents.access.plan import Purpose
from documents.chapters.accounts.account_sets import ACCOUNTS, MOST_SESSIONS, SESSIONS, AccountSets
from documents.chapters.accounts.directory import NewAccount
from documents.chapters.accounts.stored import Account, Session
from documents.encryption.seals import SEAL, SECRET_NAME, Seals
from documents.errors import RecordNotFoundError
from policies.principal import Principal
from resolvers.chapters.accounts.use_cases import Accounts
from settings import Settings
from tests.api import PASSWORD, PASSWORD_HASH, Api, application_database, running
from tests.tampering.changes import Change, Database, changes, numbered, put
from tests.units import AUTHOR, units_of

ADDRESS = "192.0.2.9"
NAMES = numbered("victim")
ACCOUNT_FIELDS = [*(name for name in Account.model_fields if name not in ("id", "revision_id")), SEAL]
SEAL_FIELDS = [f"{SEAL}.version", f"{SEAL}.sessions", f"{SEAL}.mac"]
SESSION_FIELDS = [name for name in Session.model_fields if name not in ("id", "revision_id", "username")]


@dataclass
class Victim:
    """Somebody who is logged in, whose rows are changed."""

    api: Api
    database: Database
    name: str
    session_id: str
    refresh_token: str

    @property
    def cases(self) -> Accounts:
        return self.api.services.use_cases.accounts

    async def another(self) -> AccountSets:
        """The accounts as a process has them that has seen none yet."""
        storage = self.api.services.storage
        return AccountSets(
            storage.database,
            Seals(await storage.keyring.secret(SECRET_NAME)),
            storage.units,
            storage.trail.newest.of_name,
        )

    async def row(self) -> dict[str, Any]:
        return await self.database[ACCOUNTS].find_one({"_id": self.name}) or {}

    async def session_row(self) -> dict[str, Any]:
        return await self.database[SESSIONS].find_one({"_id": self.session_id}) or {}

    async def principal(self) -> Principal | None:
        """Whom the next request is of."""
        self.cases.principals.forget_session(self.session_id)
        return await self.cases.principals.of_session(self.session_id)

    async def is_shut_out(self) -> bool:
        """By none of the ways in."""
        subject = f"https://id.example|{self.name}"
        login = await self.cases.sessions.login(self.name, PASSWORD, ADDRESS)
        return (
            await self.principal() is None
            and await self.stepped_up_until() is None
            and not (await self.cases.sessions.refresh(self.refresh_token)).tokens
            and not login.tokens
            and await self.api.services.accounts.get_by_oidc_subject(subject) is None
            and self.name not in {one.username for one in await self.api.services.accounts.list_accounts()}
            and self.name not in {one.username for one in await self.api.services.accounts.who_can_log_in()}
        )

    async def stepped_up_until(self) -> datetime | None:
        principal = Principal(self.name, frozenset(), frozenset(), session_id=self.session_id)
        return await self.cases.step_up.until(principal)


@pytest.fixture(scope="module")
async def api(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    async with application_database(mongodb_uri) as database:
        settings = Settings(data_dir=tmp_path_factory.mktemp("tampering"), database=database, jobs="worker")
        async with running(settings, mongodb_uri) as api:
            yield api


@pytest.fixture
async def victim(api: Api, mongodb_client: Any) -> Victim:
    return await made(api, mongodb_client[api.services.database.name])


async def made(api: Api, database: Database) -> Victim:
    """Somebody with everything that an account can have, logged in and stepped up."""
    name, accounts, now = next(NAMES), api.services.accounts, datetime.now(UTC)
    await accounts.add(
        NewAccount(
            name,
            display_name="A",
            roles=["auditor"],
            department="D01",
            customer_id="0123456789abcdef01234567",
            purposes=[Purpose.SUPERVISION],
            password_hash=PASSWORD_HASH,
            oidc_subject=f"https://id.example|{name}",
            cleared_until=now + timedelta(days=1),
            partner="partner_0123456789abcdef01234567",
        )
    )
    until = now + timedelta(days=1)
    await accounts.add_role_term(name, {"role": "archivist", "since": now, "until": until, "grant": "role_grant_1"})
    cases = api.services.use_cases.accounts
    tokens = (await cases.sessions.login(name, PASSWORD, ADDRESS)).tokens
    assert tokens is not None
    victim = Victim(api, database, name, tokens.refresh_token.partition(".")[0], tokens.refresh_token)
    principal = await victim.principal()
    assert principal is not None
    assert principal.roles == {"auditor", "archivist"}
    assert (await cases.step_up.confirm(principal, PASSWORD, ADDRESS)).until is not None
    return victim


@pytest.mark.parametrize("change", changes([*ACCOUNT_FIELDS, *SEAL_FIELDS]), ids=str)
async def test_an_account_changed_in_any_field_is_none(
    victim: Victim, change: Change, caplog: pytest.LogCaptureFixture
) -> None:
    """Whichever field is edited or removed: nobody gets in, it is told once, and the row as it was opens again."""
    before = await victim.row()
    if change.removes and change.path not in before and "." not in change.path:
        pytest.skip("it has no such field")
    await change.make(victim.database[ACCOUNTS], victim.name)
    with caplog.at_level(logging.CRITICAL):
        assert await victim.is_shut_out()
        assert await victim.is_shut_out()
    told = [record for record in caplog.records if victim.name in record.getMessage()]
    assert [record.levelno for record in told] == [logging.CRITICAL]
    assert PASSWORD_HASH not in caplog.text
    await put(victim.database[ACCOUNTS], before)
    assert await victim.principal() is not None
    assert await victim.stepped_up_until() is not None


@pytest.mark.parametrize("change", changes(SESSION_FIELDS), ids=str)
async def test_a_session_changed_in_any_field_is_none(victim: Victim, change: Change) -> None:
    """The account goes on: another login of it is good."""
    before = await victim.session_row()
    await change.make(victim.database[SESSIONS], victim.session_id)
    assert await victim.principal() is None
    assert await victim.stepped_up_until() is None
    assert (await victim.cases.sessions.refresh(victim.refresh_token)).tokens is None
    assert (await victim.cases.sessions.login(victim.name, PASSWORD, ADDRESS)).tokens is not None
    await put(victim.database[SESSIONS], before)
    assert await victim.principal() is not None


async def test_a_session_given_to_another_account_is_none(victim: Victim) -> None:
    """Neither the one whose it was nor the other has it."""
    other = await made(victim.api, victim.database)
    await victim.database[SESSIONS].update_one({"_id": victim.session_id}, {"$set": {"username": other.name}})
    assert await victim.principal() is None
    assert (await victim.cases.sessions.refresh(victim.refresh_token)).tokens is None


async def test_rows_that_are_put_in_are_none(victim: Victim) -> None:
    """An account and a session made of others, seal and all; and with a seal under another key."""
    account, session = await victim.row(), await victim.session_row()
    forger = AccountSets(victim.database, Seals(bytes(32)), units_of(victim.database))
    forged = {**account, "_id": next(NAMES), "roles": ["administrator"], "oidc_subject": "https://id.example|forged"}
    await victim.database[ACCOUNTS].insert_one(forged)
    await victim.database[SESSIONS].insert_one({**session, "_id": "0" * 32, "username": forged["_id"]})
    await victim.database[SESSIONS].insert_one({**session, "_id": "1" * 32})
    own = next(NAMES)
    await forger.insert(
        {**{name: value for name, value in account.items() if name != SEAL}, "_id": own, "oidc_subject": "x"},
        AUTHOR,
    )
    accounts, principals = victim.api.services.accounts, victim.cases.principals
    for name in (forged["_id"], own):
        assert await accounts.get(name) is None
        assert (await victim.cases.sessions.login(name, PASSWORD, ADDRESS)).tokens is None
    assert await accounts.get_by_oidc_subject("https://id.example|forged") is None
    assert await principals.of_session("0" * 32) is None
    assert await principals.of_session("1" * 32) is None
    assert await victim.principal() is not None
    for collection, rows in ((ACCOUNTS, [forged["_id"], own]), (SESSIONS, ["0" * 32, "1" * 32])):
        await victim.database[collection].delete_many({"_id": {"$in": rows}})


async def test_rows_that_are_taken_away_close(victim: Victim) -> None:
    """A session without its row, and an account without its row."""
    session, account = await victim.session_row(), await victim.row()
    await victim.database[SESSIONS].delete_one({"_id": victim.session_id})
    assert await victim.principal() is None
    assert (await victim.cases.sessions.refresh(victim.refresh_token)).tokens is None
    await put(victim.database[SESSIONS], session)
    assert await victim.principal() is not None
    await victim.database[ACCOUNTS].delete_one({"_id": victim.name})
    assert await victim.is_shut_out()
    await put(victim.database[ACCOUNTS], account)
    assert await victim.principal() is not None


async def test_roles_given_by_hand_give_nothing_over_http(victim: Victim) -> None:
    """Somebody makes an administrator of themselves in the database: their next request is nobody's."""
    tokens = (await victim.cases.sessions.login(victim.name, PASSWORD, ADDRESS)).tokens
    assert tokens is not None
    headers = {"authorization": f"Bearer {tokens.access_token}"}
    asked = {"query": "{ viewer { username roles } }"}
    answer = await victim.api.http.post("/graphql", json=asked, headers=headers)
    assert answer.json()["data"]["viewer"]["username"] == victim.name
    await victim.database[ACCOUNTS].update_one({"_id": victim.name}, {"$set": {"roles": ["administrator"]}})
    victim.cases.principals.forget_account(victim.name)
    answer = await victim.api.http.post("/graphql", json=asked, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["errors"][0]["extensions"]["code"] == "INVALID_TOKEN"


Later = Callable[[Victim], Awaitable[object]]
LATER: dict[str, Later] = {
    "logged out": lambda victim: victim.cases.sessions.logout(
        Principal(victim.name, frozenset(), frozenset(), session_id=victim.session_id)
    ),
    "sessions ended": lambda victim: victim.api.services.accounts.end_sessions(victim.name),
    "disabled": lambda victim: victim.api.services.accounts.disable(victim.name),
    "another password": lambda victim: victim.api.services.accounts.set_password(victim.name, PASSWORD_HASH + "x"),
    "other rights": lambda victim: victim.api.services.accounts.set_rights(
        victim.name, roles=["customer"], purposes=[], department=None
    ),
    "a grant ended": lambda victim: victim.api.services.accounts.end_role_term(victim.name, "role_grant_1"),
    "an undertaking withdrawn": lambda victim: victim.api.services.accounts.set_clearance(victim.name, None),
    "a token exchanged": lambda victim: victim.cases.sessions.refresh(victim.refresh_token),
}
"""What a session or an account goes through, whose earlier state is put back afterwards."""


@pytest.mark.parametrize("put_back", ["account", "session", "both"])
@pytest.mark.parametrize("later", LATER)
async def test_an_older_state_does_not_come_back_while_the_process_runs(
    victim: Victim, later: str, put_back: str
) -> None:
    """Of the account, of the session, or of both, as they were when everything still held."""
    account, session = await victim.row(), await victim.session_row()
    await LATER[later](victim)
    after = await victim.api.services.accounts.get(victim.name)  # as any request sees it
    was_in = await victim.principal()
    if put_back in ("account", "both"):
        await put(victim.database[ACCOUNTS], account)
    if put_back in ("session", "both"):
        await put(victim.database[SESSIONS], session)
    principal = await victim.principal()
    assert principal is None or principal == was_in
    if put_back == "session":
        assert await victim.api.services.accounts.get(victim.name) == after
    else:
        assert await victim.is_shut_out()
        with pytest.raises(RecordNotFoundError):  # nor is it sealed anew by a change
            await victim.api.services.accounts.enable(victim.name)
    tokens = (await victim.cases.sessions.refresh(victim.refresh_token)).tokens
    assert tokens is None or was_in is not None


async def test_an_older_set_does_not_count_in_a_process_that_starts_either(victim: Victim) -> None:
    """Of account and session together: the signed blocks of the trail tell of a newer one."""
    account, session = await victim.row(), await victim.session_row()
    await victim.api.services.accounts.disable(victim.name)
    newer = await victim.row()
    await put(victim.database[ACCOUNTS], account)
    await put(victim.database[SESSIONS], session)
    assert victim.session_id not in await (await victim.another()).live([victim.session_id])
    assert await (await victim.another()).find_one({"_id": victim.name}) is None
    await put(victim.database[ACCOUNTS], newer)
    assert await (await victim.another()).find_one({"_id": victim.name}) is not None


async def test_sessions_that_expired_leave_the_set_and_are_missed_by_nobody(victim: Victim) -> None:
    """The database removes their rows by itself."""
    accounts = victim.api.services.accounts
    past = datetime.now(UTC) - timedelta(seconds=1)
    row = (await accounts.sets.live([victim.session_id]))[victim.session_id].session
    await accounts.sets.change(victim.name, lambda opened: opened.put({**row, "expires_at": past}), AUTHOR)
    assert victim.session_id in (await victim.row())[SEAL]["sessions"]
    await victim.database[SESSIONS].delete_one({"_id": victim.session_id})
    assert (await victim.cases.sessions.login(victim.name, PASSWORD, ADDRESS)).tokens is not None
    assert victim.session_id not in (await victim.row())[SEAL]["sessions"]


async def test_an_account_has_so_many_sessions_and_no_more(victim: Victim) -> None:
    """The oldest one ends; so its row stays small whoever logs in how often."""
    sessions = victim.cases.sessions._sessions
    for _ in range(MOST_SESSIONS - 1):
        await sessions.open(victim.name)
    assert await victim.principal() is not None
    newest = await sessions.open(victim.name)
    assert await victim.principal() is None
    assert await sessions.live_account(newest.session_id) is not None
    assert len((await victim.row())[SEAL]["sessions"]) == MOST_SESSIONS


async def test_changes_that_come_together_lose_none(victim: Victim) -> None:
    """Logins, exchanges and a grant of one account at once, in two processes: every one is in the set."""
    other = await victim.another()
    here = victim.cases.sessions._sessions
    there = type(here)(other)
    before = (await victim.row())[SEAL]["version"]
    opened = await asyncio.gather(*(process.open(victim.name) for process in (here, there) for _ in range(6)))
    assert (await victim.row())[SEAL]["version"] == before + 12
    for session in opened:
        assert await here.live_account(session.session_id) is not None
        assert await there.live_account(session.session_id) is not None
