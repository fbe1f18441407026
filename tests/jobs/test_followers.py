"""Administrators see background jobs over GraphQL and follow one to its end; nobody else learns that there are any."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pymongo.asynchronous.database import AsyncDatabase

import app
from documents.access.plan import Purpose
from documents.chapters.accounts.directory import NewAccount
from documents.chapters.jobs.kinds import JobError, JobLease
from resolvers.services import Services
from settings import Settings
from tests.api import PASSWORD_HASH, Api, unhurried
from tests.patience import PATIENCE_SECONDS, newly_followed, until
from tests.web.server import served as in_a_thread
from tests.web.subscriptions.socket_client import socket_client

LIST = "{ jobs(first: 5) { nodes { id name state attempts done total worker errorCode } } }"
SIGN = "mutation { signUndertaking(input: { textVersion: 1 }) { userErrors { rule } } }"
FOLLOW = "subscription($job: ID) { jobChanged(job: $job) { operation id job { state done total } } }"


@dataclass
class Served:
    """An installation with one administrator, behind a server whose clients may be sockets."""

    api: Api
    address: str
    server: Services


@pytest.fixture
async def served(database: AsyncDatabase[dict[str, Any]], mongodb_uri: str, tmp_path: Path) -> AsyncIterator[Served]:
    """A server in a thread of its own, and our connection beside it."""
    settings = unhurried(Settings(data_dir=tmp_path, database=database.name, jobs="worker"))
    async with app.open_services(settings, mongodb_uri) as services:
        await services.accounts.add(
            NewAccount(
                "admin",
                display_name="admin",
                roles=["administrator"],
                department=None,
                purposes=[Purpose.BUSINESS_OPERATION],
                password_hash=PASSWORD_HASH,
            )
        )
        with in_a_thread(app.create_app(settings, mongodb_uri)) as (address, state):
            async with httpx.AsyncClient(base_url=address, timeout=PATIENCE_SECONDS) as http:
                api = Api(http, services)
                signed = await api.ask("admin", SIGN)
                assert signed["data"]["signUndertaking"]["userErrors"] == []

                async def has_access() -> bool:
                    return "errors" not in await api.ask("admin", LIST)

                await until(has_access)
                yield Served(api, address, state["services"])


async def _lease(api: Api) -> JobLease:
    ledger = api.services.ledger
    job_id = await ledger.enqueue("test.followed")
    assert await ledger.hand_out(["test.followed"], timedelta(seconds=30)) == job_id
    lease = await ledger.take(job_id, "somewhere:1", timedelta(seconds=30))
    assert lease is not None
    return lease


async def test_administrators_list_jobs_and_others_find_none(demo_api: Api) -> None:
    """By the rules for the kind `job`; to others the list is empty, as if there were none."""
    lease = await _lease(demo_api)
    await demo_api.services.ledger.bury(lease, JobError("KEY_ERASED", "KeyErasedError"))
    seen = await demo_api.ask("demo.admin", LIST)
    expected = {"id": f"job_{lease.job.id}", "name": "test.followed", "state": "DEAD", "errorCode": "KEY_ERASED"}
    assert expected | {"attempts": 1, "done": 0, "total": 0, "worker": None} in seen["data"]["jobs"]["nodes"]
    for username in ("demo.agent", "demo.credit", "demo.inspector"):
        unseen: dict[str, Any] = await demo_api.ask(username, LIST)
        assert unseen["data"]["jobs"]["nodes"] == []
        one = await demo_api.ask(username, f'{{ job(id: "job_{lease.job.id}") {{ id }} }}')
        assert one["data"]["job"] is None


async def test_the_progress_of_a_job_is_followed_to_its_end(served: Served) -> None:
    """Each report is an event; the events of other jobs are not."""
    ledger, lease, other = served.api.services.ledger, await _lease(served.api), await _lease(served.api)
    async with socket_client(served.address) as client:
        await client.begin({"authorization": f"Bearer {await served.api.login('admin')}"})
        async with newly_followed(served.server.storage.changes):
            await client.subscribe(FOLLOW, variables={"job": f"job_{lease.job.id}"})
        await ledger.report(other, 1, 2)
        await ledger.report(lease, 3, 10)
        event = (await client.hear())["payload"]["data"]["jobChanged"]
        assert event == {
            "operation": "UPDATED",
            "id": f"job_{lease.job.id}",
            "job": {"state": "RUNNING", "done": 3, "total": 10},
        }
        await ledger.renew(lease, timedelta(seconds=30))
        assert await client.hears_nothing(0.5)
        await ledger.succeed(lease)
        assert (await client.hear())["payload"]["data"]["jobChanged"]["job"]["state"] == "SUCCEEDED"
