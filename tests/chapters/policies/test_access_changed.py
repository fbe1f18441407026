"""`accessChanged` end to end: an open page learns of everything that decides what its caller may do (D5, G5)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from settings import Settings
from tests.accounts import change_account
from tests.api import unhurried
from tests.test_subscriptions import RULES, World, installation
from tests.web.subscriptions.socket_client import SocketClient, socket_client

FOLLOW = "subscription { accessChanged { ruleSet roles purposes department cleared clearedUntil } }"
LATER = datetime(2100, 1, 1, tzinfo=UTC)
Access = dict[str, Any]


@pytest.fixture
async def own(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """An installation of one test, which changes rules and accounts."""
    settings = unhurried(Settings(data_dir=tmp_path_factory.mktemp("access"), jobs="worker"))
    async with installation(mongodb_uri, settings) as world:
        yield world


@asynccontextmanager
async def following(world: World, username: str, **more: str) -> AsyncIterator[tuple[SocketClient, Access]]:
    """A page of `username`, and what it was told at once."""
    async with socket_client(world.address) as client:
        await client.begin({"authorization": f"Bearer {await world.api.login(username)}", **more})
        await client.subscribe(FOLLOW)
        yield client, await told(client)


async def told(client: SocketClient) -> Access:
    """The next event. It says nothing of how fields are shown, because it shows none."""
    answer = await client.hear()
    assert answer["type"] == "next", answer
    assert answer["payload"].keys() == {"data"}
    access: Access = answer["payload"]["data"]["accessChanged"]
    return access


async def change(world: World, username: str, **values: Any) -> None:
    """Changes an account in the database, as another process does."""
    await change_account(world.api.services.accounts, username, **values)


def in_a_second() -> datetime:
    return datetime.now(UTC) + timedelta(seconds=1)


async def test_the_present_state_is_told_at_once_and_then_nothing_until_it_changes(own: World) -> None:
    """Also to those without any right; there is no entry in the trail, because nothing was shown."""
    blocks = own.api.services.database["audit_blocks"]
    reads = {"body.entries.touches.act": "read"}
    before = await blocks.count_documents(reads)
    async with following(own, "clerk") as (client, access), following(own, "nobody") as (_, of_nobody):
        assert access == {
            "ruleSet": own.api.services.store.compiler.version,
            "roles": ["clerk"],
            "purposes": ["BUSINESS_OPERATION"],
            "department": "east",
            "cleared": True,
            "clearedUntil": "2100-01-01T00:00:00+00:00",
        }
        assert of_nobody["roles"] == []
        assert await client.hears_nothing(1.5)
    assert await blocks.count_documents(reads) == before


@pytest.mark.parametrize("purpose", ["customer_service", "nonsense"])
async def test_no_purpose_is_needed_for_it(own: World, purpose: str) -> None:
    """One that the caller may not state does not keep the news from it."""
    async with following(own, "clerk", **{"dossier-purpose": purpose}) as (client, _):
        await change(own, "clerk", purposes=["supervision"])
        assert (await told(client))["purposes"] == ["SUPERVISION"]


async def test_other_rules_are_told_also_where_they_leave_the_caller_nothing(own: World) -> None:
    """The change is reported, and the next one too."""
    async with following(own, "clerk") as (client, access):
        without = "\n".join(line for line in RULES.splitlines() if "p, clerk" not in line)
        await own.activate(without)
        assert (await told(client))["ruleSet"] == access["ruleSet"] + 1
        await own.activate(RULES)
        assert (await told(client))["ruleSet"] == access["ruleSet"] + 2


async def test_every_change_of_the_account_is_told_to_its_owner_alone(own: World) -> None:
    """Roles, department, purposes, the undertaking; and each once."""
    async with following(own, "clerk") as (client, _), following(own, "other") as (stranger, _):
        await change(own, "clerk", roles=["agent", "clerk"])
        assert (await told(client))["roles"] == ["agent", "clerk"]
        await change(own, "clerk", department="west")
        assert (await told(client))["department"] == "west"
        await change(own, "clerk", purposes=["customer_service", "supervision"])
        assert (await told(client))["purposes"] == ["CUSTOMER_SERVICE", "SUPERVISION"]
        await own.api.services.accounts.set_clearance("clerk", None)
        without = await told(client)
        assert (without["cleared"], without["clearedUntil"]) == (False, None)
        assert await client.hears_nothing()
        assert await stranger.hears_nothing(0.1)


async def test_what_begins_and_ends_by_itself_is_told_when_it_does(own: World) -> None:
    """A role for a time comes and goes, and the undertaking ends, without anybody doing anything."""
    async with following(own, "clerk") as (client, access):
        assert (access["roles"], access["cleared"]) == (["clerk"], True)
        begins = in_a_second()
        term = {"role": "agent", "since": begins, "until": LATER, "grant": "x"}
        await change(own, "clerk", role_terms=[term])
        assert (await told(client))["roles"] == ["agent", "clerk"]
        assert datetime.now(UTC) >= begins
        await change(own, "clerk", role_terms=[{**term, "until": in_a_second()}])
        assert (await told(client))["roles"] == ["clerk"]
        await change(own, "clerk", cleared_until=in_a_second())
        ended = access
        while ended["cleared"]:  # the new end is told, where it is read before it has come
            ended = await told(client)
        assert ended["clearedUntil"] < LATER.isoformat()


async def test_a_disabled_account_and_an_ended_session_close_the_socket(own: World) -> None:
    """As they close every other one."""
    async with following(own, "clerk") as (client, _), following(own, "other") as (another, _):
        await own.api.services.accounts.disable("clerk")
        assert await client.closed() == (4403, "Forbidden")
        await own.api.ask("other", "mutation { logout { __typename } }")
        assert await another.closed() == (4403, "Forbidden")
