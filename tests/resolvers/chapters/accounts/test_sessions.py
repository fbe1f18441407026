"""Logging in, staying logged in, logging out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo import AsyncMongoClient
from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
)

from documents.chapters.accounts.login_attempts import Limit, LoginLimits
from documents.chapters.accounts.passwords import PasswordHasher
from policies.principal import Principal
from tests.accounts import change_account, change_session
from tests.login_parts import ADDRESS, PASSWORD, Database, LoginParts, build, codes_of, tokens_of


@pytest.fixture
async def parts(database: Database, tmp_path: Path) -> LoginParts:
    """Everything that logging in needs, and the account `wang.li`."""
    parts = await build(database, tmp_path)
    await parts.add_account()
    return parts


class Commands(CommandListener):
    """The commands sent to MongoDB, by name and collection."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Any]] = []

    def started(self, event: CommandStartedEvent) -> None:
        self.sent.append((event.command_name, event.command.get(event.command_name)))

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Nothing to remember."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Nothing to remember."""


@pytest.fixture
async def watched(mongodb_uri: str, database: Database, tmp_path: Path) -> AsyncIterator[tuple[LoginParts, Commands]]:
    """The same parts over a client whose commands are watched."""
    commands = Commands()
    client: AsyncMongoClient[dict[str, Any]]
    async with AsyncMongoClient(mongodb_uri, tz_aware=True, event_listeners=[commands]) as client:
        yield await build(client[database.name], tmp_path), commands


class TestLogin:
    async def test_the_right_password_opens_a_session(self, parts: LoginParts) -> None:
        """The access token is short and names account and session; the username's case does not matter."""
        tokens = tokens_of(await parts.sessions.login(" Wang.Li ", PASSWORD, ADDRESS))
        claims = parts.access_tokens.verify(tokens.access_token)
        assert (claims.username, tokens.expires_in) == ("wang.li", 600)
        principal = await parts.principals.of_session(claims.session_id)
        assert principal is not None
        assert (principal.username, principal.roles, principal.department) == ("wang.li", frozenset({"agent"}), "D01")

    async def test_wrong_unknown_and_disabled_cannot_be_told_apart(self, watched: tuple[LoginParts, Commands]) -> None:
        """Same answer, same hashing at the same cost, same commands to the database (leak 26)."""
        parts, commands = watched
        password_hash = await parts.passwords.hash(PASSWORD)
        await parts.add_account("wang.li", password_hash=password_hash)
        await parts.add_account("disabled", password_hash=password_hash)
        await parts.accounts.disable("disabled")
        await parts.add_account("oidc.only", password_hash=None, oidc_subject="https://id.example|1")
        seen = []
        for username, password in (
            ("wang.li", "wrong password"),
            ("nobody", PASSWORD),
            ("disabled", PASSWORD),
            ("oidc.only", PASSWORD),
            ("not a username \ud7ff", PASSWORD),
        ):
            parts.passwords.costs.clear()
            commands.sent.clear()
            result = await parts.sessions.login(username, password, ADDRESS)
            seen.append((codes_of(result), list(parts.passwords.costs), list(commands.sent)))
        assert seen[0][0] == ["INVALID_CREDENTIALS"]
        assert seen[0][1] == ["$argon2id$v=19$m=65536,t=3,p=4"]
        assert seen[0][2]
        assert all(other == seen[0] for other in seen)

    @pytest.mark.parametrize("username", ["\ud800", "\x00", "x" * 5000, "", "$where"])
    async def test_an_odd_username_is_wrong_credentials(self, parts: LoginParts, username: str) -> None:
        """And never an error of ours."""
        assert codes_of(await parts.sessions.login(username, PASSWORD, ADDRESS)) == ["INVALID_CREDENTIALS"]

    async def test_too_many_attempts_wait_even_with_the_right_password(
        self, database: Database, tmp_path: Path
    ) -> None:
        """No hash is computed for them, and the answer says how long; another address is free."""
        minute = timedelta(minutes=1)
        parts = await build(database, tmp_path, LoginLimits(username_and_address=Limit(2, minute)))
        await parts.add_account()
        for _ in range(2):
            assert codes_of(await parts.sessions.login("wang.li", "wrong", ADDRESS)) == ["INVALID_CREDENTIALS"]
        parts.passwords.costs.clear()
        refused = await parts.sessions.login("WANG.LI", PASSWORD, ADDRESS)
        assert codes_of(refused) == ["TOO_MANY_ATTEMPTS"]
        assert refused.retry_after is not None
        assert 0 < refused.retry_after <= 60
        assert parts.passwords.costs == []
        await parts.login(address="198.51.100.9")

    async def test_good_logins_are_not_counted(self, database: Database, tmp_path: Path) -> None:
        """However often."""
        minute = timedelta(minutes=1)
        parts = await build(database, tmp_path, LoginLimits(Limit(1, minute), Limit(1, minute), Limit(1, minute)))
        await parts.add_account()
        for _ in range(3):
            await parts.login()


