"""The limits of login attempts: what they stop, and whom they must not lock out."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from documents.chapters.accounts.login_attempts import Limit, LoginAttemptRepository, LoginLimits, network_of
from tests.login_parts import Database, initialise

WINDOW = timedelta(minutes=5)
LIMITS = LoginLimits(Limit(3, WINDOW), Limit(6, WINDOW), Limit(4, WINDOW))


@pytest.fixture
async def attempts(database: Database) -> LoginAttemptRepository:
    """The repository with low limits: 3 for a username at an address, 6 for an address, 4 for a username."""
    await initialise(database)
    return LoginAttemptRepository(database, LIMITS)


async def refusals(attempts: LoginAttemptRepository, username: str, address: str, count: int) -> list[bool]:
    """Which of `count` failing attempts in a row are refused."""
    return [(await attempts.begin(username, address)).retry_after is not None for _ in range(count)]


async def test_a_username_at_an_address_is_limited(attempts: LoginAttemptRepository) -> None:
    """The fourth waits, at most for the window; others at that address, and the username elsewhere, do not."""
    assert await refusals(attempts, "a", "192.0.2.1", 4) == [False, False, False, True]
    refused = await attempts.begin("a", "192.0.2.1")
    assert refused.retry_after is not None
    assert 0 < refused.retry_after <= 300
    assert await refusals(attempts, "b", "192.0.2.1", 1) == [False]
    assert await refusals(attempts, "a", "192.0.2.2", 1) == [False]


async def test_attempts_sent_together_cannot_outrun_the_limit(attempts: LoginAttemptRepository) -> None:
    """Counting is atomic and comes before the password is looked at."""
    made = await asyncio.gather(*(attempts.begin("a", "192.0.2.1") for _ in range(12)))
    assert sum(attempt.retry_after is None for attempt in made) == 3


async def test_an_address_is_limited_over_all_usernames(attempts: LoginAttemptRepository) -> None:
    """Trying one password on many accounts stops too."""
    refused = [await refusals(attempts, f"user{number}", "192.0.2.1", 1) for number in range(7)]
    assert refused == [[False]] * 6 + [[True]]


async def test_a_username_is_limited_over_all_addresses(attempts: LoginAttemptRepository) -> None:
    """Guessing at one account from everywhere stops too."""
    refused = [await refusals(attempts, "a", f"192.0.2.{number}", 1) for number in range(5)]
    assert refused == [[False]] * 4 + [[True]]


async def test_strangers_cannot_lock_an_owner_out(attempts: LoginAttemptRepository) -> None:
    """An address from which the account has logged in is not bound by what others did to the username."""
    await attempts.succeed(await attempts.begin("a", "192.0.2.1"))
    for number in range(2, 8):
        await refusals(attempts, "a", f"192.0.2.{number}", 1)
    assert await refusals(attempts, "a", "192.0.2.99", 1) == [True]
    assert await refusals(attempts, "a", "192.0.2.1", 4) == [False, False, False, True]


async def test_one_address_cannot_use_up_the_limit_of_a_username(attempts: LoginAttemptRepository) -> None:
    """Refused attempts do not count in the wider limits."""
    await refusals(attempts, "a", "192.0.2.1", 20)
    assert await refusals(attempts, "a", "192.0.2.2", 1) == [False]


async def test_success_forgives_that_username_there_and_nothing_else(attempts: LoginAttemptRepository) -> None:
    """An attacker with an account of their own cannot clear the count of their address."""
    await refusals(attempts, "victim", "192.0.2.1", 3)
    for _ in range(5):
        await attempts.succeed(await attempts.begin("attacker", "192.0.2.1"))
    assert await refusals(attempts, "victim", "192.0.2.1", 1) == [True]
    refused = [await refusals(attempts, f"user{number}", "192.0.2.1", 1) for number in range(4)]
    assert refused == [[False]] * 3 + [[True]]


async def test_the_window_ends(attempts: LoginAttemptRepository, database: Database) -> None:
    """Also where the database has not removed the counter yet."""
    assert (await refusals(attempts, "a", "192.0.2.1", 4))[-1]
    past = datetime.now(UTC) - timedelta(milliseconds=1)
    await database["login_attempts"].update_many({}, {"$set": {"expires_at": past}})
    assert await refusals(attempts, "a", "192.0.2.1", 4) == [False, False, False, True]


async def test_neither_usernames_nor_addresses_are_stored(attempts: LoginAttemptRepository, database: Database) -> None:
    """People type passwords into the wrong field; a lone surrogate is no error either."""
    await attempts.succeed(await attempts.begin("hunter2hunter2", "192.0.2.1"))
    await attempts.begin("\ud800", "192.0.2.1")
    stored = repr(await database["login_attempts"].find({}).to_list())
    assert "hunter2" not in stored
    assert "192.0.2.1" not in stored


def test_an_ipv6_subscriber_is_one_place() -> None:
    """By /64; an IPv4 address is the same written as IPv6."""
    assert network_of("2001:db8:0:1::1") == network_of("2001:db8:0:1:ffff::2")
    assert network_of("2001:db8:0:1::1") != network_of("2001:db8:0:2::1")
    assert network_of("::ffff:192.0.2.1") == network_of("192.0.2.1")
    assert network_of("") == ""
