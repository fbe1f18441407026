"""Counters are for the machine itself, and count work only."""

from __future__ import annotations

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from web.metrics import Metrics

APPLICATION = Starlette(routes=[Route("/metrics", Metrics(lambda: {"rows_total": 3}).serve)])


async def answer(address: str) -> httpx.Response:
    transport = httpx.ASGITransport(APPLICATION, client=(address, 1234))
    async with httpx.AsyncClient(transport=transport, base_url="http://dossier.test") as client:
        return await client.get("/metrics")


@pytest.mark.parametrize("address", ["127.0.0.1", "127.1.2.3", "::1"])
async def test_this_machine_reads_the_counters(address: str) -> None:
    """In the Prometheus text format."""
    assert (await answer(address)).text == "# TYPE rows_total counter\nrows_total 3\n"


@pytest.mark.parametrize("address", ["10.0.0.1", "192.168.1.1", "8.8.8.8", "fe80::1", "testclient"])
async def test_others_find_nothing(address: str) -> None:
    """As if there were no such path."""
    response = await answer(address)
    assert (response.status_code, response.text) == (404, "Not Found")