class TestRefresh:
    async def test_a_refresh_token_gives_the_next_pair(self, parts: LoginParts) -> None:
        """Of the same session; the next one works again."""
        tokens = await parts.login()
        session_id = parts.access_tokens.verify(tokens.access_token).session_id
        for _ in range(2):
            tokens = tokens_of(await parts.sessions.refresh(tokens.refresh_token))
            assert parts.access_tokens.verify(tokens.access_token).session_id == session_id

    async def test_reuse_ends_the_session(self, parts: LoginParts) -> None:
        """For the thief and for the owner alike: nobody knows which is which."""
        first = await parts.login()
        second = tokens_of(await parts.sessions.refresh(first.refresh_token))
        third = tokens_of(await parts.sessions.refresh(second.refresh_token))
        assert codes_of(await parts.sessions.refresh(first.refresh_token)) == ["INVALID_REFRESH_TOKEN"]
        assert codes_of(await parts.sessions.refresh(third.refresh_token)) == ["INVALID_REFRESH_TOKEN"]
        session_id = parts.access_tokens.verify(third.access_token).session_id
        assert await parts.principals.of_session(session_id) is None

    async def test_of_two_at_once_at_most_one_wins(self, parts: LoginParts) -> None:
        """The other one is a reuse, so the session ends."""
        tokens = await parts.login()
        results = await asyncio.gather(*(parts.sessions.refresh(tokens.refresh_token) for _ in range(6)))
        winners = [result.tokens for result in results if result.tokens]
        assert len(winners) == 1
        assert codes_of(await parts.sessions.refresh(winners[0].refresh_token)) == ["INVALID_REFRESH_TOKEN"]

    async def test_a_made_up_token_ends_no_session(self, parts: LoginParts) -> None:
        """Whoever knows a session's id, which the access token shows, cannot end it by guessing."""
        tokens = await parts.login()
        session_id = parts.access_tokens.verify(tokens.access_token).session_id
        for made_up in (f"{session_id}.{'A' * 43}", session_id, "", "\x00", "\ud800", tokens.access_token):
            assert codes_of(await parts.sessions.refresh(made_up)) == ["INVALID_REFRESH_TOKEN"]
        tokens_of(await parts.sessions.refresh(tokens.refresh_token))

    async def test_it_stops_with_the_session_and_the_account(self, parts: LoginParts, database: Database) -> None:
        """Expired, or its account disabled behind the repository's back."""
        expired, disabled = await parts.login(), await parts.login()
        session_id = parts.access_tokens.verify(expired.access_token).session_id
        past = datetime.now(UTC) - timedelta(milliseconds=1)
        await change_session(parts.accounts, session_id, expires_at=past)
        assert codes_of(await parts.sessions.refresh(expired.refresh_token)) == ["INVALID_REFRESH_TOKEN"]
        await change_account(parts.accounts, "wang.li", disabled=True)
        assert codes_of(await parts.sessions.refresh(disabled.refresh_token)) == ["INVALID_REFRESH_TOKEN"]

    async def test_only_digests_of_tokens_are_stored(self, parts: LoginParts, database: Database) -> None:
        """Whoever reads the database cannot continue a session."""
        first = await parts.login()
        second = tokens_of(await parts.sessions.refresh(first.refresh_token))
        stored = repr(await database["sessions"].find({}).to_list())
        for tokens in (first, second):
            assert tokens.refresh_token.partition(".")[2] not in stored
            assert tokens.refresh_token not in repr(tokens)


class TestLogout:
    async def test_logout_ends_this_session_only(self, parts: LoginParts) -> None:
        """At once in this process; the refresh token is dead too; a second logout has nothing to end."""
        this, other = await parts.login(), await parts.login()
        this_id, other_id = (parts.access_tokens.verify(tokens.access_token).session_id for tokens in (this, other))
        principal = await parts.principals.of_session(this_id)
        assert await parts.sessions.logout(principal)
        assert await parts.principals.of_session(this_id) is None
        assert codes_of(await parts.sessions.refresh(this.refresh_token)) == ["INVALID_REFRESH_TOKEN"]
        assert await parts.principals.of_session(other_id) is not None
        assert not await parts.sessions.logout(principal)

    async def test_without_a_session_there_is_nothing_to_end(self, parts: LoginParts) -> None:
        """Nobody, or somebody whose session an identity provider keeps."""
        assert not await parts.sessions.logout(None)
        assert not await parts.sessions.logout(Principal("wang.li", frozenset(), frozenset()))


async def test_the_real_hasher_is_what_production_uses() -> None:
    """The counting hasher of these tests adds nothing to the answer."""
    hasher = PasswordHasher()
    assert await hasher.verify(PASSWORD, await hasher.hash(PASSWORD))
