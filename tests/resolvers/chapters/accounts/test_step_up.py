"""Stepping up: whose password counts, for which session, for how long, and how often it may be tried."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from documents.chapters.accounts.login_attempts import Limit, LoginLimits
from policies.errors import NotAuthenticatedError
from policies.principal import Principal
from resolvers.chapters.accounts.step_up import StepUp, StepUpResult
from tests.login_parts import ADDRESS, PASSWORD, Database, LoginParts, build, codes_of

LIMITS = LoginLimits(username_and_address=Limit(3, timedelta(minutes=5)))
WRONG = "wrong horse"


@dataclass
class Parts:
    """A step-up over the parts of logging in, with the same limits."""

    login: LoginParts
    step_up: StepUp

    async def principal(self, username: str = "wang.li") -> Principal:
        """The principal of a new session."""
        tokens = await self.login.login(username)
        claims = self.login.access_tokens.verify(tokens.access_token)
        principal = await self.login.principals.of_session(claims.session_id)
        assert principal is not None
        return principal


@pytest.fixture
async def parts(database: Database, tmp_path: Path) -> Parts:
    login = await build(database, tmp_path, LIMITS)
    await login.add_account()
    return Parts(login, StepUp(login.stores))


def codes(result: StepUpResult) -> list[str]:
    assert (result.until is None) == bool(result.user_errors)
    return [error.code for error in result.user_errors]


async def test_the_right_password_counts_for_five_minutes_of_that_session_alone(parts: Parts) -> None:
    """A second session of the same account is not stepped up; a login by itself is none."""
    one, other = await parts.principal(), await parts.principal()
    assert await parts.step_up.until(one) is None
    result = await parts.step_up.confirm(one, PASSWORD, ADDRESS)
    assert codes(result) == []
    assert result.until is not None
    assert timedelta(minutes=4, seconds=50) < result.until - datetime.now(UTC) <= timedelta(minutes=5)
    until = await parts.step_up.until(one)
    assert until is not None
    assert abs(until - result.until) < timedelta(milliseconds=2)
    assert await parts.step_up.until(other) is None


async def test_it_ends_by_itself_and_with_the_session(parts: Parts) -> None:
    """After its time, and where the session was ended."""
    principal = await parts.principal()
    short = StepUp(parts.login.stores, duration=timedelta(microseconds=1))
    await short.confirm(principal, PASSWORD, ADDRESS)
    assert await short.until(principal) is None
    await parts.step_up.confirm(principal, PASSWORD, ADDRESS)
    assert await parts.step_up.until(principal) is not None
    await parts.login.sessions.logout(principal)
    assert await parts.step_up.until(principal) is None
    with pytest.raises(NotAuthenticatedError):
        await parts.step_up.confirm(principal, PASSWORD, ADDRESS)


async def test_a_wrong_password_and_that_of_another_are_refused(parts: Parts) -> None:
    """The password is that of the caller's own account."""
    await parts.login.add_account("zhao.min", password_hash=await parts.login.passwords.hash("another password"))
    principal = await parts.principal()
    for password in (WRONG, "another password", ""):
        assert codes(await parts.step_up.confirm(principal, password, ADDRESS)) == ["INVALID_CREDENTIALS"]
    assert await parts.step_up.until(principal) is None


async def test_wrong_passwords_count_with_those_of_logging_in(parts: Parts) -> None:
    """Two here and one there make three: then the right one has to wait, here and there."""
    principal = await parts.principal()
    for _ in range(2):
        await parts.step_up.confirm(principal, WRONG, ADDRESS)
    await parts.login.sessions.login("wang.li", WRONG, ADDRESS)
    result = await parts.step_up.confirm(principal, PASSWORD, ADDRESS)
    assert codes(result) == ["TOO_MANY_ATTEMPTS"]
    assert result.retry_after is not None
    assert 0 < result.retry_after <= 300
    assert codes_of(await parts.login.sessions.login("wang.li", PASSWORD, ADDRESS)) == ["TOO_MANY_ATTEMPTS"]
    assert await parts.step_up.until(principal) is None


async def test_the_right_password_forgives_the_wrong_ones_before(parts: Parts) -> None:
    """As it does at a login."""
    principal = await parts.principal()
    for _ in range(3):
        for _ in range(2):
            await parts.step_up.confirm(principal, WRONG, ADDRESS)
        assert codes(await parts.step_up.confirm(principal, PASSWORD, ADDRESS)) == []


@pytest.mark.parametrize(
    ("seconds", "counts"), [(0, True), (290, True), (301, False), (-5, True), (-60, False), (None, False)]
)
async def test_an_identity_providers_word_counts_while_it_is_fresh(
    parts: Parts, seconds: int | None, counts: bool
) -> None:
    """No password of ours is asked for: the provider says when the person last proved who it is, or does not."""
    asked_at = datetime.now(UTC) - timedelta(seconds=seconds) if seconds is not None else None
    principal = Principal("wang.li", frozenset(), frozenset(), authenticated_at=asked_at)
    result = await parts.step_up.confirm(principal, PASSWORD, ADDRESS)
    assert codes(result) == ([] if counts else ["STEP_UP_AT_PROVIDER"])
    assert (await parts.step_up.until(principal) is not None) is counts


async def test_nobody_cannot_step_up(parts: Parts) -> None:
    """Who is not logged in has no session."""
    with pytest.raises(NotAuthenticatedError):
        await parts.step_up.confirm(None, PASSWORD, ADDRESS)
