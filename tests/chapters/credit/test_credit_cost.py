"""What the last dealings of a page of customers cost: as many database commands as for one customer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.api import Api, demo
from tests.chapters.credit.credit import ERRORS, done, new_customer, rated, signed

OPEN = f"mutation($i: OpenTicketInput!) {{ openTicket(input: $i) {{ ticket {{ id }} {ERRORS} }} }}"
PAGE = """query($n: Int!) { customers(first: $n) { nodes { id name telephone
  recentTickets { id subject state createdAt } recentContracts { id number subject amount currency signedOn liability }
  recentCreditAssessments { id grade creditLimit currency state }
  recentHandlingChanges { number changed creditLimit } } } }"""
DEALINGS = ("recentTickets", "recentContracts", "recentCreditAssessments", "recentHandlingChanges")


@pytest.fixture(scope="module")
async def api(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    async with demo(mongodb_uri, tmp_path_factory.mktemp("cost")) as api:
        for number in range(6):
            customer = await new_customer(api)
            await rated(api, customer)
            await signed(api, customer, number=f"HT-{number}")
            await done(api, "demo.agent", OPEN, customer=customer, subject="发票")
        yield api


@pytest.mark.parametrize(
    ("who", "purpose", "seen"),
    [("demo.manager", "business_operation", DEALINGS), ("demo.credit", "risk_assessment", DEALINGS[1:])],
)
async def test_a_page_of_50_with_tickets_contracts_and_grades_costs_no_more_commands_than_one_of_5(
    api: Api, who: str, purpose: str, seen: tuple[str, ...]
) -> None:
    """One command per kind of record, whatever the page; every row is built without a resolver per field."""
    counts = []
    for size in (5, 50):
        await page(api, who, purpose, size)  # data keys come into memory
        before = await metrics(api)
        await api.services.database.command("profile", 2)
        nodes = await page(api, who, purpose, size)
        await api.services.database.command("profile", 0)
        after = await metrics(api)
        counts.append(await commands(api))
        assert len(nodes) == size
        assert after["dossier_rows_bailed_total"] == before["dossier_rows_bailed_total"]
        assert after["dossier_rows_unplanned_total"] == before["dossier_rows_unplanned_total"]
    assert counts[0] == counts[1]
    assert counts[1]["customers"] == 1
    for name in seen:
        assert any(node[name] for node in nodes), name
    kinds = ("tickets", "contracts", "credit_assessments", "handling_changes")
    assert {name: counts[1][name] for name in kinds if name in counts[1]} == dict.fromkeys(kinds[4 - len(seen) :], 1)


async def page(api: Api, who: str, purpose: str, size: int) -> list[dict[str, Any]]:
    answer = await api.ask(who, PAGE, {"n": size}, purpose=purpose)
    assert "errors" not in answer, answer
    nodes: list[dict[str, Any]] = answer["data"]["customers"]["nodes"]
    return nodes


async def commands(api: Api) -> dict[str, int]:
    """Reads by collection, as the database's profiler noted them; the product's own bookkeeping left out, and the
    change streams by which it follows keys and rules."""
    profile = api.services.database["system.profile"]
    noted: dict[str, Any] = {"op": {"$in": ["query", "command", "getmore"]}}
    for followed in ("command", "originatingCommand"):
        noted[f"{followed}.pipeline.0.$changeStream"] = {"$exists": False}
    rows = await profile.find(noted, {"ns": 1, "command": 1}).to_list()
    await profile.drop()
    found: dict[str, int] = {}
    for row in rows:
        name = row["ns"].partition(".")[2]
        if name not in ("system.profile", "jobs", "sessions", "accounts") and "hello" not in row["command"]:
            found[name] = found.get(name, 0) + 1
    return found


async def metrics(api: Api) -> dict[str, int]:
    text = (await api.http.get("/metrics")).text
    return {line.split()[0]: int(line.split()[1]) for line in text.splitlines() if not line.startswith("#")}
