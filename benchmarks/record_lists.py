"""How long lists of 100,000 tickets take on the embedded database: `python -m benchmarks.record_lists`.

The application answers in this process, so that a figure is the whole of policy, query, decryption and JSON without a
network. Each list is asked for again and again; printed are the median and the slowest of a hundred.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
from pymongo import AsyncMongoClient
from rich.console import Console
from rich.table import Table
from starlette.types import ASGIApp, Receive, Scope, Send

from app import create_app
from benchmarks.ticket_rows import store_tickets
from benchmarks.workloads import LOGIN_MUTATION
from demo.seed import seed_demo
from documents.database.embedded import EmbeddedMongoDB
from settings import Settings

DATABASE, PASSWORD, USERNAME = "record_lists", "benchmarks only", "demo.agent"
PAGE = "first: 50"
FIELDS = "nodes { id subject state priority standing assignee { displayName } resolveBy createdAt }"
LISTS = {
    "newest": "",
    "soonest deadline": ", sort: { field: RESOLVE_BY }",
    "what is due next": ', sort: { field: NEXT_DUE_AT }, filter: { nextDueAt: { gte: "2026-01-01T00:00:00Z" } }',
    "open": ", filter: { state: { eq: OPEN } }",
    "breached, soonest deadline": ", filter: { standing: { eq: BREACHED } }, sort: { field: RESOLVE_BY }",
    "of one assignee": ', filter: { assignee: { eq: "agent.07" } }',
    "of one channel": ", filter: { channel: { eq: ONLINE } }",
    "escalated to the highest level": ", filter: { escalationLevel: { eq: 3 } }",
}


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.record_lists", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=100)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="record-lists-") as folder, EmbeddedMongoDB(Path(folder)) as uri:
        asyncio.run(_measure(uri, Path(folder), options.rows, options.repeat))
    return 0


async def _measure(uri: str, folder: Path, count: int, repeat: int) -> None:
    client: AsyncMongoClient[dict[str, Any]]
    async with AsyncMongoClient(uri) as client:
        await store_tickets(client[DATABASE], folder, count)
    application = create_app(Settings(data_dir=folder, database=DATABASE, jobs="worker"), uri)
    async with application.router.lifespan_context(application) as state:
        if state is None:
            raise RuntimeError("the application has no state")
        await seed_demo(state["services"], 40, PASSWORD, lambda _done, _total: None)
        transport = httpx.ASGITransport(_with_state(application, dict(state)))
        async with httpx.AsyncClient(transport=transport, base_url="http://dossier.benchmark") as http:
            table = Table("list", "median ms", "slowest ms", title=f"{count} tickets, {PAGE}", box=None)
            for name, arguments in LISTS.items():
                times = await _times(http, f"{{ tickets({PAGE}{arguments}) {{ {FIELDS} }} }}", repeat)
                table.add_row(name, f"{statistics.median(times):.1f}", f"{max(times):.1f}")
    Console().print(table)


async def _times(http: httpx.AsyncClient, query: str, repeat: int) -> list[float]:
    """Milliseconds of each request, after five that warm up."""
    login = {"query": LOGIN_MUTATION, "variables": {"username": USERNAME, "password": PASSWORD}}
    token = (await http.post("/graphql", json=login)).json()["data"]["login"]["accessToken"]
    times = []
    for _ in range(repeat + 5):
        start = time.perf_counter()
        answer = await http.post("/graphql", json={"query": query}, headers={"authorization": f"Bearer {token}"})
        times.append((time.perf_counter() - start) * 1000)
        if b'"errors"' in answer.content or len(answer.json()["data"]["tickets"]["nodes"]) != 50:
            raise RuntimeError(f"the list was not answered in full: {query}")
    return times[5:]


def _batches(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while batch := list(islice(rows, 10_000)):
        yield batch


def _with_state(application: ASGIApp, state: dict[str, Any]) -> ASGIApp:
    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        await application({**scope, "state": dict(state)}, receive, send)

    return serve


if __name__ == "__main__":
    sys.exit(main())
